"""The ATM without its window: logins, customers, accounts, staff, keys and the audit log."""

import os

# numpy's OpenBLAS waits for its threads when a process ends, at times for ever: a command hung so
# after its answer. A search through 100,000 faces takes some 40 ms without threads, 25 with two.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
