"""Hover hints (tktooltip); every page works without them."""

from __future__ import annotations

import contextlib
import tkinter
from collections.abc import Sequence
from functools import cache
from typing import Any

from kiosk.widgets import theme
from kiosk.widgets.fitted import fonts_of
from kiosk.widgets.focus import FocusKeeper

Box = tuple[int, int, int, int]

DELAY_S = 0.7
LOOK_S = 0.1
"""How often a shown hint looks whether its control still acts."""
GAP = 10
"""Between control and hint, in drawn pixels."""

_BUTTONS = 0x1F00  # of an event's state: a mouse button or a finger is down


def hint(widget: Any, text: str) -> None:
    """Show *text* beside *widget* once a mouse has moved over it and rests.

    A finger moves the pointer too, but presses where it lands: a press hides the hint, and it stays
    away until the pointer moves again. A control that is disabled, as while something is under
    way, has none. The pop-up is made at the first visit.
    """

    def moved(event: Any) -> None:
        if event.state & _BUTTONS:
            return
        if not hasattr(widget, "hint"):
            widget.hint = _made(widget, text)
        widget.hint.rest()

    def pressed(_event: Any) -> None:
        if hasattr(widget, "hint"):
            widget.hint.on_leave()

    widget.bind("<Motion>", moved, add="+")
    widget.bind("<ButtonPress-1>", pressed, add="+")  # which hides a mere <ButtonPress> from Tk


def place(
    control: Box, others: Sequence[Box], window: Box, size: tuple[int, int], gap: int
) -> tuple[int, int]:
    """Return the corner of a hint: below its control, else above, left or right of it.

    Args:
        control: Left, top, right and bottom of what it belongs to, in pixels.
        others: Of what it must not cover, where that can be.
        window: Of what it must not leave.
        size: Its width and height.
        gap: Between control and hint.
    """
    left, top, right, bottom = control
    wide, high = size
    places = []
    for x, y in (
        (left, bottom + gap), (left, top - gap - high),
        (left - gap - wide, top), (right + gap, top),
    ):  # fmt: skip
        inside = max(window[0], min(x, window[2] - wide)), max(window[1], min(y, window[3] - high))
        places.append(inside)

    def covered(corner: tuple[int, int]) -> int:
        box = (*corner, corner[0] + wide, corner[1] + high)
        return sum(_meet(box, each) for each in (control, *others))

    return min(places, key=covered)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _box(widget: Any) -> Box:
    x, y = widget.winfo_rootx(), widget.winfo_rooty()
    return x, y, x + widget.winfo_width(), y + widget.winfo_height()


def _made(widget: Any, text: str) -> Any:
    return _tooltip_class()(
        widget,
        msg=text,
        delay=DELAY_S,
        follow=False,
        refresh=LOOK_S,
        parent_kwargs={"master": widget, "bg": theme.INK, "padx": 2, "pady": 2},
        font=fonts_of(widget)(theme.BODY).create_scaled_tuple(fonts_of(widget).scale),
        fg=theme.INK,
        bg=theme.SURFACE,
        padx=14,
        pady=8,
    )


@cache
def _tooltip_class() -> Any:
    from tktooltip import ToolTip, ToolTipStatus

    class Tip(ToolTip):  # type: ignore[misc]
        """A tooltip that goes with its widget and stays inside its window."""

        status: Any
        _timer: str | None = None

        def rest(self) -> None:
            """The mouse moved: show the hint once it has rested."""
            if self.status is not ToolTipStatus.VISIBLE:
                self.status = ToolTipStatus.INSIDE
                self._again(self.delay)

        def on_enter(self, event: Any) -> None:
            """Nothing yet: a page that comes under a still pointer is no visit."""

        def on_leave(self, event: Any = None) -> None:
            """Hide it, and forget that it was to be shown."""
            if self._timer is not None:
                self.after_cancel(self._timer)
                self._timer = None
            super().on_leave(event)

        def destroy(self) -> None:
            """Go, and with it what was still to come."""
            with contextlib.suppress(tkinter.TclError):
                self.on_leave()
            super().destroy()

        def _again(self, seconds: float) -> None:
            if self._timer is not None:
                self.after_cancel(self._timer)
            self._timer = self.after(int(seconds * self.S_TO_MS), self._show)

        def _show(self) -> None:
            self._timer = None
            with contextlib.suppress(tkinter.TclError):
                if not self.widget.enabled:
                    self.on_leave()
                    return
                if self.status is ToolTipStatus.INSIDE:
                    self.status = ToolTipStatus.VISIBLE
                    self.update_idletasks()
                    self.geometry("+{}+{}".format(*self._place()))
                    self.deiconify()
                    self.lift()
                self._again(self.refresh)

        def _place(self) -> tuple[int, int]:
            """Return where its corner is on the screen: inside the window, over no control."""
            keeper = FocusKeeper.of(self.widget)
            stops = keeper.stops() if keeper is not None else []
            gap = round(GAP * fonts_of(self.widget).scale)
            size = (self.winfo_reqwidth(), self.winfo_reqheight())
            window = self.widget.winfo_toplevel()
            others = [_box(stop) for stop in stops]
            return place(_box(self.widget), others, _box(window), size, gap)

    return Tip
