"""Thousands of logins in one process leave nothing behind: no memory, thread or descriptor.

The short form counts 300 logins with a staged face, the long one 10,000. The soak plays logins with
the real recogniser and the drawn face for `ATM_SOAK_S` seconds, an hour by default.
"""

import gc
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atm.login.login
from atm.folder import Kind
from atm.login.decision import Outcome
from atm.opening import open_machine
from atm.people import Application, StaffMember
from atm.settings import Settings
from face_auth.types import FaceResult
from tests.patience import LIMIT_S

WRONG_EVERY_S = 90.0
"""Ten refusals in ten minutes pause the kiosk."""
SOAK_S = float(os.environ.get("ATM_SOAK_S") or 3600)
RUIZ = StaffMember("ruiz")


def memory() -> int:
    """Return what this process keeps in memory now, in bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def settle() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("login"):
            thread.join(LIMIT_S)


def played(bank: Any, count: int, every: int) -> list[tuple[int, int, int]]:
    """Log in *count* times in every way; return memory, descriptors and threads now and then."""
    logins = bank.logins()

    def seen(accepted: bool) -> Any:
        embedding = np.zeros(512, np.float32)

        def check_face(record: Any, pressed: float, deadline: float) -> FaceResult:
            who = record.customer_id if record else ""
            return FaceResult(who, accepted and record is not None, 1.0, 0.5, 3, embedding)

        return check_face

    right = ("ada", "4071", True, Outcome.GRANTED)
    wrong = [
        ("ada", "9753", True, Outcome.REFUSED),
        ("nobody", "4071", True, Outcome.REFUSED),
        ("ada", "4071", False, Outcome.REFUSED),
    ]
    kinds = [kind for each in wrong for kind in (right, each)]
    found = []
    for number in range(1, count + 1):
        name, pin, accepted, outcome = kinds[number % len(kinds)]
        bank.clock.seconds += 4000
        decision = logins.login(name, pin, seen(accepted))
        assert decision.outcome is outcome, (number, decision)
        if decision.session is not None:
            decision.session.balance()
            decision.session.close()
        if number % every == 0:
            settle()
            found.append((memory(), descriptors(), threading.active_count()))
    return found


@pytest.fixture
def ada(bank, face, no_sync, monkeypatch) -> None:
    monkeypatch.setattr(atm.login.login, "FOLLOW_UP_DELAY_S", 0.0)
    application = Application("ada", "Ada", 50_000, "4071", datetime.now(UTC))
    bank.enrolment().enrol(application, RUIZ, lambda customer_id, stop: face(customer_id))


def test_three_hundred_logins_leave_no_thread_and_no_descriptor(bank, ada) -> None:
    after_100, _, after_300 = played(bank, 300, 100)
    assert after_300[1] <= after_100[1] + 3
    assert after_300[2] <= after_100[2] + 1
    assert after_300[0] < after_100[0] + (32 << 20)


@pytest.mark.long
def test_ten_thousand_logins_leave_nothing(bank, ada) -> None:
    found = played(bank, 10_000, 1000)
    print(found)
    first, last = found[0], found[-1]
    assert last[0] <= 1.10 * first[0]
    assert last[1:] == first[1:]


@pytest.mark.long
def test_a_soak_of_an_hour_with_the_drawn_face(tmp_path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data", key_dir=tmp_path / "keys", kind=Kind.DEMO, camera="demo",
        liveness="off",
    )  # fmt: skip
    machine = open_machine(settings)
    try:
        staff = machine.first_staff("ruiz", "482913")
        machine.warm_up()
        application = Application("ada", "Ada", 50_000, "4071", datetime.now(UTC))
        machine.enrol(application, staff=staff)
        begun, counts, found = time.monotonic(), dict.fromkeys(Outcome, 0), []
        number, next_look, next_wrong = 0, 0.0, 0.0
        while (passed := time.monotonic() - begun) < SOAK_S:
            number += 1
            right = passed < next_wrong  # a wrong PIN now and then, too seldom for a pause
            if not right:
                next_wrong = passed + WRONG_EVERY_S
            decision = machine.login("ada", "4071" if right else "9753")
            counts[decision.outcome] += 1
            expected = Outcome.GRANTED if right else Outcome.REFUSED
            assert decision.outcome is expected, (number, decision)
            if decision.session is not None:
                decision.session.balance()
                decision.session.close()
            if passed >= next_look:
                found.append(
                    (round(passed), memory() >> 20, descriptors(), threading.active_count())
                )
                next_look = passed + SOAK_S / 20
        print(counts, found)
    finally:
        machine.close()
    settled = found[max(2, len(found) // 5)]
    assert found[-1][1] <= 1.10 * settled[1]
    assert found[-1][2] <= settled[2] + 3
    assert found[-1][3] <= settled[3] + 3
