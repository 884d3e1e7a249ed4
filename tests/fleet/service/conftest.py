"""Fixtures of a module's tests: one database, its service, and photographs for cameras."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from atm.fleet.service.store.schema import METADATA
from benchmarks.fleet.postgres import OWNER, PostgresServer
from tests.fleet.conftest import is_patient
from tests.fleet.service.fleet import Fleet, folder_of


@pytest.fixture(scope="module")
def fleet(
    server: PostgresServer, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Fleet]:
    """The service over an empty database, running, with its first member of staff."""
    with server.connect() as connection:
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)}")
    folder, waits = tmp_path_factory.mktemp("fleet"), is_patient(request)
    made = Fleet(folder, server.url(), server.url(OWNER), patient=waits)
    made.set_up()
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="session")
def people(
    enrolling_people: list[tuple[str, list[Path]]], tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Path, Path]]:
    """For some people whom the network never saw: a camera to enrol by, and one to log in by."""
    folder = tmp_path_factory.mktemp("people")
    return [
        (
            folder_of(photographs[:5], folder / name / "enrol"),
            folder_of(photographs[5:], folder / name / "login"),
        )
        for name, photographs in enrolling_people[:6]
    ]
