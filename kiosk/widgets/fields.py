"""Text fields with a caption above and a help or error below."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

import customtkinter

from kiosk.layout import Heights
from kiosk.widgets import theme
from kiosk.widgets.fitted import Fitted, fonts_of
from kiosk.widgets.focus import Control
from kiosk.widgets.icons import icon
from kiosk.widgets.labels import Label
from kiosk.widgets.surface import RoundFrame

HEIGHT = 68
LONGEST_TEXT = 100
LONGEST_PIN = 12
LONGEST_AMOUNT = 14
_DIGITS = frozenset("0123456789")
_AMOUNT = _DIGITS | frozenset(".,")
_INSET = 20
_GAP = 6  # between caption, box and note
_LEAST = 200
_LAID_MS = 30
"""After so long the page is laid out for a new note."""


class Field(Fitted, Control, RoundFrame):
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
        note: str | None = None,
        prefix: str = "",
        longest: int = 0,
        ground: str | None = None,
        grow: int = 0,
    ) -> None:
        """Make the field.

        Args:
            master: The page.
            caption: What stands above it.
            fonts: Of the display.
            kind: `text`, `pin` or `amount`.
            note: The help under it; None where there is no place for one.
            prefix: What stands in the box before the text.
            longest: How many characters fit; 0 for what the kind allows.
            ground: The colour of the page.
            grow: As of every part.
        """
        self.ground = ground = ground or theme.PAPER
        self.kind, self.grow = kind, grow
        self.help = note or ""
        self.touched: Callable[[Field], object] | None = None
        self.on_focus: Callable[[Field], object] | None = None
        self._longest = longest or {
            "text": LONGEST_TEXT, "pin": LONGEST_PIN, "amount": LONGEST_AMOUNT
        }[kind]  # fmt: skip
        self.caption = Label(master, caption, fonts(theme.BODY, "semibold"), anchor="nw")
        RoundFrame.__init__(
            self,
            master,
            height=HEIGHT,
            corner_radius=theme.FIELD_CORNER,
            border_width=2,
            border_color=theme.LINE,
            fg_color=theme.SURFACE,
            bg_color=ground,
        )
        check = (self.register(self._allowed), "%P")
        mask, mask_font = fonts.mask
        self.entry = customtkinter.CTkEntry(
            self,
            height=HEIGHT - 12,
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
        self.beside: Any = None
        """A button in one line with the box, if there is one."""
        self._prefix = Label(self, prefix, fonts(theme.FIELD)) if prefix else None
        self.note: Label | None = None
        if note is not None:
            self.note = Label(
                master, note, fonts(theme.BODY), colour=theme.MUTED, anchor="nw", compound="left"
            )
        inner: tkinter.Misc = self.entry._entry
        self.init_control(inner)
        inner.bind("<ButtonPress-1>", self._touch, add="+")
        self.bind("<ButtonPress-1>", self._touch_box, add="+")

    # The part is the box with its caption above and its note below.

    def least_width(self) -> int:
        """Return the width of the longest word around it."""
        around = [self.caption.least_width(), self.note.least_width() if self.note else 0]
        return max(_LEAST + (self.beside.wanted_width() if self.beside else 0), *around)

    def wanted_width(self) -> int:
        """Return the width of its caption."""
        return max(_LEAST, self.caption.wanted_width())

    def heights(self, width: int) -> Heights:
        """Return the height of box, caption and note; two lines of note look best."""
        fixed = self.caption.heights(width)[0] + _GAP + self._high()
        if self.note is None:
            return fixed, fixed
        note = self.note.heights(width)[0]
        line = fonts_of(self).extent("X", self.note.cget("font"))[1]
        return fixed + _GAP + note, fixed + _GAP + max(note, 2 * line + 4)

    def arrange(self, x: int, y: int, width: int, height: int) -> None:
        """Place caption, box and note."""
        above = self.caption.heights(width)[0]
        self.caption.arrange(x, y, width, above)
        room, top = width, y + above + _GAP
        if self.beside is not None:
            wide = self.beside.wanted_width()
            room -= wide + 2 * _INSET
            self.beside.arrange(x + width - wide, top, wide, max(theme.TOUCH, self._high()))
        super().arrange(x, top, room, self._high())
        if self.note is not None:
            below = above + 2 * _GAP + self._high()
            self.note.arrange(x, y + below, width, max(1, height - below))

    def fill(self, width: int, height: int) -> None:
        """Place the entry in the box."""
        left = _INSET
        if self._prefix is not None:
            wide = self._prefix.wanted_width()
            self._prefix.arrange(left, 8, wide, height - 16)
            left += wide + 8
        self.entry.configure(width=width - left - _INSET + 6, height=height - 12)
        self.entry.place(x=left - 6, y=6)

    def hide(self) -> None:
        """Leave the page, with caption and note."""
        super().hide()
        self.caption.hide()
        if self.note is not None:
            self.note.hide()

    def changed(self) -> None:
        """Have the page laid out again, if the note has no room."""
        if self.note is not None:
            self.note.changed()

    def _high(self) -> int:
        least = theme.TOUCH if self.beside is not None else HEIGHT
        return max(least, fonts_of(self).extent("X", fonts_of(self)(theme.FIELD))[1] + 20)

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
            self.note.configure(text_color=theme.BAD, image=symbol)
            self._note(sentence)
            if self.page is not None:
                self.page.later(_LAID_MS, self._show_note)

    def come_into_view(self) -> None:
        """Have the page scroll to the field, and then to the note under it."""
        super().come_into_view()
        if self.note is not None and self.page is not None:
            self.page.scroll_to(self.note)

    def _show_note(self) -> None:
        self.update_idletasks()
        self.come_into_view()

    def calm(self) -> None:
        """Show the help again in place of an error."""
        self.configure(border_color=theme.LINE)
        if self.note is not None:
            self.note.configure(text_color=theme.MUTED, image="")
            self._note(self.help)

    def _note(self, words: str) -> None:
        assert self.note is not None
        self.note.say(words)
        self.note.fill(*self.note._given)

    @property
    def error(self) -> str:
        """The error that is shown, or nothing."""
        if self.note is None or self.cget("border_color") != theme.BAD:
            return ""
        return self.note.words

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
