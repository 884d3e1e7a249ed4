"""What a run found of the fleet: as JSON, as a table in Markdown, and as a picture."""

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.fleet.bank import FILLED, Size
from benchmarks.fleet.kiosks import Logins
from benchmarks.results import Timing


@dataclass(frozen=True, slots=True)
class Stage:
    """What things take at one number of customers.

    Attributes:
        customers: How many there are.
        login: Begin and finish through the service, from one kiosk.
        save: An enrolment without the search: the hash and the commit, at the service's desk.
        enrol: An enrolment through the service, the search in it.
        search: The search for a duplicate face alone.
        size: What the tables take.
    """

    customers: int
    login: Timing
    save: Timing
    enrol: Timing
    search: Timing
    size: Size


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many kiosks at once fared.

    Attributes:
        kiosks: How many.
        every_s: Seconds between two logins of one kiosk; 0: as fast as they can.
        seconds: How long it went on.
        logins: How many were admitted.
        time: From the press to the answer; None if nobody was admitted.
        errors: What the others were told, and how often.
    """

    kiosks: int
    every_s: float
    seconds: float
    logins: int
    time: Timing | None
    errors: dict[str, int]

    @classmethod
    def of(cls, kiosks: int, every_s: float, seconds: float, found: Logins) -> Self:
        """Sum up what the kiosks found."""
        samples = [each * 1000 for each in found.times_s]
        return cls(
            kiosks, every_s, seconds, len(samples), Timing.of(samples) if samples else None,
            dict(Counter(found.errors)),
        )  # fmt: skip

    @property
    def rate(self) -> float:
        """Logins a second."""
        return self.logins / self.seconds


@dataclass(slots=True)
class FleetReport:
    """Everything that one run found.

    Attributes:
        machine: What it ran on, by name.
        stages: By number of customers, rising.
        queries: Statements and transactions of one login.
        crowds: Many kiosks at once, with the customers of the last stage.
        before, after: What the tables take before and after the crowds.
        filled_s: Seconds that it took to fill the tables up to each stage.
    """

    machine: dict[str, str | float] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    queries: dict[str, int] = field(default_factory=dict)
    crowds: list[Crowd] = field(default_factory=list)
    before: Size | None = None
    after: Size | None = None
    filled_s: list[float] = field(default_factory=list)

    @property
    def bytes_a_customer(self) -> dict[str, float]:
        """Bytes of one customer by table, from the first stage, where everybody has pictures."""
        size = self.stages[0].size
        found = {table.name: size.by_table[table.name] / size.customers for table in FILLED}
        return found | {"of these, pictures": size.pictures}

    @property
    def bytes_a_login(self) -> float:
        """Bytes that one login leaves behind: its row, log entries, and the counters' old rows."""
        assert self.before is not None and self.after is not None
        names = set(self.after.by_table) - {table.name for table in FILLED}
        grown = sum(self.after.by_table[name] - self.before.by_table[name] for name in names)
        return grown / max(1, sum(crowd.logins for crowd in self.crowds))

    def to_json(self) -> str:
        """Return the report as JSON, with what follows from it."""
        document = dataclasses.asdict(self)
        for entry, crowd in zip(document["crowds"], self.crowds, strict=True):
            entry["rate"] = crowd.rate
        document["bytes_a_customer"] = self.bytes_a_customer
        document["bytes_a_login"] = self.bytes_a_login
        return json.dumps(document, indent=2, allow_nan=False) + "\n"


def markdown(report: FleetReport) -> str:
    """Return the tables of *report*."""
    lines = [
        "| customers | login ms (p95) | enrolment without the search ms (p95) |"
        " the search ms (p95) | enrolment through the service ms (p95) |",
        "|---|---|---|---|---|",
    ]
    for stage in report.stages:
        times = (stage.login, stage.save, stage.search, stage.enrol)
        cells = [f"{each.median_ms:.0f} ({each.p95_ms:.0f})" for each in times]
        lines.append(f"| {stage.customers:,} | {' | '.join(cells)} |")
    lines += ["", "| kiosks | a login each | logins | a second | ms (p95) | not admitted |",
              "|---|---|---|---|---|---|"]  # fmt: skip
    for crowd in report.crowds:
        often = f"every {crowd.every_s:g} s" if crowd.every_s else "as fast as they can"
        time = f"{crowd.time.median_ms:.0f} ({crowd.time.p95_ms:.0f})" if crowd.time else "-"
        lines.append(
            f"| {crowd.kiosks} | {often}, {crowd.seconds:g} s | {crowd.logins} | {crowd.rate:.1f} |"
            f" {time} | {sum(crowd.errors.values())} |"
        )
    sizes = ", ".join(f"{name} {size:,.0f}" for name, size in report.bytes_a_customer.items())
    queries = ", ".join(f"{count} {name}" for name, count in report.queries.items())
    lines += [
        "",
        f"Bytes a customer: {sizes}.",
        "",
        f"Bytes that a login leaves behind: {report.bytes_a_login:,.0f}.",
        "",
        f"One login: {queries}.",
        "",
    ]
    lines += [f"{name}: {value}  " for name, value in report.machine.items()]
    return "\n".join(lines) + "\n"


def draw(report: FleetReport, path: Path) -> None:
    """Save the times against the number of customers as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    _curves(axes, report.stages)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _curves(axes: Any, stages: Sequence[Stage]) -> None:
    numbers = [stage.customers for stage in stages]
    for label, name in (
        ("login", "login"),
        ("enrolment without the search", "save"),
        ("the search alone", "search"),
        ("enrolment through the service", "enrol"),
    ):
        times: list[Timing] = [getattr(stage, name) for stage in stages]
        (line,) = axes.plot(numbers, [t.median_ms for t in times], marker="o", label=label)
        axes.plot(numbers, [t.p95_ms for t in times], linestyle=":", color=line.get_color())
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("customers")
    axes.set_ylabel("ms: median, and p95 dotted")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
