"""The report of an evaluation: text, JSON, and a folder with charts and one HTML page."""

import base64
import html
import io
import json
import logging
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from face_auth.evaluation import charts
from face_auth.evaluation.result import Chart, Section, Table
from face_auth.files import write_whole

DPI: Final = 144
JSON_FILE: Final = "report.json"
PAGE_FILE: Final = "report.html"

_STYLE: Final = """
:root { color-scheme: light; --ink: #0f172a; --soft: #475569; --line: #e2e8f0; --blue: #1f5fa8; }
* { box-sizing: border-box; }
body { margin: 0; background: #f8fafc; color: var(--ink);
  font: 16px/1.55 Inter, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.35rem; margin: 0 0 .3rem; }
h3 { font-size: 1rem; margin: 2rem 0 .6rem; }
p { margin: .4rem 0; max-width: 46rem; }
.about, .notes, figcaption { color: var(--soft); font-size: .88rem; }
.about code { font-size: .85em; overflow-wrap: anywhere; }
section { background: #fff; border: 1px solid var(--line); border-radius: .75rem;
  padding: 1.8rem 2rem; margin-top: 1.6rem; }
.summary { font-size: 1.05rem; color: var(--blue); font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem 1.1rem .4rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
td:first-child, th:first-child { text-align: left; white-space: nowrap; }
td:not(:first-child) { white-space: nowrap; }
figure { margin: 1.8rem 0 0; }
img { max-width: 100%; height: auto; display: block; }
nav a { color: var(--blue); margin-right: 1rem; }
@media print { body { background: #fff; } section { border: 0; padding: 0; break-inside: auto; } }
"""


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
        blocks += [table_text(table) for table in section.tables]
    return "\n\n".join(blocks)


def write(folder: Path, about: Mapping[str, Any], sections: Sequence[Section]) -> None:
    """Write report.json, the charts and one self-contained page into *folder*.

    Raises:
        OSError: If a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {chart.name: draw(chart) for section in sections for chart in section.charts}
    for name, data in pictures.items():
        write_whole(folder / f"{name}.png", data, mode=0o644)
    write_whole(folder / JSON_FILE, as_json(about, sections).encode(), mode=0o644)
    write_whole(folder / PAGE_FILE, page(about, sections, pictures).encode(), mode=0o644)


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
    about: Mapping[str, Any], sections: Sequence[Section], pictures: Mapping[str, bytes]
) -> str:
    """Return one HTML page that contains everything, including the charts."""
    links = "".join(
        f'<a href="#{s.name}">{html.escape(s.title.split(":")[0])}</a>' for s in sections
    )
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Recognition, measured</title><style>{_STYLE}</style></head><body><main>",
        "<h1>Recognition, measured</h1>",
        f'<p class="about">{"<br>".join(map(_about_html, about.items()))}</p>',
        f"<nav>{links}</nav>",
    ]
    for section in sections:
        parts.append(f'<section id="{section.name}"><h2>{html.escape(section.title)}</h2>')
        parts.append(f'<p class="summary">{html.escape(section.summary)}</p>')
        parts += [_table_html(table) for table in section.tables]
        for chart in section.charts:
            data = base64.b64encode(pictures[chart.name]).decode()
            caption = html.escape(chart.caption)
            parts.append(
                f'<figure><img src="data:image/png;base64,{data}" alt="{caption}" '
                f'width="{round(chart.size[0] * 96)}"><figcaption>{caption}</figcaption></figure>'
            )
        parts.append("</section>")
    parts.append("</main></body></html>\n")
    return "\n".join(parts)


def _about_text(about: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in about.items())


def _about_html(item: tuple[str, Any]) -> str:
    name, value = item
    return f"{html.escape(name)}: <code>{html.escape(str(value))}</code>"


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


def _table_html(table: Table) -> str:
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in table.header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    notes = "".join(f'<p class="notes">{html.escape(note)}</p>' for note in table.notes)
    return (
        f'<h3>{html.escape(table.title)}</h3><div class="scroll"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{notes}"
    )
