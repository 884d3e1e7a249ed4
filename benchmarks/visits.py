"""Honest visits on a busy machine: how often the customer is refused because of the load."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from tqdm import tqdm

from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from benchmarks.bank import PIN, STAFF, USERNAME, bank_of, demo_settings, enrol_customer

BETWEEN_S: Final = 1.5
"""A little more than the drawn face needs to look straight again."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Outcomes of the visits.

    Attributes:
        outcomes: Number of visits by outcome and reason.
        seconds: Times from press to answer of the admitted visits.
        rates: Pictures judged a second, as the machine measured at each visit.
        suspected: Reasons of the presentation attacks that the log suspects, with their number.
    """

    outcomes: Counter[str]
    seconds: list[float]
    rates: list[float]
    suspected: Counter[str]

    def text(self) -> str:
        """Return the figures as printed lines."""
        lines = [f"{count:>5}  {what}" for what, count in self.outcomes.most_common()]
        lines.append(f"presentation attacks suspected: {self.suspected.total()}")
        lines += [f"{count:>5}  {reasons}" for reasons, count in self.suspected.most_common()]
        if self.seconds:
            lines.append(f"seconds until admitted, median: {median(self.seconds):.1f}")
        if self.rates:
            least, middle = min(self.rates), median(self.rates)
            lines.append(f"pictures judged a second: median {middle:.1f}, least {least:.1f}")
        return "\n".join(lines) + "\n"


def measure(folder: Path, visits: int, busy: int) -> Visits:
    """Log the drawn face in *visits* times with a challenge, beside *busy* spinning processes.

    The customer's attempt counters are cleared after each attempt.
    """
    machine = open_machine(demo_settings(folder, liveness="challenge"))
    outcomes: Counter[str] = Counter()
    seconds: list[float] = []
    rates: list[float] = []
    try:
        machine.warm_up()
        machine.camera.start()
        while machine.camera.latest() is None:
            time.sleep(0.1)
        enrol_customer(machine)
        customer_id = machine.office.known(USERNAME, staff=STAFF).customer.customer_id
        with _spinning(busy):
            for _ in tqdm(range(visits), desc="visits", unit="visit"):
                _rest(machine)
                begin = time.perf_counter()
                decision = machine.login(USERNAME, PIN)
                took = time.perf_counter() - begin
                granted = decision.outcome is Outcome.GRANTED
                outcomes["granted" if granted else "; ".join(decision.reasons)] += 1
                if granted:
                    seconds.append(took)
                if machine._pace.last is not None:
                    rates.append(machine._pace.last)
                bank_of(machine).stores.attempts.clear(customer_id)
        suspected = Counter(
            str(entry["reasons"] or ["several cues together", entry["liveness"]])
            for entry in machine.audit.entries()
            if entry["kind"] == "presentation attack suspected"
        )
    finally:
        machine.close()
    return Visits(outcomes, seconds, rates, suspected)


def _rest(machine: Machine) -> None:
    """Read the camera for a while, as the login page does."""
    until = time.monotonic() + BETWEEN_S
    while time.monotonic() < until:
        machine.camera.latest()
        time.sleep(0.02)


@contextmanager
def _spinning(processes: int) -> Iterator[None]:
    spinning = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()
