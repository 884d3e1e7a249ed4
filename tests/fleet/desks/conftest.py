"""Fixtures with one kiosk over files, over a database and over the service."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from atm.fleet.kiosk.client import ServiceClient
from atm.fleet.kiosk_kind import KioskKind
from atm.fleet.service.store.stores import NO_KIOSK, ServiceStores
from benchmarks.fleet.postgres import OWNER, PostgresServer
from tests.fleet.desks.branches import (
    CARD,
    Branch,
    database_branch,
    files_branch,
    make_staff,
    service_branch,
)
from tests.fleet.service.cheap_service import CHEAP
from tests.fleet.service.fleet import Fleet

KINDS = ("files", "database", "service")


@pytest.fixture(scope="session")
def service(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The service, running, for all tests here; its tables are emptied before each of them."""
    made = Fleet(tmp_path_factory.mktemp("service"), server.url(), server.url(OWNER))
    made.command("keys", "make")
    made.start()
    yield made
    made.close()


@pytest.fixture(params=KINDS)
def branch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Branch]:
    """A kiosk of an empty bank with two members of staff."""
    if request.param == "files":
        made = files_branch(tmp_path)
    elif request.param == "database":
        made = database_branch(request.getfixturevalue("cluster"), tmp_path)
    else:
        request.getfixturevalue("cluster")
        fleet: Fleet = request.getfixturevalue("service")
        made = service_branch(lambda: client_of(fleet), tmp_path / "kiosk")
    with ExitStack() as closing:
        closing.callback(made.close)
        again = made.again

        def closed_later() -> Branch:
            other = again()
            closing.callback(other.close)
            return other

        made.again = closed_later
        yield made


def client_of(fleet: Fleet) -> ServiceClient:
    """Register a kiosk, and the staff if there are none, and return its way to the service."""
    number = len(list(fleet.folder.glob("ca/kiosk*.pem")))
    pair = fleet.authority.issue(f"kiosk{number}")
    database = fleet.environment["ATM_SERVICE_DATABASE"]
    stores = ServiceStores.open(database, fleet.keys, lambda: CARD, costs=CHEAP)
    stores.kiosks.add(f"kiosk{number}", pair.fingerprint, KioskKind("live", "off"))
    if stores.staff(NO_KIOSK).empty:
        make_staff(stores.staff(NO_KIOSK))
    stores.close()
    return ServiceClient(
        f"https://127.0.0.1:{fleet.port}", ca=fleet.authority.certificate,
        certificate=pair.certificate, key=pair.key,
    )  # fmt: skip
