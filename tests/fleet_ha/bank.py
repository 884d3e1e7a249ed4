"""Whole bank with ten kiosks that log in and withdraw, and their diaries."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from atm.machine import Machine
from atm.people import Signatures
from benchmarks.fleet.hosts import Hosts
from benchmarks.fleet.whole_bank import WholeBank
from tests.fleet.service.fleet import ROOT, enrol, open_kiosk, sign_in
from tests.fleet_ha.kiosk import PIN, STAFF_PIN

KIOSKS: Final = 10
CUSTOMERS: Final = 5
BALANCE_MINOR: Final = 900_000_000
DAY_LIMIT: Final = 10_000_000


class Bank(WholeBank):
    """A whole bank with the kiosks of one trial."""

    def __init__(self, folder: Path, hosts: Hosts) -> None:
        """Start all but the kiosks."""
        super().__init__(folder, hosts, ATM_SERVICE_DAY_LIMIT=str(DAY_LIMIT))
        self._kiosks: list[subprocess.Popen[bytes]] = []

    def start_kiosks(self, people: Sequence[tuple[Path, Path]]) -> None:
        """Enrol the customers, then start every kiosk; two stand before each customer.

        Args:
            people: For each customer a folder of photographs to enrol by and one to log in by.
        """
        settings = []
        for number in range(KIOSKS):
            who = number // (KIOSKS // CUSTOMERS)
            first = number % (KIOSKS // CUSTOMERS) == 0
            machine = open_kiosk(
                self.service, f"kiosk{number}", people[who][0 if first else 1],
                port=self.cluster.service_port, day_limit=DAY_LIMIT,
            )  # fmt: skip
            self._add_staff(machine, f"staff{number}")
            if first:
                enrol(machine, f"customer{who}", PIN, balance_minor=BALANCE_MINOR)
            given = asdict(machine.settings) | {"camera": str(people[who][1])}
            settings.append({name: value for name, value in given.items() if value is not None})
            machine.close()
        self._kiosks = [self._start_kiosk(number, each) for number, each in enumerate(settings)]

    def quiet_kiosks(self, limit_s: float) -> list[int]:
        """Let every kiosk end its last login and send its pending settlements.

        Returns:
            The numbers of those that died before, or did not come to an end.
        """
        for process in self._kiosks:
            process.send_signal(signal.SIGTERM)
        lost = []
        for number, process in enumerate(self._kiosks):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(limit_s)
            if process.returncode != 0:
                lost.append(number)
        return lost

    def diary(self, number: int) -> Path:
        """Return where kiosk *number* writes what it did."""
        return self.folder / f"kiosk{number}.diary"

    def _add_staff(self, machine: Machine, name: str) -> None:
        ruiz, okafor = sign_in(machine, "ruiz"), sign_in(machine, "okafor")
        machine.office.add_staff(name, STAFF_PIN, signed=Signatures(ruiz, okafor))

    def _start_kiosk(self, number: int, settings: dict[str, Any]) -> subprocess.Popen[bytes]:
        file = self.folder / f"kiosk{number}.json"
        file.write_text(json.dumps(settings, default=str))
        who = number // (KIOSKS // CUSTOMERS)
        with (self.folder / f"kiosk{number}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.fleet_ha.kiosk", file, f"customer{who}",
                 f"staff{number}", self.diary(number)],
                cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        self.end_with_me(process)
        return process
