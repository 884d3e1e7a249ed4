"""`python -m atm.fleet.service` with cheap hashing, and no wait to settle a hold."""

import contextlib
import os
import resource
import sys

from argon2 import PasswordHasher

from atm.fleet.service.__main__ import main
from atm.fleet.service.store.stores import ServiceStores
from tests.fleet.patient import VARIABLE, patient

OPEN_FILES = "OPEN_FILES"
"""Environment variable: how many files the service may open."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

if __name__ == "__main__":
    defaults = ServiceStores.open.__func__.__kwdefaults__  # type: ignore[attr-defined]
    defaults |= {"costs": CHEAP, "paying_out_s": 0.0}
    if OPEN_FILES in os.environ:
        most = int(os.environ[OPEN_FILES])
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as stack:
        if VARIABLE in os.environ:
            stack.enter_context(patient())
        sys.exit(main())
