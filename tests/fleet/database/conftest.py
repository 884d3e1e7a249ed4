"""Fixtures of tests that only a database must pass, besides the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from atm.fleet.service.store.keys import make_keys
from atm.fleet.service.store.stores import ServiceStores
from benchmarks.fleet.postgres import PostgresServer
from tests.fleet.contract.banks import Bank, Clock, database_bank


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return a file of keys."""
    path = tmp_path / "service.keys"
    make_keys(path)
    return path


@pytest.fixture
def bank(cluster: PostgresServer, keys: Path) -> Iterator[Bank]:
    """Return an empty bank in the database."""
    opened = database_bank(cluster, keys, Clock())
    yield opened
    opened.close()


def no_card() -> None:
    """Stand in for the card of a network that no test here searches with."""
    raise AssertionError


@pytest.fixture
def stores(cluster: PostgresServer, keys: Path) -> Iterator[ServiceStores]:
    """Return the stores as the service opens them."""
    opened = ServiceStores.open(cluster.url(), keys, no_card, pool=5)
    yield opened
    opened.close()
