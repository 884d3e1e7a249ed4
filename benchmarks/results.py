"""What a run found: timings of stages, targets met or missed, growth; as a table and as JSON."""

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something took.

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
        """Summarise *samples_ms*, at least one.

        Raises:
            ValueError: If there are none, or one is negative or not finite.
        """
        if not samples_ms or not all(math.isfinite(s) and s >= 0 for s in samples_ms):
            raise ValueError("a timing needs samples, finite and not negative")
        median, p95 = np.percentile(np.asarray(samples_ms, np.float64), [50, 95])
        return cls(float(median), float(p95), len(samples_ms))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of stages.

    Attributes:
        stage: Its name.
        timing: How long it took.
        default_ms: Median of what the obvious stack takes for the same at its defaults; None where
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
        """How many times as long the obvious stack takes at its defaults."""
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
    """One figure that the project set itself, and what was measured.

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
        """Whether the value is on the right side of the bound; a value that is no number is not."""
        return self.value <= self.bound if self.kind == "most" else self.value >= self.bound


@dataclass(frozen=True, slots=True)
class Growth:
    """What one number of customers costs.

    Attributes:
        customers: How many records there are.
        login_ms: One login without the wait for frames.
        commit_ms: Saving one new customer: gallery, account, log and record.
        open_s: Opening the data folder, by a fresh process that has imported everything.
        memory_mb: That process, with the models loaded (PSS).
    """

    customers: int
    login_ms: Timing
    commit_ms: Timing
    open_s: float
    memory_mb: float


@dataclass(slots=True)
class Report:
    """Everything that one run found.

    Attributes:
        machine: What it ran on, by name.
        frames: Which pictures it ran on.
        rows: The stages, in the order of a frame's way, the total last.
        others: Other programs' timings on the same frames.
        targets: In the order of the table.
        facts: Counts and further figures, by name.
        growth: By number of customers.
        notes: What was left out, and why.
    """

    machine: dict[str, str | float] = field(default_factory=dict)
    frames: str = ""
    rows: list[Row] = field(default_factory=list)
    others: dict[str, Timing] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    growth: list[Growth] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the report as JSON, ratios and verdicts included for whoever reads it."""
        document = dataclasses.asdict(self)
        for entry, row in zip(document["rows"], self.rows, strict=True):
            entry["versus_default"] = row.versus_default
            entry["versus_quick"] = row.versus_quick
            entry["versus_limit"] = row.versus_limit
        for entry, target in zip(document["targets"], self.targets, strict=True):
            entry["met"] = target.met
        return json.dumps(document, indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the report that `to_json` wrote; what follows from the figures is left out.

        Raises:
            ValueError, KeyError, TypeError: If it is no such document.
        """
        raw = json.loads(text)
        return cls(
            machine=dict(raw["machine"]),
            frames=str(raw["frames"]),
            rows=[_row(entry) for entry in raw["rows"]],
            others={name: Timing(**timing) for name, timing in raw["others"].items()},
            targets=[Target(**_only(Target, entry)) for entry in raw["targets"]],
            facts=dict(raw["facts"]),
            growth=[_growth(entry) for entry in raw["growth"]],
            notes=list(raw["notes"]),
        )

    def save(self, path: Path) -> None:
        """Write the JSON to *path*, making its folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.to_json(), "utf-8")


def _row(entry: dict[str, Any]) -> Row:
    return Row(**_only(Row, entry) | {"timing": Timing(**entry["timing"])})


def _growth(entry: dict[str, Any]) -> Growth:
    timings = {name: Timing(**entry[name]) for name in ("login_ms", "commit_ms")}
    return Growth(**entry | timings)


def _only(kind: type, entry: dict[str, Any]) -> dict[str, Any]:
    names = {each.name for each in dataclasses.fields(kind)}
    return {name: value for name, value in entry.items() if name in names}


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None
