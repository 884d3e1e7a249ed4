"""Tests of the fleet's benchmark: a tiny run measures everything, and its sums are right."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.fleet.__main__ import main
from benchmarks.fleet.bank import Size
from benchmarks.fleet.measure import bytes_a_customer, bytes_a_login

ROOT = Path(__file__).parents[2]


def size(customers: int, faces: int, log: int) -> Size:
    return Size(
        customers,
        {
            "customers": 300 * customers, "accounts": 200 * customers,
            "transactions": 100 * customers, "faces": faces, "logins": log, "attempts": 0,
            "audit": 2 * log,
        },
        900.0,
    )  # fmt: skip


def test_a_tiny_run_logs_everybody_in_and_writes_what_it_found(tmp_path: Path) -> None:
    tiny = {"--runs": "2", "--kiosks": "2", "--processes": "2", "--every": "1", "--seconds": "6"}
    options = [part for pair in tiny.items() for part in pair]
    options += ["--customers", "10", "30", "--flat-out", "6", "--out", str(tmp_path)]
    assert main(options) == 0
    found = json.loads((tmp_path / "fleet.json").read_text())
    assert [each["customers"] for each in found["growth"]] == [10, 30]
    for each in found["growth"]:
        assert [timing["runs"] for timing in each["timings"].values()] == [2] * 4
    assert len(found["crowds"]) == 2
    for crowd in found["crowds"]:
        assert crowd["logins"] > 0
        busy = [error for error in crowd["errors"] if error.startswith("ServiceUnavailable")]
        assert list(crowd["errors"]) == busy  # a machine that is busy may keep somebody waiting
    facts = found["facts"]
    pictures = facts["bytes of a customer: pictures of the face"]
    assert 10_000 < pictures < facts["bytes of a customer: faces"]
    assert facts["statements of one login"] >= facts["transactions of one login"] > 0
    assert facts["bytes that a login leaves"] >= 0
    assert (tmp_path / "fleet.png").read_bytes().startswith(b"\x89PNG")
    assert "| 30 |" in (tmp_path / "fleet.md").read_text()


def test_bytes_are_shared_out_among_customers_and_logins() -> None:
    assert bytes_a_customer(size(10, 12_000, 0)) == {
        "customers": 300, "accounts": 200, "transactions": 100, "faces": 1200,
        "pictures of the face": 900,
    }  # fmt: skip
    before, after = size(1000, 500_000, 1000), size(1000, 500_000, 3000)
    assert bytes_a_login(before, after, 20) == (2000 + 4000) / 20


def test_the_kiosk_s_own_benchmark_needs_nothing_of_the_fleet() -> None:
    code = "import sys, benchmarks.__main__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert not modules & {
        "sqlalchemy",
        "fastapi",
        "psycopg",
        "benchmarks.fleet",
        "atm.fleet.service",
    }
