"""Checks of the visible widgets of a page, in every shape of display and at every text size."""

import tkinter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Pressable
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.key import Key
from kiosk.widgets.labels import Label
from kiosk.widgets.top_bar import ChipButton

SIZES = ((1280, 800), (1920, 1080), (1024, 768), (1024, 600), (1080, 1920))
"""Windows in pixels: the reference, 16:9, 4:3, the smallest, portrait."""


DATA = ("aximiliana", "Bartholom", "Maria del Carmen")
"""In the names of the pages' people: of text, names alone may be cut with an ellipsis."""


@dataclass(frozen=True)
class Case:
    """One way in which a page is looked at: the window's size, the text size, the colours."""

    size: tuple[int, int]
    step: float
    palette: str = theme.NORMAL

    def __str__(self) -> str:
        return f"{self.size[0]} x {self.size[1]}, {self.step:.0%}, {self.palette}"


def every(palette: str) -> list[Case]:
    """Return the cases of all sizes and text sizes in one *palette*."""
    return [Case(size, step, palette) for size, step in product(SIZES, theme.TEXT_STEPS)]


def pairwise(page: int, language: int) -> Case:
    """Return the case in which the page of that number is looked at in the language of that number.

    Over 15 pages and 5 languages each two of page, language, size, text size and palette meet.
    """
    steps, palettes = theme.TEXT_STEPS, list(theme.PALETTES)
    return Case(
        SIZES[(page + language) % len(SIZES)],
        steps[(page // len(SIZES) + language) % len(steps)],
        palettes[(page + 2 * language) % len(palettes)],
    )


def wear(kiosk: Any, case: Case) -> None:
    """Give the window of *kiosk* the size and the text size of *case*."""
    window = kiosk.app.window
    kiosk.app.idle.touched()  # else staff are signed out where this takes a minute
    if (window._size, window.fonts.step) == (case.size, case.step):
        return
    width, height = case.size
    kiosk.root.geometry(f"{width}x{height}+0+0")
    kiosk.root.update()
    window.resize(width, height)
    if window.fonts.step != case.step:
        window.set_text_step(case.step)
    kiosk.root.update()


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


def box(widget: Any) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of *widget* on the screen."""
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    return left, top, left + widget.winfo_width(), top + widget.winfo_height()


def inside(inner: tuple[int, ...], outer: tuple[int, ...], slack: int = 2) -> bool:
    """Whether the box *inner* lies in *outer*."""
    return (
        inner[0] >= outer[0] - slack
        and inner[1] >= outer[1] - slack
        and inner[2] <= outer[2] + slack
        and inner[3] <= outer[3] + slack
    )


def overlap(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two boxes have more than an edge in common."""
    return a[0] < b[2] - 1 and b[0] < a[2] - 1 and a[1] < b[3] - 1 and b[1] < a[3] - 1


def faults(widget: Any, scale: float) -> Iterator[str]:
    """Yield what is wrong with one widget."""
    where = type(widget).__name__
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
        if widget.winfo_reqwidth() > widget.winfo_width() + 1:
            yield f"{where}: needs {widget.winfo_reqwidth()}, has {widget.winfo_width()}"
        if widget.winfo_reqheight() > max(widget.winfo_height(), 1) + 1:
            yield f"{where}: is cut in height"
        if not inside(box(widget), box(widget.master)):
            yield f"{where}: sticks out of {type(widget.master).__name__}"
        if broken(widget):
            yield f"{where}: a word is broken"
    if isinstance(widget, Label | ChipButton):
        shown = str((widget.face if isinstance(widget, ChipButton) else widget).cget("text"))
        words = widget.words if isinstance(widget, Label) else shown.rstrip("…")
        cut = shown.endswith("…") and shown != words
        if cut and not any(name in words for name in DATA):
            yield f"{where} {shown!r}: is cut"
    if isinstance(widget, Pressable) and (not isinstance(widget, ChipButton) or widget.enabled):
        least = theme.TOUCH * scale - 2
        if widget.winfo_width() < least or widget.winfo_height() < least:
            yield f"{where}: touched at {widget.winfo_width()} x {widget.winfo_height()}"
        if widget.enabled and not isinstance(widget, ChipButton):
            if isinstance(widget, Button):
                drawn = widget.look.border, widget.look.fill
            else:
                drawn = str(widget.cget("border_color")), str(widget.cget("fg_color"))
            ratio = max(theme.contrast(colour, widget.ground) for colour in drawn)
            if ratio < 3:
                yield f"{where}: stands out by {ratio:.1f}"
    if isinstance(widget, Field) or (isinstance(widget, ChipButton) and widget.enabled):
        drawn = widget.face if isinstance(widget, ChipButton) else widget
        if theme.contrast(str(drawn.cget("border_color")), widget.ground) < 3:
            yield f"{where}: does not stand out"
    if isinstance(widget, tkinter.Canvas):
        lines = []
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
            lines.append(widget.bbox(item))
            if not inside(lines[-1], (0, 0, widget.winfo_width(), widget.winfo_height())):
                yield f"{where} {widget.itemcget(item, 'text')!r}: sticks out"
        if any(overlap(one, other) for one, other in combinations(lines, 2)):
            yield f"{where}: two lines of text overlap"


def broken(label: tkinter.Label) -> bool:
    """Whether a word of *label* is wider than its lines may be; paths and user names may be."""
    wrap = int(str(label.cget("wraplength")))
    if not wrap:
        return False
    words = [w for w in str(label.cget("text")).split() if "/" not in w and "." not in w.strip(".")]
    font = label.cget("font")
    return any(int(label.tk.call("font", "measure", font, word)) > wrap for word in words)


def hexed(widget: Any, option: str) -> str:
    """Return a colour of *widget* as #RRGGBB."""
    red, green, blue = widget.winfo_rgb(widget.cget(option))
    return f"#{red >> 8:02X}{green >> 8:02X}{blue >> 8:02X}"


def outside(kiosk: Any) -> Iterator[str]:
    """Yield widgets that stick out of what they stand on: the page, a card, a bar."""
    for widget in visible(kiosk.root):
        if isinstance(widget, Label | Pressable | Field) and not inside(
            box(widget), box(widget.master)
        ):
            yield f"{type(widget).__name__} sticks out of {type(widget.master).__name__}"
    page, area = box(kiosk.screen), box(kiosk.app.window.area)
    if page[0] < area[0] - 2 or page[2] > area[2] + 2:
        yield "the page is wider than the window"
    if page[3] - page[1] > area[3] - area[1] + 2 and not kiosk.screen.turners():
        yield "the page is cut, and does not scroll"


def crowded(kiosk: Any) -> Iterator[str]:
    """Yield controls of the page or dialog in front that overlap."""
    front = kiosk.app.dialog.cover if kiosk.app.dialog is not None else kiosk.screen
    controls = [w for w in visible(front) if isinstance(w, Control)]
    for one, other in combinations(controls, 2):
        a, b = box(one), box(other)
        if overlap(a, b):
            yield f"{type(one).__name__} and {type(other).__name__} overlap: {a} {b}"


def unreached(kiosk: Any) -> Iterator[str]:
    """Yield controls that Tab does not reach, or that do not show in view that it did."""
    focus, dialog = kiosk.app.focus, kiosk.app.dialog
    front = [dialog.cover] if dialog is not None else [kiosk.screen, kiosk.app.window.top]
    stops = focus.stops()
    for widget in (w for each in front for w in visible(each)):
        acts = isinstance(widget, Pressable | Field) and widget.enabled
        if acts and not isinstance(widget, Key) and widget not in stops:
            yield f"Tab does not reach {type(widget).__name__}"
    before = focus.current
    window = box(kiosk.root)
    for stop in stops:
        if not stop.reachable:
            continue  # another pad was opened by the field before
        stop.take_focus()
        kiosk.root.update()
        if not stop.reachable:
            continue
        if stop.ring is None or not stop.ring.winfo_ismapped():
            yield f"{type(stop).__name__} does not show the focus"
        view = window
        if kiosk.screen.turners() and stop in kiosk.screen.stops():
            view = box(kiosk.app.window.area)
        if not inside(box(stop._target), view, 4):
            yield f"{type(stop).__name__} has the focus out of view: {box(stop._target)} {view}"
    if before is not None and before.reachable:
        before.take_focus()
        kiosk.root.update()


def wrong_with(kiosk: Any) -> Iterator[str]:
    """Yield what is wrong with the page in front as it is."""
    scale = kiosk.app.window.scale
    for widget in visible(kiosk.root):
        yield from faults(widget, scale)
    yield from outside(kiosk)
    yield from crowded(kiosk)
