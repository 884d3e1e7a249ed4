"""A report as text and as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import Growth, Report, Row, Target

HEADINGS = ("stage", "median ms", "p95 ms", "obvious stack", "at 100 px", "limit ms", "of limit")
EXPLAINED = (
    "obvious stack, at 100 px: how many times as long mtcnn and keras-facenet take, at\n"
    "their defaults and with the smallest face at 100 px. of limit: how many times as\n"
    "long as the stage's operations and bytes take at the machine's measured peak."
)


Lines = list[tuple[str, ...]]


def text(report: Report) -> str:
    """Return the whole report as it is printed."""
    parts = [_machine(report)]
    for number, (headings, lines) in enumerate(tables(report)):
        parts.append(grid(headings, lines))
        if not number and report.rows:
            parts.append(EXPLAINED)
    parts += [f"Note: {note}" for note in report.notes]
    return "\n\n".join(parts) + "\n"


def markdown(report: Report) -> str:
    """Return the same for a page of the documentation."""
    parts = ["\n".join(f"- {line}" for line in _machine(report).splitlines())]
    for headings, lines in tables(report):
        rule = ["---", *["---:"] * (len(headings) - 1)]
        parts.append("\n".join("| " + " | ".join(row) + " |" for row in (headings, rule, *lines)))
    parts += [f"- {note}" for note in report.notes]
    return "\n\n".join(parts) + "\n"


def tables(report: Report) -> list[tuple[tuple[str, ...], Lines]]:
    """Return the headings and lines of each table that has any lines."""
    found: list[tuple[tuple[str, ...], Lines]] = [
        (HEADINGS, [cells(row) for row in report.rows]),
        (
            ("elsewhere, same frames", "median ms", "p95 ms", "runs"),
            [
                (name, _ms(t.median_ms), _ms(t.p95_ms), str(t.runs))
                for name, t in report.others.items()
            ],
        ),
        (("target", "measured", "bound", ""), [_target(target) for target in report.targets]),
        (
            ("customers", "login ms (p95)", "commit ms (p95)", "open s", "memory MB"),
            [_growth(each) for each in report.growth],
        ),
        (("figure", ""), [(name, f"{value:,.4g}") for name, value in report.facts.items()]),
    ]
    return [(headings, lines) for headings, lines in found if lines]


def _target(target: Target) -> tuple[str, ...]:
    return (
        target.name,
        f"{target.value:.4g} {target.unit}",
        f"{'≤' if target.kind == 'most' else '≥'} {target.bound:g} {target.unit}",
        "met" if target.met else "MISSED",
    )


def _growth(each: Growth) -> tuple[str, ...]:
    return (
        f"{each.customers:,}",
        f"{_ms(each.login_ms.median_ms)} ({_ms(each.login_ms.p95_ms)})",
        f"{_ms(each.commit_ms.median_ms)} ({_ms(each.commit_ms.p95_ms)})",
        f"{each.open_s:.3f}",
        f"{each.memory_mb:.0f}",
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
    """Return aligned columns, the first to the left, the others to the right."""
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
    """Save the stages, and the growth where it was measured, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(14, 5.5), layout="constrained")
    _draw_stages(left, report.rows)
    _draw_growth(right, report)
    figure.suptitle(str(report.machine.get("processor", "")), fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _draw_stages(axes: Any, rows: Sequence[Row]) -> None:
    axes.set_title("One 640 x 480 frame with one large face")
    if not rows:
        axes.text(0.5, 0.5, "not measured", ha="center")
        return
    places = range(len(rows))
    bars: tuple[tuple[str, str, list[float | None]], ...] = (
        ("obvious stack, its defaults", "#c9ced6", [row.default_ms for row in rows]),
        ("obvious stack, smallest face 100 px", "#97a3b4", [row.quick_ms for row in rows]),
        ("this program", "#0b4f8a", [row.timing.median_ms for row in rows]),
        ("limit of the machine", "#1b6e3c", [row.limit_ms for row in rows]),
    )
    for i, (label, colour, values) in enumerate(bars):
        shown = [value if value else float("nan") for value in values]
        axes.barh([p + (i - 1.5) * 0.2 for p in places], shown, 0.2, label=label, color=colour)
    axes.set_yticks(list(places), [row.stage for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("ms, median, logarithmic")
    axes.legend(fontsize=8)
    axes.grid(axis="x", alpha=0.3)


def _draw_growth(axes: Any, report: Report) -> None:
    axes.set_title("Growth with the number of customers")
    if not report.growth:
        axes.text(0.5, 0.5, "not measured", ha="center")
        return
    numbers = [each.customers for each in report.growth]
    curves = (
        ("login without the wait for frames, ms", [g.login_ms.median_ms for g in report.growth]),
        ("saving a new customer, ms", [g.commit_ms.median_ms for g in report.growth]),
        ("opening the data folder, ms", [g.open_s * 1000 for g in report.growth]),
        ("memory, MB", [g.memory_mb for g in report.growth]),
    )
    for label, values in curves:
        axes.plot(numbers, values, marker="o", label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("customers")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)


def _machine(report: Report) -> str:
    lines = [
        f"{name}: {value if isinstance(value, str) else format(value, '.4g')}"
        for name, value in report.machine.items()
    ]
    return "\n".join([*lines, f"frames: {report.frames}"])


def _ms(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _times(ratio: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:.2g}x" if ratio < 10 else f"{ratio:.0f}x"
