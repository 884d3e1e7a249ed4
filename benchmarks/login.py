"""Time of a whole login, from press to decision, with real hashing and 25 frames a second."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from atm.login.decision import Decision, Outcome
from atm.machine import Machine
from atm.opening import open_machine
from benchmarks.bank import PIN, USERNAME, bank_of, demo_settings, enrol_customer
from benchmarks.results import Report, Row, Target, Timing
from benchmarks.targets import TARGETS
from face_auth.types import Frame

WARM_UP = 3
PARTS = {
    "wait": "login: waiting for frames",
    "vision": "login: detect, judge, embed, score",
    "pin": "login: PIN hash",
    "rest": "login: after both have answered",
    "all": "login: press to decision",
}


def measure(report: Report, folder: Path, logins: int, network: str) -> None:
    """Enrol the drawn face under *folder*, log in *logins* times, and add the times."""
    machine = open_machine(demo_settings(folder, network=network))
    try:
        machine.warm_up()
        machine.camera.start()
        enrol_customer(machine)
        split = _Split(machine)
        chance = random.Random(1)
        for number in range(-WARM_UP, logins):
            # The login page reads the camera all the time, and nobody presses in its rhythm.
            until = time.monotonic() + chance.uniform(0.2, 0.3)
            while time.monotonic() < until:
                machine.camera.latest()
                time.sleep(0.01)
            decision = split.login()
            if decision.outcome is not Outcome.GRANTED:
                raise ValueError(f"the login was not granted: {decision.reasons}")
            if number < 0:
                split.samples.clear()
    finally:
        machine.close()
    for key, name in PARTS.items():
        report.rows.append(Row(name, Timing.of(split.samples[key])))
    p95 = Timing.of(split.samples["all"]).p95_ms
    limit = TARGETS[network].login_ms
    report.targets.append(Target("press to decision, p95", p95, "ms", limit))


class _Split:
    """Logs in and keeps the time of each part."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.samples: dict[str, list[float]] = defaultdict(list)
        self._waited = self._seen = self._hashed = self._answered = 0.0

    def login(self) -> Decision:
        machine = self._machine
        camera, hasher = machine.camera, bank_of(machine).stores.hasher
        self._waited = self._seen = self._hashed = self._answered = 0.0
        frames, verify = camera.frames, hasher.verify

        def timed_frames(**options: Any) -> Iterator[Frame]:
            asked, given = time.perf_counter(), None
            try:
                for frame in frames(**options):
                    given = time.perf_counter()
                    self._waited += given - asked
                    yield frame
                    asked = time.perf_counter()
                    self._seen += asked - given
                    given = None
            finally:  # the last frame is not followed by another question
                now = time.perf_counter()
                self._answered = max(self._answered, now)
                if given is not None:
                    self._seen += now - given

        def timed_verify(*words: str) -> bool:
            begin = time.perf_counter()
            try:
                return verify(*words)
            finally:
                self._hashed += time.perf_counter() - begin
                self._answered = max(self._answered, time.perf_counter())

        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(camera, "frames", timed_frames))
            stack.enter_context(mock.patch.object(hasher, "verify", timed_verify))
            begin = time.perf_counter()
            decision = machine.login(USERNAME, PIN)
            end = time.perf_counter()
        took = {
            "wait": self._waited,
            "vision": self._seen,
            "pin": self._hashed,
            "rest": end - self._answered,
            "all": end - begin,
        }
        for key, seconds in took.items():
            self.samples[key].append(max(0.0, seconds) * 1000)
        return decision
