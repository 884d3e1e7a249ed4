"""Failover trial: faults on the primary while ten kiosks work, and a count of every result."""

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from benchmarks.fleet.patroni import ClusterError
from tests.fleet_ha.bank import BALANCE_MINOR, CUSTOMERS, KIOSKS, Bank
from tests.fleet_ha.kiosk import AMOUNT_MINOR

Fault = Literal["kill", "stop", "cut"]
FAULTS: Final[tuple[Fault, ...]] = ("kill", "stop", "cut")
QUIET_S: Final = 8.0
"""How long the kiosks work undisturbed before each fault."""
BACK_S: Final = 60.0
"""Within which the service must be back by itself."""
ENDED_S: Final = 60.0
"""How long kiosks may take at the end to send their pending settlements."""


@dataclass
class Line:
    """One line of a diary."""

    at: float
    word: str
    detail: str


@dataclass
class Report:
    """Results of a trial.

    Attributes:
        outages: For each kind of fault, the longest pauses between two acknowledged withdrawals, in
            seconds, from just before each such fault to the next fault.
        counts: How often each word stands in the diaries.
        problems: What must not have happened; empty if all is well.
    """

    outages: dict[str, list[float]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def strike(bank: Bank, fault: Fault) -> float:
    """Bring *fault* on the primary, wait until another one serves, undo it; returns when it was."""
    cluster, primary = bank.cluster, bank.cluster.primary()
    assert primary is not None
    begun = time.time()
    if fault == "kill":
        cluster.kill_postgres(primary)
    elif fault == "stop":
        cluster.stop_postgres(primary)
    else:
        cluster.hosts.cut_off(primary)
    try:
        cluster.wait(lambda: _acknowledged_since(bank, begun + 1.0), 2 * BACK_S, "a withdrawal")
    finally:
        if fault == "stop":
            cluster.go_on(primary)
        elif fault == "cut":
            cluster.hosts.join(primary)
    cluster.wait(cluster.whole, 2 * BACK_S, "a primary and two standbys")
    return begun


def trial(bank: Bank, faults: Iterable[Fault]) -> Report:
    """Bring *faults* one after the other on a bank whose kiosks work; then end them and count."""
    report, struck = Report(), []
    for fault in faults:
        time.sleep(QUIET_S)
        try:
            struck.append((fault, strike(bank, fault)))
        except ClusterError as error:
            report.problems.append(f"{fault}: {error}")
            break
    time.sleep(QUIET_S)
    return _ended(bank, report, struck)


def count(bank: Bank, report: Report) -> None:
    """Compare the diaries with the database, and write every difference into *report*."""
    lines = [line for number in range(KIOSKS) for line in read(bank, number)]
    report.counts = Counter(line.word for line in lines)
    if report.counts["WRONG"]:
        report.problems.append(f"{report.counts['WRONG']} wrong PINs were admitted")
    acknowledged = [line.detail for line in lines if line.word == "acknowledged"]
    paid = Counter(line.detail for line in lines if line.word == "paid")
    with bank.connect() as connection:
        booked = Counter(
            reference for (reference,) in connection.execute(
                "SELECT reference FROM transactions WHERE kind = 'withdrawal'"
            )
        )  # fmt: skip
        left = connection.execute("SELECT sum(balance_minor) FROM accounts").fetchone()
    assert left is not None
    for what, found in (
        ("acknowledged but not booked", set(acknowledged) - booked.keys()),
        ("paid out but not booked", paid.keys() - booked.keys()),
        ("booked but not paid out", booked.keys() - paid.keys()),
        ("booked twice", {reference for reference, times in booked.items() if times > 1}),
        ("paid out twice", {reference for reference, times in paid.items() if times > 1}),
    ):
        if found:
            report.problems.append(f"{what}: {sorted(found)}")
    gone = CUSTOMERS * BALANCE_MINOR - int(left[0])
    if gone != len(booked) * AMOUNT_MINOR:
        report.problems.append(f"{gone} left the accounts, {len(booked)} withdrawals are booked")


def read(bank: Bank, number: int) -> list[Line]:
    """Return the diary of kiosk *number*."""
    path = bank.diary(number)
    found = []
    for text in path.read_text().splitlines() if path.exists() else ():
        at, word, *detail = text.split(" ", 2)
        found.append(Line(float(at), word, detail[0] if detail else ""))
    return found


def _ended(bank: Bank, report: Report, struck: Sequence[tuple[Fault, float]]) -> Report:
    lost = bank.quiet_kiosks(ENDED_S)
    if lost:
        report.problems.append(f"kiosks that did not come to an end: {lost}")
    times = sorted(
        line.at for number in range(KIOSKS)
        for line in read(bank, number) if line.word == "acknowledged"
    )  # fmt: skip
    ends = [*(begun for _, begun in struck[1:]), float("inf")]
    for (fault, begun), end in zip(struck, ends, strict=False):
        before = max((at for at in times if at <= begun), default=begun)
        window = [before, *(at for at in times if begun < at <= min(end, begun + 2 * BACK_S))]
        gaps = [later - sooner for sooner, later in itertools.pairwise(window)]
        gap = max(gaps, default=float("inf"))
        report.outages.setdefault(fault, []).append(round(gap, 1))
        if gap > BACK_S:
            report.problems.append(f"{fault}: {gap:.0f} s without an acknowledged withdrawal")
    count(bank, report)
    return report


def _acknowledged_since(bank: Bank, moment: float) -> bool:
    """Return whether half of the kiosks have withdrawn since *moment*."""
    late = [
        any(line.at > moment and line.word == "acknowledged" for line in read(bank, number)[-20:])
        for number in range(KIOSKS)
    ]
    return sum(late) >= KIOSKS // 2
