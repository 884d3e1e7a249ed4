"""Text fields with a caption above and a help or error below."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

import customtkinter

from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.focus import Control
from kiosk.widgets.icons import icon

HEIGHT = 68
LONGEST_TEXT = 100
LONGEST_PIN = 12
LONGEST_AMOUNT = 14
_DIGITS = frozenset("0123456789")
_AMOUNT = _DIGITS | frozenset(".,")
_INSET = 20
_PREFIX = 34


class Field(Control, customtkinter.CTkFrame):  # type: ignore[misc]
    """One line to type into.

    `kind` says what it takes and which pad it opens: `text` (letters), `pin` (masked digits) or
    `amount` (digits, right-aligned after the currency's symbol).
    """

    def __init__(
        self,
        master: Any,
        caption: str,
        fonts: theme.Fonts,
        *,
        kind: str = "text",
        width: int = theme.LEFT_COLUMN,
        height: int = HEIGHT,
        note: str | None = None,
        note_lines: int = 2,
        prefix: str = "",
        longest: int = 0,
        room: int = 0,
        ground: str | None = None,
    ) -> None:
        """Make the field.

        Args:
            master: The page.
            caption: What stands above it.
            fonts: Of the display.
            kind: `text`, `pin` or `amount`.
            width: Of the box.
            height: Of the box.
            note: The help under it; None where there is no place for one.
            note_lines: How many lines the note may have.
            prefix: What stands in the box before the text.
            longest: How many characters fit; 0 for what the kind allows.
            room: How wide caption and note may be; 0 for the box's width.
            ground: The colour of the page.
        """
        self.ground = ground = ground or theme.PAPER
        self.kind = kind
        self.help = note or ""
        self.room = room = room or width
        self.touched: Callable[[Field], object] | None = None
        self.on_focus: Callable[[Field], object] | None = None
        self._longest = longest or {
            "text": LONGEST_TEXT, "pin": LONGEST_PIN, "amount": LONGEST_AMOUNT
        }[kind]  # fmt: skip
        self.caption = Label(master, caption, fonts(theme.BODY, "semibold"), width=room, height=34)
        customtkinter.CTkFrame.__init__(
            self,
            master,
            width=width,
            height=height,
            corner_radius=theme.FIELD_CORNER,
            border_width=2,
            border_color=theme.LINE,
            fg_color=theme.SURFACE,
            bg_color=ground,
        )
        left = _INSET + (_PREFIX if prefix else 0)
        check = (self.register(self._allowed), "%P")
        mask, mask_font = fonts.mask
        self.entry = customtkinter.CTkEntry(
            self,
            width=width - left - _INSET + 6,
            height=height - 12,
            corner_radius=0,
            border_width=0,
            fg_color=theme.SURFACE,
            text_color=theme.INK,
            font=mask_font if kind == "pin" else fonts(theme.FIELD),
            show=mask if kind == "pin" else "",
            justify="right" if kind == "amount" else "left",
            validate="key",
            validatecommand=check,
            insertwidth=2,
            exportselection=False,
        )
        self.entry.grid_propagate(False)  # the mask's font is higher than the field
        at(self.entry, left - 6, 6)
        if prefix:
            sign = Label(self, prefix, fonts(theme.FIELD), width=_PREFIX, height=40)
            at(sign, _INSET, (height - 40) // 2)
        self.note: Label | None = None
        if note is not None:
            self.note = Label(
                master,
                note,
                fonts(theme.BODY),
                colour=theme.MUTED,
                width=room,
                height=32 * note_lines,
                anchor="nw",
                wrap=note_lines > 1,
                compound="left",
            )
        inner: tkinter.Misc = self.entry._entry
        self.init_control(inner, width, height)
        inner.bind("<ButtonPress-1>", self._touch, add="+")
        self.bind("<ButtonPress-1>", self._touch_box, add="+")

    def put(self, x: int, y: int) -> None:
        """Put the box at *x*, *y*, its caption above and its note below."""
        at(self.caption, x, y - 40)
        at(self, x, y)
        if self.note is not None:
            at(self.note, x, y + self._size[1] + 8)

    @property
    def text(self) -> str:
        """The text in the field."""
        return str(self.entry.get())

    @text.setter
    def text(self, value: str) -> None:
        self.entry.delete(0, "end")
        self.entry.insert(0, value)

    def type(self, characters: str) -> None:
        """Put *characters* in at the cursor, as a key would."""
        if self.enabled:
            if self.entry.select_present():
                self.entry.delete("sel.first", "sel.last")
            self.entry.insert("insert", characters)

    def back(self) -> None:
        """Take away the character before the cursor, or what is selected."""
        if not self.enabled:
            return
        if self.entry.select_present():
            self.entry.delete("sel.first", "sel.last")
        else:
            position = self.entry.index("insert")
            if position:
                self.entry.delete(position - 1)

    def clear(self) -> None:
        """Empty the field."""
        self.entry.delete(0, "end")

    def complain(self, sentence: str) -> None:
        """Show *sentence* under the field as its error."""
        self.configure(border_color=theme.BAD)
        if self.note is not None:
            symbol = icon("warn", theme.BAD, 24, (0, 10))
            self.note.configure(
                text=sentence, text_color=theme.BAD, image=symbol, wraplength=self.room - 36
            )

    def calm(self) -> None:
        """Show the help again in place of an error."""
        self.configure(border_color=theme.LINE)
        if self.note is not None:
            self.note.configure(
                text=self.help, text_color=theme.MUTED, image="", wraplength=self.room
            )

    @property
    def error(self) -> str:
        """The error that is shown, or nothing."""
        if self.note is None or self.cget("border_color") != theme.BAD:
            return ""
        return str(self.note.cget("text"))

    def enable(self, enabled: bool) -> None:
        """Let the field be typed into, or lock it."""
        self.enabled = enabled
        if not enabled:
            self.give_up_focus()
        self.entry.configure(state="normal" if enabled else "readonly")

    def _allowed(self, text: str) -> bool:
        if len(text) > self._longest:
            return False
        if self.kind == "pin":
            return _DIGITS.issuperset(text)
        if self.kind == "amount":
            return _AMOUNT.issuperset(text)
        return text.isprintable()

    def take_focus(self) -> None:
        """Put the focus here; the page knows at once, not only when Tk says so."""
        super().take_focus()
        if self.on_focus is not None:
            self.on_focus(self)

    def _focus_in(self, event: object = None) -> None:
        super()._focus_in(event)
        if self.on_focus is not None:
            self.on_focus(self)

    def _touch(self, _event: object) -> None:
        if self.enabled and self.touched is not None:
            self.touched(self)

    def _touch_box(self, event: object) -> None:
        if self.enabled:
            self.take_focus()
            self.entry.icursor("end")
            self._touch(event)
