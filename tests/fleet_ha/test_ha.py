"""Test of failover: the primary is killed, halted and cut off ten times each, while kiosks work."""

import os
import tempfile
from pathlib import Path

from benchmarks.fleet.hosts import Hosts
from tests.fleet.service.fleet import folder_of
from tests.fleet_ha.bank import CUSTOMERS, Bank
from tests.fleet_ha.trial import FAULTS, trial

PARTS = (slice(0, 5), slice(5, None))
ROUNDS = int(os.environ.get("ATM_HA_ROUNDS") or 10)


def test_nothing_is_lost_and_nobody_let_in(enrolling_people: list[tuple[str, list[Path]]]) -> None:
    with tempfile.TemporaryDirectory(prefix="atm-fleet-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        place.chmod(0o755)
        people = [
            (
                folder_of(files[:5], place / name / "enrol"),
                folder_of(files[5:], place / name / "in"),
            )
            for name, files in enrolling_people[:CUSTOMERS]
        ]
        with Hosts(3) as hosts:
            bank = Bank(place / "bank", hosts)
            try:
                bank.start_kiosks(people)
                report = trial(bank, FAULTS * ROUNDS)
            finally:
                bank.close()
    print(f"\n{report.outages}\n{dict(report.counts)}")
    assert report.problems == []
    assert report.counts["acknowledged"] > 100 and report.counts["wrong"] > 0
