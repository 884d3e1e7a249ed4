"""A benchmark report as text, as Markdown and as a chart."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import Crowd, Growth, Report, Row, Target, Timing

HEADINGS = ("stage", "median ms", "p95 ms", "baseline", "at 100 px", "limit ms", "of limit")
EXPLAINED = (
    "baseline, at 100 px: how many times as long mtcnn and keras-facenet take, at\n"
    "their defaults and with the smallest face at 100 px. of limit: how many times as\n"
    "long as the stage's operations and bytes take at the machine's measured peak."
)

Line = tuple[str, ...]
Table = tuple[Line, list[Line]]


def text(report: Report) -> str:
    """Return the whole report as printed text."""
    parts = ["\n".join(_machine(report))] if report.machine else []
    for headings, lines in tables(report):
        parts.append(grid(headings, lines))
        if headings is HEADINGS:
            parts.append(EXPLAINED)
    parts += [f"FAILED {name}: {why}" for name, why in report.failed.items()]
    parts += [f"Note: {note}" for note in report.notes]
    return "\n\n".join(parts) + "\n"


def markdown(report: Report) -> str:
    """Return the whole report as Markdown, for the documentation."""
    parts = ["\n".join(f"- {line}" for line in _machine(report))] if report.machine else []
    for headings, lines in tables(report):
        rule = ["---", *["---:"] * (len(headings) - 1)]
        parts.append("\n".join("| " + " | ".join(row) + " |" for row in (headings, rule, *lines)))
    parts += [f"- FAILED {name}: {why}" for name, why in report.failed.items()]
    parts += [f"- {note}" for note in report.notes]
    return "\n\n".join(parts) + "\n"


def tables(report: Report) -> list[Table]:
    """Return the headings and lines of each table that is not empty."""
    found: list[Table] = [
        (HEADINGS, [cells(row) for row in report.rows]),
        (
            ("elsewhere, same frames", "median ms", "p95 ms", "runs"),
            [
                (name, _ms(t.median_ms), _ms(t.p95_ms), str(t.runs))
                for name, t in report.others.items()
            ],
        ),
        (("target", "measured", "bound", ""), [_target(target) for target in report.targets]),
        _growth_table(report.growth),
        (
            ("kiosks, a login each", "logins", "a second", "ms (p95)", "not admitted"),
            [_crowd(crowd) for crowd in report.crowds],
        ),
        (("figure", ""), [(name, f"{value:,.4g}") for name, value in report.facts.items()]),
    ]
    return [(headings, lines) for headings, lines in found if lines]


def _target(target: Target) -> Line:
    return (
        target.name,
        f"{target.value:.4g} {target.unit}",
        f"{'≤' if target.kind == 'most' else '≥'} {target.bound:g} {target.unit}",
        "met" if target.met else "MISSED",
    )


def _growth_table(growth: Sequence[Growth]) -> Table:
    if not growth:
        return (), []
    headings = ("customers", *(f"{name}, ms (p95)" for name in growth[0].timings))
    lines = [
        (
            f"{each.customers:,}",
            *(_both(timing) for timing in each.timings.values()),
            *(f"{value:.3g}" for value in each.figures.values()),
        )
        for each in growth
    ]
    return (*headings, *growth[0].figures), lines


def _crowd(crowd: Crowd) -> Line:
    often = f"every {crowd.every_s:g} s" if crowd.every_s else "as fast as they can"
    return (
        f"{crowd.kiosks}, {often}, for {crowd.seconds:g} s",
        str(crowd.logins),
        f"{crowd.rate:.1f}",
        _both(crowd.timing) if crowd.timing else "-",
        str(sum(crowd.errors.values())),
    )


def cells(row: Row) -> tuple[str, ...]:
    """Return one line of the table of stages, in the order of HEADINGS."""
    return (
        row.stage,
        _ms(row.timing.median_ms),
        _ms(row.timing.p95_ms),
        _times(row.versus_default),
        _times(row.versus_quick),
        "-" if row.limit_ms is None else _ms(row.limit_ms),
        _times(row.versus_limit),
    )


def grid(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return the table with aligned columns, the first to the left, the others to the right."""
    table = [headings, *lines]
    widths = [max(len(line[i]) for line in table) for i in range(len(headings))]

    def joined(line: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([joined(headings), rule, *(joined(line) for line in lines)])


def draw(report: Report, path: Path) -> None:
    """Save charts of the stages and of the growth, if they were measured, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawn = [part for part, found in ((_stages, report.rows), (_growth, report.growth)) if found]
    size = (7 * max(1, len(drawn)), 5.5)
    figure, places = pyplot.subplots(
        1, max(1, len(drawn)), figsize=size, layout="constrained", squeeze=False
    )
    for part, axes in zip(drawn, places[0], strict=False):
        part(axes, report)
    figure.suptitle(str(report.machine.get("processor", "")), fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _stages(axes: Any, report: Report) -> None:
    rows = report.rows
    places = range(len(rows))
    bars: tuple[tuple[str, str, list[float | None]], ...] = (
        ("baseline, its defaults", "#c9ced6", [row.default_ms for row in rows]),
        ("baseline, smallest face 100 px", "#97a3b4", [row.quick_ms for row in rows]),
        ("this program", "#0b4f8a", [row.timing.median_ms for row in rows]),
        ("limit of the machine", "#1b6e3c", [row.limit_ms for row in rows]),
    )
    for i, (label, colour, values) in enumerate(bars):
        shown = [value if value else float("nan") for value in values]
        axes.barh([p + (i - 1.5) * 0.2 for p in places], shown, 0.2, label=label, color=colour)
    axes.set_title("One 640 x 480 frame with one large face")
    axes.set_yticks(list(places), [row.stage for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("ms, median, logarithmic")
    axes.legend(fontsize=8)
    axes.grid(axis="x", alpha=0.3)


def _growth(axes: Any, report: Report) -> None:
    numbers = [each.customers for each in report.growth]
    curves: dict[str, list[float]] = {}
    for each in report.growth:
        medians = {f"{name}, ms": timing.median_ms for name, timing in each.timings.items()}
        for name, value in (medians | each.figures).items():
            curves.setdefault(name, []).append(value)
    for name, values in curves.items():
        axes.plot(numbers, values, marker="o", label=name)
    axes.set_title("Growth with the number of customers")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("customers")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)


def _machine(report: Report) -> list[str]:
    return [
        f"{name}: {value if isinstance(value, str) else format(value, '.4g')}"
        for name, value in report.machine.items()
    ]


def _both(timing: Timing) -> str:
    return f"{_ms(timing.median_ms)} ({_ms(timing.p95_ms)})"


def _ms(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _times(ratio: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:.2g}x" if ratio < 10 else f"{ratio:.0f}x"
