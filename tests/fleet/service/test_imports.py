"""Tests of imports: one machine alone loads no client, and a kiosk of the bank no server."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVER = ("atm.fleet.service", "fastapi", "uvicorn", "pydantic", "sqlalchemy", "psycopg", "alembic")


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("atm.opening, atm.__main__, kiosk.main", ("atm.fleet.kiosk", "httpx", *SERVER)),
        ("atm.fleet.kiosk.bank, atm.opening", SERVER),
    ],
)
def test_nothing_is_loaded_that_is_not_used(module: str, unwanted: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert loaded & {"atm.machine", "atm.fleet.kiosk.bank"}
    assert not loaded & set(unwanted)
