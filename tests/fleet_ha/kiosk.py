"""One kiosk of the trial, as a process: logs in and withdraws until it is stopped.

What it did stands in a file, a line each: seconds since the epoch, the word, a detail. The words:
``granted``, ``refused``, ``fault``, ``wrong`` (a wrong PIN refused), ``WRONG`` (one admitted),
``paid`` (notes came out), ``acknowledged``, ``held`` (nobody could say), ``none`` (nothing taken).
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from atm.accounts.accounts import LedgerError
from atm.accounts.dispenser import SimulatedDispenser
from atm.accounts.session import HeldError, Session, WithdrawalError
from atm.errors import AtmError
from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.settings import load_settings

AMOUNT_MINOR = 1_000
PIN, WRONG_PIN, STAFF_PIN = "4071", "8265", "639152"
WRONG_EVERY_S = 75.0
"""Ten refusals in ten minutes would pause the kiosk."""


class Diary:
    """The file, each line in it as soon as it is true."""

    def __init__(self, file: TextIO) -> None:
        """Write to *file*."""
        self._file = file

    def __call__(self, word: str, detail: str = "") -> None:
        """Add one line."""
        self._file.write(f"{time.time():.3f} {word} {detail}\n")
        self._file.flush()


class WatchedDispenser(SimulatedDispenser):
    """Says in the diary what came out."""

    def __init__(self, diary: Diary) -> None:
        """Write to *diary*."""
        super().__init__()
        self._diary = diary

    def dispense(self, reference: str, amount_minor: int) -> None:
        """Pay the notes out."""
        super().dispense(reference, amount_minor)
        self._diary("paid", reference)


def main(settings_file: Path, username: str, staff: str, diary_file: Path) -> None:
    """Play until SIGTERM."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    settings: dict[str, Any] = json.loads(settings_file.read_text())
    machine = open_machine(load_settings(None, {}, **settings))
    machine.warm_up()
    with diary_file.open("a") as file:
        diary = Diary(file)
        wrong_at = time.monotonic() + WRONG_EVERY_S * (1 + os.getpid() % 10) / 10
        while not ended:
            if time.monotonic() >= wrong_at:
                wrong_at += WRONG_EVERY_S
                judge_wrong(machine, username, staff, diary)
            else:
                log_in(machine, username, staff, diary)
        wait_until_settled(30.0)
        diary("ended")
    machine.close()


def wait_until_settled(limit_s: float) -> None:
    """Wait until pending settlements are sent; see `atm.fleet.kiosk.accounts`."""
    latest = time.monotonic() + limit_s
    for thread in threading.enumerate():
        if thread.name == "settlement":
            thread.join(max(0.0, latest - time.monotonic()))


def judge_wrong(machine: Machine, username: str, staff: str, diary: Diary) -> None:
    """Try a wrong PIN with the right face."""
    decision = machine.login(username, WRONG_PIN)
    admitted = decision.outcome is Outcome.GRANTED
    diary("WRONG" if admitted else "wrong", decision.outcome.value)
    if decision.outcome is not Outcome.REFUSED:
        unlock(machine, username, staff)


def log_in(machine: Machine, username: str, staff: str, diary: Diary) -> None:
    """Log in and withdraw once; what was cut short is unlocked by staff, as soon as they can."""
    decision = machine.login(username, PIN)
    diary(decision.outcome.value, " ".join(decision.reasons))
    if decision.session is None:
        unlock(machine, username, staff)
        return
    withdraw(decision.session, diary)
    decision.session.close()


def withdraw(session: Session, diary: Diary) -> None:
    """Withdraw once, by a dispenser that is watched."""
    session._dispenser = WatchedDispenser(diary)
    try:
        diary("acknowledged", session.withdraw(AMOUNT_MINOR).reference)
    except HeldError as error:
        diary("held", error.reference)
    except (AtmError, LedgerError, WithdrawalError) as error:
        diary("none", str(error))


def unlock(machine: Machine, username: str, staff: str) -> None:
    """Have staff unlock the customer; where the service does not answer, the next one will."""
    try:
        machine.office.unlock(username, staff=machine.staff.sign_in(staff, STAFF_PIN))
    except AtmError:
        time.sleep(0.5)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))
