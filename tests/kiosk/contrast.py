"""Contrast as it is on the screen: measured on the pixels of a real window."""

from __future__ import annotations

import os
import tkinter
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageGrab

from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Pressable
from kiosk.widgets.fields import Field
from kiosk.widgets.status_line import StatusLine
from kiosk.widgets.top_bar import ChipButton
from tests.kiosk.looking import box as screen_box
from tests.kiosk.looking import faded, inside, owner, visible

LEAST = {"normal": (4.5, 3.0), "yellow": (7.0, 7.0), "inverse": (7.0, 7.0)}
"""For words, and for the edges of controls."""


def picture(root: Any) -> Image.Image:
    """Return the window's picture, once the display has drawn it."""
    root.update()
    root.winfo_pointerxy()
    left, top = root.winfo_rootx(), root.winfo_rooty()
    box = (left, top, left + root.winfo_width(), top + root.winfo_height())
    return ImageGrab.grab(box, xdisplay=os.environ["DISPLAY"]).convert("RGB")


def spread(shot: Image.Image) -> float:
    """Return the contrast of the most common colour of *shot* with that which differs most."""
    colours = shot.getcolors(shot.width * shot.height)
    ground = _hex(max(colours)[1])
    return max(theme.contrast(ground, _hex(colour)) for _count, colour in colours)


def weak(kiosk: Any, page: str, text: float, edge: float) -> Iterator[str]:
    """Yield each text and each control of the window with less contrast than asked for.

    Args:
        kiosk: The window.
        page: What the page is called.
        text: Least contrast of words.
        edge: Least contrast of a control's edge, or of its ground, with what it stands on.
    """
    root = kiosk.root
    shot = picture(root)
    view = screen_box(kiosk.app.window.area)
    front = getattr(kiosk.app.dialog, "cover", kiosk.app.dialog) or root
    covered = kiosk.app.dialog is not None and hasattr(kiosk.app.dialog, "cover")
    for widget in visible(front):
        box = _box(widget, root)
        if box is None or (not covered and not _on_top(widget, root)):
            continue
        if str(widget).startswith(str(kiosk.screen)) and not inside(screen_box(widget), view):
            continue  # a page that scrolls goes on under the bars
        words = isinstance(widget, tkinter.Label) and widget.cget("text").strip()
        if words or (isinstance(widget, tkinter.Entry) and widget.get()):
            if isinstance(widget, Button):  # without its edge
                inset = round(widget.side * kiosk.app.window.scale)
                box = (box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset)
            found = spread(shot.crop(box))
            if found < text and not faded(widget):
                yield f"{page}: {words or 'a field'!r} has {found:.1f}"
        control = isinstance(widget, Pressable | Field) and not isinstance(widget, StatusLine)
        if control and widget.enabled:
            drawn = widget.face if isinstance(widget, ChipButton) else widget
            box = _box(drawn, root)
            assert box is not None
            middle = (box[1] + box[3]) // 2
            line = shot.crop((max(0, box[0] - 2), middle, box[0] + 6, middle + 1))
            ground = _hex(line.getpixel((0, 0)))
            found = max(
                theme.contrast(ground, _hex(line.getpixel((x, 0)))) for x in range(line.width)
            )
            if found < edge:
                yield f"{page}: the edge of {type(widget).__name__} has {found:.1f}"


def _on_top(widget: Any, root: Any) -> bool:
    """Whether the middle of *widget* is not covered by another control."""
    x = widget.winfo_rootx() + widget.winfo_width() // 2
    y = widget.winfo_rooty() + widget.winfo_height() // 2
    there = root.winfo_containing(x, y)
    while there is not None:
        if there is widget or owner(widget) is there:
            return True
        there = there.master
    return False


def _box(widget: Any, root: Any) -> tuple[int, int, int, int] | None:
    """Return where *widget* is in the window's picture, or None where it is outside."""
    left, top = widget.winfo_rootx() - root.winfo_rootx(), widget.winfo_rooty() - root.winfo_rooty()
    right, bottom = left + widget.winfo_width(), top + widget.winfo_height()
    if left < 0 or top < 0 or right > root.winfo_width() or bottom > root.winfo_height():
        return None
    return (left, top, right, bottom) if right > left and bottom > top else None


def _hex(colour: Any) -> str:
    return "#{:02X}{:02X}{:02X}".format(*colour[:3])
