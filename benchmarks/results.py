"""Results of a benchmark run, of one kiosk or of a bank's service, and their JSON form."""

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Timing:
    """Summary of repeated time measurements.

    Attributes:
        median_ms: Half of the runs took no longer.
        p95_ms: 95 % of the runs took no longer.
        runs: How often it was measured, warm-up left out.
    """

    median_ms: float
    p95_ms: float
    runs: int

    @classmethod
    def of(cls, samples_ms: Sequence[float]) -> Self:
        """Summarise *samples_ms*, which has at least one.

        Raises:
            ValueError: If there are none, or one is negative or not finite.
        """
        if not samples_ms or not all(math.isfinite(s) and s >= 0 for s in samples_ms):
            raise ValueError("a timing needs samples, finite and not negative")
        median, p95 = np.percentile(np.asarray(samples_ms, np.float64), [50, 95])
        return cls(float(median), float(p95), len(samples_ms))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table of stages.

    Attributes:
        stage: Its name.
        timing: How long it took.
        default_ms: Median of what the baseline takes for the same at its defaults; None where
            it does nothing alike.
        quick_ms: The same, when it is told to look for large faces only.
        limit_ms: The least time that its operations and bytes take at the machine's measured peak;
            None where they are not known.
    """

    stage: str
    timing: Timing
    default_ms: float | None = None
    quick_ms: float | None = None
    limit_ms: float | None = None

    @property
    def versus_default(self) -> float | None:
        """How many times as long the baseline takes at its defaults."""
        return _ratio(self.default_ms, self.timing.median_ms)

    @property
    def versus_quick(self) -> float | None:
        """How many times as long it takes when it looks for large faces only."""
        return _ratio(self.quick_ms, self.timing.median_ms)

    @property
    def versus_limit(self) -> float | None:
        """How many times as long the stage takes as the machine's limit."""
        return _ratio(self.timing.median_ms, self.limit_ms)


@dataclass(frozen=True, slots=True)
class Target:
    """A target of the project, and the measured value.

    Attributes:
        name: What is measured.
        value: What was measured.
        unit: Of *value* and *bound*.
        bound: The figure set.
        kind: Whether *bound* is the most or the least that is allowed.
    """

    name: str
    value: float
    unit: str
    bound: float
    kind: Literal["most", "least"] = "most"

    @property
    def met(self) -> bool:
        """Whether the value meets the bound; NaN does not."""
        return self.value <= self.bound if self.kind == "most" else self.value >= self.bound


@dataclass(frozen=True, slots=True)
class Growth:
    """Times and figures at one number of customers.

    Attributes:
        customers: How many there are.
        timings: How long things take, by name.
        figures: Further figures, by name with unit.
    """

    customers: int
    timings: dict[str, Timing]
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Logins of many kiosks at the same time.

    Attributes:
        kiosks: How many there are.
        every_s: Seconds between two logins of one kiosk; 0: as fast as they can.
        seconds: How long it went on.
        logins: How many were admitted.
        timing: From the press to the answer; None if nobody was admitted.
        errors: What the others were told, and how often.
    """

    kiosks: int
    every_s: float
    seconds: float
    logins: int
    timing: Timing | None
    errors: dict[str, int]

    @classmethod
    def of(
        cls, kiosks: int, every_s: float, seconds: float, times_s: list[float], errors: list[str]
    ) -> Self:
        """Summarise the times of admitted logins and the errors of all others."""
        timing = Timing.of([each * 1000 for each in times_s]) if times_s else None
        return cls(kiosks, every_s, seconds, len(times_s), timing, dict(Counter(errors)))

    @property
    def rate(self) -> float:
        """Logins a second."""
        return self.logins / self.seconds


@dataclass(slots=True)
class Report:
    """All results of one run.

    Attributes:
        machine: What it ran on, by name.
        rows: The stages, in the order of a frame's way, the total last.
        others: Other programs' timings on the same frames.
        targets: In the order of the table.
        growth: By number of customers.
        crowds: Many kiosks at once, with the customers of the last growth.
        facts: Counts and further figures, by name.
        failed: What raised an error, and which.
        notes: What was left out, and why.
    """

    machine: dict[str, str | float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    others: dict[str, Timing] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    growth: list[Growth] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, part: "Report") -> None:
        """Add the results of *part* after those that are here."""
        for each in dataclasses.fields(self):
            mine, more = getattr(self, each.name), getattr(part, each.name)
            if isinstance(mine, dict):
                mine.update(more)
            else:
                mine.extend(more)

    def of_network(self, network: str) -> "Report":
        """Return the report with "(*network*)" after each name; itself without a network."""
        if not network:
            return self
        return dataclasses.replace(
            self,
            rows=[dataclasses.replace(row, stage=f"{row.stage} ({network})") for row in self.rows],
            targets=[
                dataclasses.replace(target, name=f"{target.name} ({network})")
                for target in self.targets
            ],
            facts={f"{name} ({network})": value for name, value in self.facts.items()},
            failed={f"{name} ({network})": why for name, why in self.failed.items()},
        )

    def save(self, path: Path) -> None:
        """Write the report as JSON to *path*, making its folder; ratios and verdicts included."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_plain(self), indent=2, allow_nan=False) + "\n", "utf-8")


def _plain(value: Any) -> Any:
    """Return *value* with every dataclass in it as a dict of its fields and properties."""
    if dataclasses.is_dataclass(value):
        names = [each.name for each in dataclasses.fields(value)]
        names += [name for name, it in vars(type(value)).items() if isinstance(it, property)]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None
