"""Growth of login, enrolment, start and memory with 10, 1,000 and 10,000 customers."""

import multiprocessing
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final
from unittest import mock

from atm.login.decision import Outcome
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import StaffMember
from atm.settings import Settings
from benchmarks.bank import PIN, USERNAME, bank_of, demo_settings, enrol_customer, fill
from benchmarks.process import memory_mb
from benchmarks.results import Growth, Report, Row, Target, Timing
from credentials.credential_record import CredentialRecord
from face_auth.enrolment import split_scores
from face_auth.types import Frame

NUMBERS: Final = (10, 1_000, 10_000)
TRAIN_LIMIT_MS: Final = 100.0
WARM_UP: Final = 2


def measure(report: Report, folder: Path, runs: int, numbers: Sequence[int] = NUMBERS) -> None:
    """Measure *runs* times with each of the *numbers* of customers, and add the results."""
    settings = demo_settings(folder)
    machine = open_machine(settings)
    try:
        recogniser = machine.warm_up()
        machine.camera.start()
        enrol_customer(machine)
        frames = _some_frames(machine, 6)
        stores = bank_of(machine).stores
        record = stores.credentials.all()[0]
        template = stores.gallery.load(str(record.template_id), record.customer_id)
        captures = stores.gallery.load_captures(str(record.template_id), record.customer_id)
        training = _timed(runs, lambda: recogniser.train("nobody", template.embeddings))
        testing = _timed(runs, lambda: split_scores(template.embeddings, recogniser.cohort))
    finally:
        machine.close()
    report.rows.append(Row("train a template", training))
    report.rows.append(Row("self-test of an enrolment (fifteen SVMs)", testing))
    report.targets.append(Target("train a template", training.median_ms, "ms", TRAIN_LIMIT_MS))
    for number in numbers:
        fill(settings, number)
        open_s, held = _fresh_start(settings)
        machine = open_machine(settings)
        try:
            machine.warm_up()
            bank_of(
                machine
            )._duplicate_check.prepare()  # which a kiosk does behind its first seconds
            logins = [_login(machine, frames) for _ in range(-WARM_UP, runs)][WARM_UP:]
            opened = _opened_by_a_login(machine, frames)
            commits = [_commit(machine, record, template, captures) for _ in range(runs)]
        finally:
            machine.close()
        report.growth.append(
            Growth(
                number,
                {"login without the wait for frames": Timing.of(logins),
                 "saving a customer": Timing.of(commits)},
                {"opening, ms": open_s * 1000, "memory, MB": held},
            )
        )  # fmt: skip
        templates = sum(n for name, n in opened.items() if name.endswith(".template"))
        report.facts[f"templates read by a login, {number:,} customers"] = templates
        report.facts[f"credentials.json read by a login, {number:,} customers"] = opened[
            "credentials.json"
        ]


def _some_frames(machine: Machine, count: int) -> list[Frame]:
    now = time.monotonic()
    source = machine.camera.frames(after=now, until=now + 10)
    return [frame for frame, _ in zip(source, range(count), strict=False)]


@contextmanager
def _waiting_frames(machine: Machine, frames: Sequence[Frame]) -> Iterator[None]:
    """Return *frames* at once instead of the camera's, so that no wait hides the growth."""

    def at_once(**_options: Any) -> Iterator[Frame]:
        yield from frames

    with mock.patch.object(machine.camera, "frames", at_once):
        yield


def _login(machine: Machine, frames: Sequence[Frame]) -> float:
    with _waiting_frames(machine, frames):
        begin = time.perf_counter()
        decision = machine.login(USERNAME, PIN)
        took = time.perf_counter() - begin
    if decision.outcome is not Outcome.GRANTED:
        raise ValueError(f"the login was not granted: {decision.reasons}")
    return took * 1000


def _commit(machine: Machine, like: CredentialRecord, template: Any, captures: Any) -> float:
    """Save one more customer, as the end of an enrolment does, and remove the customer again."""
    record = CredentialRecord(
        customer_id=uuid.uuid4().hex,
        username=f"new.{uuid.uuid4().hex}",
        full_name="New",
        pin_hash=like.pin_hash,
        template_id=uuid.uuid4().hex,
        consent_at=like.consent_at,
        created_at=datetime.now(UTC).isoformat(),
    )
    enrolment = bank_of(machine).enrolment
    begin = time.perf_counter()
    enrolment._save(record, None, 0, (template, captures), StaffMember("Benchmark"))
    took = time.perf_counter() - begin
    machine.office.delete(record.username, staff=StaffMember("Benchmark"))
    return took * 1000


def _opened_by_a_login(machine: Machine, frames: Sequence[Frame]) -> Counter[str]:
    """Return how often one login opens each file, by the file's name."""
    names: Counter[str] = Counter()
    watching = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching[0] and event == "open" and isinstance(arguments[0], str | os.PathLike):
            names[Path(os.fspath(arguments[0])).name] += 1

    sys.addaudithook(hook)  # it stays for good, so it is told when to stop listening
    try:
        _login(machine, frames)
    finally:
        watching[0] = False
    return names


def _timed(runs: int, work: Any) -> Timing:
    samples = []
    for number in range(-WARM_UP, runs):
        begin = time.perf_counter()
        work()
        if number >= 0:
            samples.append((time.perf_counter() - begin) * 1000)
    return Timing.of(samples)


def _fresh_start(settings: Settings) -> tuple[float, float]:
    """Open the folder in a new process; returns seconds, and memory in MB with models loaded."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_open_once, args=(settings, theirs))
    process.start()
    theirs.close()
    try:
        seconds, held = ours.recv()
    finally:
        process.join()
    return float(seconds), float(held)


def _open_once(settings: Settings, pipe: Connection) -> None:
    begin = time.perf_counter()
    machine = open_machine(settings)
    took = time.perf_counter() - begin
    machine.warm_up()
    bank_of(machine).stores.credentials.get(USERNAME)
    pipe.send((took, memory_mb(os.getpid())))
    machine.close()
