"""The ATM without its window: logins, customers, accounts, staff, keys and the audit log."""

import os

# numpy's OpenBLAS waits for its threads when a process ends, at times for ever: a command hung so
# after its answer. Its products here are too small to gain by threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
