"""Checks of the visible widgets: sizes, contrast and fit, from real colours and fonts."""

import tkinter
from collections.abc import Iterable, Iterator
from typing import Any

from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, Pressable
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.status_line import StatusLine
from kiosk.widgets.top_bar import ChipButton


def visible(widget: Any) -> Iterator[Any]:
    """Yield *widget* and everything in it that is on the screen."""
    if widget.winfo_viewable():
        yield widget
        for child in tkinter.Misc.winfo_children(widget):
            yield from visible(child)


def owner(widget: Any) -> Any:
    """Return the control that *widget* is a part of, or None."""
    while widget is not None:
        if isinstance(widget, Control):
            return widget
        widget = widget.master
    return None


def faded(widget: Any) -> bool:
    """Whether *widget* belongs to a control that is disabled."""
    control = owner(widget)
    return isinstance(control, Pressable | Field) and not control.enabled


def pixels(widget: Any, font: Any) -> int:
    """Return the size of *font* in pixels."""
    size = int(widget.tk.splitlist(str(font))[1])
    assert size < 0, "a font is set in points"
    return -size


def faults(widget: Any, scale: float, page: str) -> Iterator[str]:
    """Yield what is wrong with one widget."""
    where = f"{page}: {type(widget).__name__}"
    if isinstance(widget, tkinter.Label | tkinter.Entry):
        text = widget.cget("text") if isinstance(widget, tkinter.Label) else widget.get()
        if text:
            where += f" {text!r}"
            if pixels(widget, widget.cget("font")) < round(theme.SMALLEST * scale):
                yield f"{where}: set in {widget.cget('font')}"
            ratio = theme.contrast(hexed(widget, "fg"), hexed(widget, "bg"))
            if ratio < 4.5 and not faded(widget):
                yield f"{where}: contrast {ratio:.1f}"
    if isinstance(widget, tkinter.Label) and widget.cget("text"):
        box = widget.master
        if widget.winfo_reqwidth() > widget.winfo_width() + 1:
            yield f"{where}: needs {widget.winfo_reqwidth()}, has {widget.winfo_width()}"
        if widget.winfo_reqheight() > max(widget.winfo_height(), 1) + 1:
            yield f"{where}: is cut in height"
        drawn = getattr(box, "box", None)
        if isinstance(box, Label) and drawn and drawn[0] and not isinstance(box.master, ChipButton):
            if box.winfo_width() > drawn[0] * scale + 2:
                yield f"{where}: {box.winfo_width()} wide, has {drawn[0] * scale:.0f}"
            if box.winfo_height() > drawn[1] * scale + 2:
                yield f"{where}: {box.winfo_height()} high, has {drawn[1] * scale:.0f}"
    if isinstance(widget, StatusLine) and widget.winfo_width() > widget.box[0] * scale + 2:
        yield f"{where} {widget.sentence!r}: wider than its place"
    if isinstance(widget, Pressable) and (not isinstance(widget, ChipButton) or widget.enabled):
        least = theme.TOUCH * scale - 1
        if widget.winfo_width() < least or widget.winfo_height() < least:
            yield f"{where}: touched at {widget.winfo_width()} x {widget.winfo_height()}"
        if widget.enabled and not isinstance(widget, ChipButton):
            ratio = max(
                theme.contrast(str(widget.cget(part)), widget.ground)
                for part in ("border_color", "fg_color")
            )
            if ratio < 3:
                yield f"{where}: stands out by {ratio:.1f}"
    if isinstance(widget, Field) or (isinstance(widget, ChipButton) and widget.enabled):
        drawn = widget.face if isinstance(widget, ChipButton) else widget
        if theme.contrast(str(drawn.cget("border_color")), widget.ground) < 3:
            yield f"{where}: does not stand out"
    if isinstance(widget, tkinter.Canvas):
        for item in widget.find_all():
            if widget.type(item) != "text" or not widget.itemcget(item, "text"):
                continue
            font = widget.itemcget(item, "font")
            if "CustomTkinter" in font:
                continue  # a corner
            if pixels(widget, font) < round(theme.SMALLEST * scale):
                yield f"{where}: set in {font}"
            if theme.contrast(widget.itemcget(item, "fill"), theme.PANE) < 4.5:
                yield f"{where}: contrast"


def hexed(widget: Any, option: str) -> str:
    """Return a colour of *widget* as #RRGGBB."""
    red, green, blue = widget.winfo_rgb(widget.cget(option))
    return f"#{red >> 8:02X}{green >> 8:02X}{blue >> 8:02X}"


def outside(kiosk: Any, page: str) -> Iterator[str]:
    """Yield widgets that stick out of the window or of the page between the bars."""
    area = kiosk.app.window.area
    right, bottom = (
        area.winfo_rootx() + area.winfo_width(),
        area.winfo_rooty() + area.winfo_height(),
    )
    for widget in visible(kiosk.screen):
        if isinstance(widget, Label | Pressable | Field):
            if widget.winfo_rootx() + widget.winfo_width() > right:
                yield f"{page}: {type(widget).__name__} sticks out at the right"
            if widget.winfo_rooty() + widget.winfo_height() > bottom:
                yield f"{page}: {type(widget).__name__} sticks out at the foot"


def judged(kiosk: Any, pages: Iterable[str]) -> tuple[int, set[str]]:
    """Look at every widget of *pages*; returns how many there were, and what is wrong."""
    wrong: set[str] = set()
    seen = 0
    for page in pages:
        for widget in visible(kiosk.root):
            seen += 1
            wrong |= set(faults(widget, kiosk.app.window.scale, page))
        wrong |= set(outside(kiosk, page))
    return seen, wrong
