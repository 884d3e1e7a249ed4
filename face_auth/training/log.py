"""The log of a run: tables of losses and measurements as CSV, and a picture of the curves."""

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from face_auth.files import write_whole
from face_auth.training.shards import TrainingError

LOSSES: Final = "log.csv"
CHOICES: Final = "choosing.csv"
CURVES: Final = "curves.png"

Rows = list[dict[str, str]]


class Log:
    """The losses of each step, and the measurements on the choosing half."""

    def __init__(self, folder: Path, step: int) -> None:
        """Read the tables in *folder* up to *step*; later rows will be recorded again.

        Raises:
            TrainingError: If a table is damaged.
        """
        self._folder = folder
        self._losses = _read(folder / LOSSES, step)
        self._choices = _read(folder / CHOICES, step)

    def add(self, step: int, rate: float, values: Mapping[str, float]) -> None:
        """Record one step, counted from 1."""
        row = {"step": str(step), "rate": f"{rate:.9g}"}
        self._losses.append(row | {name: f"{value:.9g}" for name, value in values.items()})

    def chose(self, step: int, figures: Mapping[str, float]) -> None:
        """Record the measurement on the choosing half at *step*, and write the tables."""
        row = {"step": str(step)}
        self._choices.append(row | {name: f"{value:.6g}" for name, value in figures.items()})
        self.write()

    def write(self) -> None:
        """Write both tables."""
        for name, rows in ((LOSSES, self._losses), (CHOICES, self._choices)):
            if rows:
                text = io.StringIO()
                writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
                write_whole(self._folder / name, text.getvalue().encode(), mode=0o644)

    def draw(self) -> None:
        """Draw the curves, with losses smoothed over a fiftieth of the steps."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        if not self._losses:
            return
        figure = Figure((8, 5), layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2)
        steps = np.array([int(row["step"]) for row in self._losses])
        window = max(1, len(steps) // 50)
        for name in ("cosine", "matrix", "names"):
            values = np.array([float(row[name]) for row in self._losses])
            if values.any():
                smooth = np.convolve(values, np.full(window, 1 / window), "valid")
                left.plot(steps[window - 1 :], smooth / smooth[0], label=name)
        left.set(xlabel="step", title="losses, as a share of their beginning")
        left.legend()
        for name in list(self._choices[0])[1:] if self._choices else []:
            chosen = [(int(row["step"]), float(row[name])) for row in self._choices]
            right.plot(*zip(*chosen, strict=True), marker="o", label=name)
        right.set(xlabel="step", title="the choosing half")
        if self._choices:
            right.legend()
        figure.savefig(self._folder / CURVES)


def curve(folder: Path) -> list[dict[str, float]]:
    """Return the measurements on the choosing half by step; an empty list without any.

    Raises:
        TrainingError: If the run's table is damaged.
    """
    return [
        {name: round(float(value), 4) for name, value in row.items()}
        for row in _read(folder / CHOICES)
    ]


def _read(path: Path, step: float = math.inf) -> Rows:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if not all(math.isfinite(float(value)) for row in rows for value in row.values()):
            raise ValueError("a value is not finite")
        return [row for row in rows if int(row["step"]) <= step]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError, csv.Error) as error:
        raise TrainingError(f"{path} is damaged ({error}).") from error
