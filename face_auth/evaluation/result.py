"""The result of a protocol: numbers, tables and charts, independent of how they are shown."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_auth.evaluation.metrics import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a header.

    Attributes:
        title: What it shows.
        header: The columns' names.
        rows: As many cells each as the header.
        notes: Sentences below it.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that is drawn when a report is written.

    Attributes:
        name: Of its file, without ``.png``.
        caption: What it shows, a sentence.
        draw: Draws it into an empty figure.
        size: Width and height, inches.
    """

    name: str
    caption: str
    draw: "Callable[[Figure], None]"
    size: tuple[float, float] = (7.5, 4.6)


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image that was judged wrongly.

    Attributes:
        path: The image.
        person: Who is on it.
        said: What the program said instead.
    """

    path: Path
    person: str
    said: str


@dataclass(frozen=True, slots=True)
class Section:
    """The result of one protocol.

    Attributes:
        name: The protocol, as on the command line.
        title: The same in words.
        summary: The most important number in a sentence.
        values: Everything, for JSON.
        tables: For people.
        charts: For people.
        mistakes: Images that were judged wrongly; a page shows them only on request.
    """

    name: str
    title: str
    summary: str
    values: Mapping[str, Any]
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = field(default=())
    mistakes: Sequence[Mistake] = ()


def percent(share: float, digits: int = 2) -> str:
    """Return *share* as text: "98.34 %"."""
    return f"{100 * share:.{digits}f} %"


def one_in(rate: float) -> str:
    """Return a rate as text: "12.50 %", or below a tenth "1 in 6,700", to two digits."""
    if rate <= 0:
        return "0"
    if rate >= 0.1:
        return percent(rate)
    count = 1 / rate
    return f"1 in {round(count, 1 - math.floor(math.log10(count))):,.0f}"


def between(interval: Interval, digits: int = 2) -> str:
    """Return an interval of shares as text: "97.1 to 98.9 %"."""
    return f"{100 * interval.low:.{digits}f} to {100 * interval.high:.{digits}f} %"


def as_list(interval: Interval) -> list[float]:
    """Return an interval for JSON."""
    return [interval.low, interval.high]
