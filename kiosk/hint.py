"""Hover help by tktooltip. Nothing is told by it alone: touch has no hover."""

from __future__ import annotations

import contextlib
import tkinter
from functools import cache
from typing import Any

from kiosk import theme

DELAY_S = 0.7


def hint(widget: Any, text: str) -> None:
    """Show *text* while a mouse rests on *widget*; the pop-up is made at the first visit."""

    def visited(event: Any) -> None:
        if not hasattr(widget, "hint"):
            fonts = widget.nametowidget(".").fonts
            family, size, *style = fonts(theme.BODY)
            widget.hint = _tooltip_class()(
                widget,
                msg=text,
                delay=DELAY_S,
                follow=False,
                refresh=60.0,
                x_offset=16,
                y_offset=24,
                parent_kwargs={"master": widget, "bg": theme.INK, "padx": 2, "pady": 2},
                font=(family, -round(size * widget._get_widget_scaling()), *style),
                fg=theme.INK,
                bg=theme.SURFACE,
                padx=14,
                pady=8,
            )
            widget.hint.on_enter(event)

    widget.bind("<Enter>", visited, add="+")


@cache
def _tooltip_class() -> Any:
    from tktooltip import ToolTip

    class Tip(ToolTip):  # type: ignore[misc]
        """A tooltip that goes with its widget."""

        def _show(self) -> None:
            with contextlib.suppress(tkinter.TclError):
                super()._show()

    return Tip
