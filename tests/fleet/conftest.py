"""Shared by all tests of the fleet: one PostgreSQL server for the run, emptied for each test."""

from collections.abc import Iterator

import pytest

from atm.service.schema import METADATA
from benchmarks.fleet.postgres import Cluster, running_cluster


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """Return a running server with a migrated database."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(server: Cluster) -> Cluster:
    """Return it with nothing in its tables."""
    with server.connect() as connection:
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)}")
    return server
