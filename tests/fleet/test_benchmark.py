"""The fleet's benchmark: a tiny run measures all that it promises, and its sums are right."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.fleet.__main__ import main
from benchmarks.fleet.bank import Size
from benchmarks.fleet.kiosks import Logins
from benchmarks.fleet.results import Crowd, FleetReport, Stage, markdown
from benchmarks.results import Timing

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
    tiny = {"--runs": "2", "--kiosks": "2", "--processes": "2", "--every": "1", "--seconds": "3"}
    options = [part for pair in tiny.items() for part in pair]
    options += ["--customers", "10", "30", "--flat-out", "3", "--out", str(tmp_path)]
    assert main(options) == 0
    found = json.loads((tmp_path / "fleet.json").read_text())
    assert [stage["customers"] for stage in found["stages"]] == [10, 30]
    for stage in found["stages"]:
        assert all(stage[name]["runs"] == 2 for name in ("login", "save", "enrol", "search"))
    assert [crowd["errors"] for crowd in found["crowds"]] == [{}, {}]
    assert all(crowd["logins"] > 0 for crowd in found["crowds"])
    pictures = found["bytes_a_customer"]["of these, pictures"]
    assert 10_000 < pictures < found["bytes_a_customer"]["faces"]
    assert found["queries"]["statements"] >= found["queries"]["transactions"] > 0
    assert (tmp_path / "fleet.png").read_bytes().startswith(b"\x89PNG")
    assert "| 30 |" in (tmp_path / "fleet.md").read_text()


def test_bytes_are_shared_out_among_customers_and_logins() -> None:
    timing = Timing(1.0, 2.0, 3)
    report = FleetReport(
        stages=[
            Stage(10, timing, timing, timing, timing, size(10, 12_000, 0)),
            Stage(1000, timing, timing, timing, timing, size(1000, 500_000, 0)),
        ],
        crowds=[
            Crowd.of(2, 30.0, 60.0, Logins([0.5] * 6, ["slow", "slow", "no"])),
            Crowd.of(2, 0.0, 2.0, Logins([0.1] * 14, [])),
        ],
        before=size(1000, 500_000, 1000),
        after=size(1000, 500_000, 3000),
    )
    assert report.bytes_a_customer == {
        "customers": 300, "accounts": 200, "transactions": 100, "faces": 1200,
        "of these, pictures": 900,
    }  # fmt: skip
    assert report.bytes_a_login == (2000 + 4000) / 20
    assert report.crowds[0].errors == {"slow": 2, "no": 1}
    assert (report.crowds[0].rate, report.crowds[1].rate) == (0.1, 7.0)
    assert "| 2 | every 30 s, 60 s | 6 | 0.1 | 500 (500) | 3 |" in markdown(report).splitlines()


def test_the_kiosk_s_own_benchmark_needs_nothing_of_the_fleet() -> None:
    code = "import sys, benchmarks.__main__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert not modules & {"sqlalchemy", "fastapi", "psycopg", "benchmarks.fleet", "atm.service"}
