"""Time limits that a busy machine does not reach, for tests that are not about limits."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.service.store import database
from atm.fleet.service.store.database import Database
from tests.patience import LIMIT_S

VARIABLE = "PATIENT_SERVICE"


@contextmanager
def patient() -> Iterator[None]:
    """Let calls, transactions and statements of this process take so long inside the context."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ServiceClient.__init__.__kwdefaults__, "call_s", LIMIT_S)
        patch.setitem(Database.__init__.__kwdefaults__, "limit_s", LIMIT_S)
        patch.setattr(database, "_STATEMENT_MS", round(1000 * LIMIT_S))
        patch.setattr(database, "_WAIT_FOR_CONNECTION_S", LIMIT_S)
        yield
