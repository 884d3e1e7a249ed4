"""Fixture with one bank over each kind of store; all must pass the same tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.contract.banks import Bank, Clock, database_bank, files_bank

KINDS = ("files", "database")


@pytest.fixture(params=KINDS)
def bank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bank]:
    """Return an empty bank."""
    if request.param == "files":
        opened = files_bank(tmp_path, Clock())
    else:
        cluster = request.getfixturevalue("cluster")
        opened = database_bank(cluster, tmp_path / "service.keys", Clock())
    yield opened
    opened.close()
