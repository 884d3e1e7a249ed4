"""List of named values on a pane, such as the date and the amount of a withdrawal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kiosk.layout import Column, Reflow
from kiosk.screens.base import Screen
from kiosk.widgets import theme
from kiosk.widgets.status_line import Hair, Pane


def named_values(page: Screen, pane: Pane, rows: Sequence[tuple[str, str]]) -> Column:
    """Return names at the left and values at the right of *pane*, with lines between."""
    parts: list[Any] = []
    for name, value in rows:
        told = page.words(value, weight="semibold", anchor="e", cut=True, on=pane, grow=1)
        if any(map(str.isdigit, value)):  # an amount or a time: of words, names alone are cut
            told.least = theme.WIDEST
        parts.append(Hair(pane))
        parts.append(Reflow(page.words(name, colour=theme.MUTED, on=pane), told))
    return Column(*parts, gap=12)
