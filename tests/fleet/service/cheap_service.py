"""`python -m atm.service` with cheap hashing, for tests; staff need not wait to settle a hold."""

import sys

from argon2 import PasswordHasher

from atm.service.__main__ import main
from atm.service.database_parts import ServiceStores

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

if __name__ == "__main__":
    defaults = ServiceStores.open.__func__.__kwdefaults__  # type: ignore[attr-defined]
    defaults |= {"costs": CHEAP, "paying_out_s": 0.0}
    sys.exit(main())
