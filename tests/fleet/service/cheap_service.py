"""`python -m atm.service` with hashing made cheap, for tests; everything else is as it is."""

import sys
from unittest import mock

from argon2 import PasswordHasher

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

if __name__ == "__main__":
    with mock.patch("credentials.hashing.PasswordHasher", lambda: CHEAP):
        from atm.service.__main__ import main

        sys.exit(main())
