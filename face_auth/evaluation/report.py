"""The report of an evaluation: text, JSON, and a folder with charts and one HTML page."""

import base64
import io
import json
import logging
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from face_auth.evaluation import charts
from face_auth.evaluation.glossary import TERMS, explained
from face_auth.evaluation.result import Chart, Mistake, Section, Table
from face_auth.evaluation.thumbnails import thumbnails
from face_auth.files import write_whole

DPI: Final = 144
JSON_FILE: Final = "report.json"
PAGE_FILE: Final = "report.html"
TEMPLATE: Final = "report_page.html"


def as_json(about: Mapping[str, Any], sections: Sequence[Section]) -> str:
    """Return all sections as JSON; the closed set's accuracy is also under "accuracy"."""
    content: dict[str, Any] = dict(about)
    protocols = {section.name: section.values for section in sections}
    if "closed-set" in protocols:
        content["accuracy"] = protocols["closed-set"]["accuracy"]
    content["protocols"] = protocols
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def as_text(about: Mapping[str, Any], sections: Sequence[Section]) -> str:
    """Return the sections with their tables, for a terminal."""
    blocks = [_about_text(about)]
    for section in sections:
        title = f"{section.title} [{section.name}]"
        blocks.append("\n".join((title, "=" * len(title), section.summary)))
        blocks += [table_text(table) for table in section.tables if table.rows]
    return "\n\n".join(blocks)


def write(
    folder: Path,
    about: Mapping[str, Any],
    sections: Sequence[Section],
    *,
    show_mistakes: bool = False,
) -> None:
    """Write report.json, the charts and one self-contained page into *folder*.

    Args:
        folder: Is made if it is not there.
        about: Facts by name.
        sections: The results.
        show_mistakes: Whether the page shows the pictures that were judged wrongly.

    Raises:
        OSError: If a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {chart.name: draw(chart) for section in sections for chart in section.charts}
    for name, data in pictures.items():
        write_whole(folder / f"{name}.png", data, mode=0o644)
    shown = {each.name: thumbnails(each.mistakes) for each in sections if show_mistakes}
    html = page(about, sections, pictures, shown)
    texts = {JSON_FILE: as_json(about, sections), PAGE_FILE: html}
    for name, text in texts.items():  # a folder's name need not be UTF-8
        write_whole(folder / name, text.encode(errors="backslashreplace"), mode=0o644)


def draw(chart: Chart) -> bytes:
    """Return a chart as PNG; no display is needed."""
    import matplotlib

    matplotlib.use("Agg")
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a font may be missing
    from matplotlib.figure import Figure

    with matplotlib.rc_context(charts.STYLE):
        figure = Figure(figsize=chart.size, dpi=DPI, layout="constrained")
        chart.draw(figure)
        packed = io.BytesIO()
        figure.savefig(packed, format="png")
    return packed.getvalue()


def page(
    about: Mapping[str, Any],
    sections: Sequence[Section],
    pictures: Mapping[str, bytes],
    mistakes: Mapping[str, Sequence[tuple[Mistake, bytes | None]]],
) -> str:
    """Return one HTML page that contains everything, including the charts.

    Args:
        about: Facts by name.
        sections: The results.
        pictures: The charts by name, PNG.
        mistakes: The thumbnails of each section that shows some, JPEG.
    """
    import jinja2

    folder = jinja2.FileSystemLoader(Path(__file__).parent)
    pages = jinja2.Environment(
        loader=folder, autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    pages.filters["explained"] = lambda value: explained(str(value))
    template = pages.get_template(TEMPLATE)
    shown = {
        section.name: [
            (mistake, data and _encoded(data)) for mistake, data in mistakes.get(section.name, ())
        ]
        for section in sections
    }
    return (
        template.render(
            about=about, sections=sections, terms=TERMS, mistakes=shown,
            pictures={name: _encoded(data) for name, data in pictures.items()},
        )
        + "\n"
    )  # fmt: skip


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _about_text(about: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in about.items())


def table_text(table: Table) -> str:
    """Return a table for a terminal."""
    rows = [list(table.header), *map(list, table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.header))]
    lines = [table.title]
    for number, row in enumerate(rows):
        first, *others = (cell for cell in row)
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append(("  " + "   ".join(cells)).rstrip())
        if number == 0:
            lines.append("  " + "   ".join("-" * width for width in widths))
    return "\n".join([*lines, *(_wrapped(note) for note in table.notes)])


def _wrapped(note: str) -> str:
    return textwrap.fill(note, 100, initial_indent="  ", subsequent_indent="  ")
