"""What a page says: its lines, and a control's caption and state, taken from the widgets."""

from __future__ import annotations

import re
import tkinter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import customtkinter

from kiosk.shell import Overlay, Page
from kiosk.widgets.buttons import Button, Pressable
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.key import Key
from kiosk.widgets.keypads import BACK, CLEAR, SPACE
from kiosk.widgets.labels import Label
from kiosk.widgets.status_line import StatusLine
from kiosk.widgets.top_bar import ChipButton
from kiosk.words.language import Language
from kiosk.words.spoken import MOVEMENTS, spoken

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Line:
    """A text of the page.

    Attributes:
        text: As it is said.
        live: Whether it is the sentence that says what to do now: the newest one counts.
        urgent: Whether it asks for a movement: it is said at once.
    """

    text: str
    live: bool = False
    urgent: bool = False

    @property
    def key(self) -> str:
        """What two lines that differ in numbers alone, as of a countdown, have in common."""
        return _DIGITS.sub("#", self.text)


def lines(widget: Any, front: Page | Overlay, language: Language) -> list[Line]:
    """Return all texts of *front* that are on the screen, in reading order.

    Args:
        widget: The Tk widget that holds them.
        front: The page, or what lies over it. Its controls are not read: they are when the focus
            comes to them.
        language: That of the page.
    """
    fields = [control for control in front.controls if isinstance(control, Field)]
    captions = {id(part) for field in fields for part in (field.caption, field.note)}
    places = {id(part): number for number, part in enumerate(_parts(front.layout))}
    found: list[Line] = []
    for text in sorted(_texts(widget), key=lambda text: _place(text, places)):
        if id(text) in captions:
            continue
        if isinstance(text, StatusLine):
            line = Line(sentence(text, language), True, text.tone in MOVEMENTS)
        else:
            whole = text.words if isinstance(text, Label) else text.cget("text")
            line = Line(spoken(str(whole), language))
        if line.text:
            found.append(line)
    return found


def sentence(line: StatusLine, language: Language) -> str:
    """Return what a status line says; a movement in words in the place of an arrow."""
    movement = MOVEMENTS.get(line.tone)
    return spoken(language.gettext(movement) if movement else line.sentence, language)


def describe(control: Control, language: Language, *, secret: bool) -> str:
    """Return a control's caption, kind and state; nothing for a key of a PIN.

    Args:
        control: The one with the focus.
        language: That of the page.
        secret: Whether keys type into a PIN now.
    """
    _ = language.gettext
    if isinstance(control, StatusLine):
        return sentence(control, language)
    if isinstance(control, Field):
        return _field(control, language)
    if isinstance(control, Key):
        if secret and control.value not in (BACK, CLEAR):
            return ""
        names = {SPACE: _("space"), "-": _("hyphen"), ".": _("full stop"), "_": _("underscore")}
        return names.get(control.value) or spoken(control.words, language)
    words = [text for text in (str(w.cget("text")) for w in _leaves(control)) if text]
    if isinstance(control, Pressable):
        words.append(_("button"))
    if isinstance(control, Button | ChipButton) and control.chosen:
        words.append(_("chosen"))
    return spoken(", ".join(words), language)


def _field(field: Field, language: Language) -> str:
    _ = language.gettext
    if not field.text:
        content = _("empty")
    elif field.kind == "pin":
        content = language.ngettext("{n} digit typed", "{n} digits typed", len(field.text))
    else:
        content = field.text
    note = str(field.note.cget("text")) if field.note is not None else ""
    parts = [str(field.caption.cget("text")), _("type here"), content, note]
    return spoken(", ".join(part.rstrip(".") for part in parts if part), language)


def _parts(part: Any) -> Iterator[Any]:
    """Yield *part* of a layout and all that is in it, in reading order."""
    yield part
    for inner in getattr(part, "parts", ()):
        yield from _parts(inner)


def _place(widget: Any, places: Mapping[int, int]) -> int:
    """Return where *widget*, or the nearest one around it, is in the layout; else the end."""
    while widget is not None:
        if id(widget) in places:
            return places[id(widget)]
        widget = widget.master
    return len(places)


def _texts(widget: Any) -> Iterator[Any]:
    """Yield the labels in *widget* that are seen, in the order in which they were made."""
    for child in list(widget.children.values()):
        if not child.winfo_viewable():
            continue
        if isinstance(child, StatusLine):
            yield child
        elif isinstance(child, Control):
            continue
        elif isinstance(child, customtkinter.CTkLabel):
            yield child
        else:
            yield from _texts(child)


def _leaves(widget: Any) -> Iterator[tkinter.Label]:
    """Yield the Tk labels that a control is drawn with; a button is one itself."""
    if isinstance(widget, tkinter.Label):
        yield widget
    for child in list(widget.children.values()):
        yield from _leaves(child)
