"""Fixtures of all fleet tests: one PostgreSQL server for the run, emptied for each test."""

import contextlib
from collections.abc import Iterator

import pytest

from atm.fleet.service.store.schema import METADATA
from benchmarks.fleet.postgres import PostgresServer, running_server
from tests.fleet.patient import patient


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """Return a running server with a migrated database."""
    with running_server() as cluster:
        yield cluster


def is_patient(request: pytest.FixtureRequest) -> bool:
    """Return whether the tests that ask need longer time limits than the service's own."""
    return not request.module.__name__.endswith("test_faults")


@pytest.fixture(scope="module", autouse=True)
def _patient(request: pytest.FixtureRequest) -> Iterator[None]:
    """Raise the time limits, unless the tests are about limits."""
    with patient() if is_patient(request) else contextlib.nullcontext():
        yield


@pytest.fixture
def cluster(server: PostgresServer) -> PostgresServer:
    """Return the server with empty tables."""
    with server.connect() as connection:
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)}")
    return server
