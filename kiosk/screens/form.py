"""Base class of pages with fields in one row and a keypad below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kiosk.layout import Column, Either, Reflow, Space
from kiosk.screens.base import Screen
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.keypads import DigitPad, LetterPad
from kiosk.widgets.status_line import Pane, card
from kiosk.words import messages

GAP = 24


class Form(Screen):
    """Page with fields, a keypad, an explanation and one action."""

    action = ""
    """The primary button's word, in English."""

    action_look = "primary"
    """Its look."""

    def __init__(self, app: Shell) -> None:
        """Build the page; `prepare` makes its head and adds its fields."""
        super().__init__(app)
        self.fields: list[Field] = []
        head = self.prepare()
        self.digits = DigitPad(self, self.fonts, lambda: self.typing, self._)
        pane = self._explain()
        self._act = self.button(
            self._(self.action), self._pressed, look=self.action_look, busy_when_disabled=True
        )
        self.letters: LetterPad | None = None
        self._by_digits = Reflow(
            Column(self.digits, grow=5, least=theme.COLUMN),
            Column(pane, Space(grow=1), self._act, grow=6, least=theme.COLUMN),
            gap=theme.COLUMN_GAP, grow=1,
        )  # fmt: skip
        self._by_letters, self._digits_below = Column(), Column(self.digits, self._act, grow=1)
        self._by_letters.shown = False
        typed = Reflow(*self.fields, gap=GAP)
        wide = Column(head, typed, self._by_digits, self._by_letters)
        high = Column(head, pane, Space(grow=1), typed, self._digits_below, self._by_letters)
        self.lay(Either(wide, high, self.room))
        self._use(self.fields[0])

    # What subclasses say.

    def prepare(self) -> Any:
        """Add the fields; returns the head, a part of the layout."""
        raise NotImplementedError

    @property
    def go(self) -> Button:
        """The button that leads on: of the letters while they are open, else the page's own."""
        return self.letters.onward if self.letters_open and self.letters else self._act

    @property
    def letters_open(self) -> bool:
        """Whether the letters are open in the place of the digits."""
        return self._by_letters.shown

    def explanation(self) -> tuple[str, str]:
        """Return a title and a few sentences shown beside the digits."""
        raise NotImplementedError

    def go_on(self) -> None:
        """Do what the primary button is for."""
        raise NotImplementedError

    # What they use.

    def add_fields(self, specs: Sequence[tuple[str, str, str]], prefix: str = "") -> None:
        """Add fields side by side, each a caption, a kind and a help."""
        for caption, kind, note in specs:
            field = self.add(
                Field(
                    self, caption, self.fonts, kind=kind, note=note, grow=1,
                    prefix=prefix if kind == "amount" else "",
                )
            )  # fmt: skip
            field.touched = self._use
            field.on_focus = self._use
            self.fields.append(field)
        self.typing = self.fields[0]

    def stops(self) -> Sequence[Control]:
        """Return fields, then pad, then the button."""
        if self.letters_open and self.letters:
            return [*self.fields, *self.letters.stops()]
        return [*self.fields, *self.digits.keys, self._act]

    def complain(self, field: Field, sentence: str) -> None:
        """Show what is wrong with *field* and put the focus there."""
        field.complain(sentence)
        field.take_focus()

    def check(self, field: Field, judge: Callable[[str], object], what: str) -> bool:
        """Judge what was typed into *field*; say what is wrong with it, if anything is."""
        field.calm()
        try:
            judge(field.text)
        except Exception as error:
            sentence = messages.field_error(error, what, self.language)
            if sentence is None:
                raise
            self.complain(field, sentence)
            return False
        return True

    def agree(self, pin: Field, again: Field) -> bool:
        """Return whether *pin* was typed twice; where not, empty both fields and say so."""
        again.calm()
        if pin.text == again.text:
            return True
        pin.clear()
        again.clear()
        self.complain(pin, self._(messages.PINS_DIFFER))
        return False

    def busy(self, busy: bool) -> None:
        """Lock the page while a worker runs."""
        for field in self.fields:
            field.enable(not busy)
        self.digits.enable(not busy)
        if self.letters is not None:
            self.letters.enable(not busy)
        self._act.enable(not busy)

    def _pressed(self) -> None:
        """Do the action; from the letters, go to the next field first."""
        if self.letters_open and self.typing is not self.fields[-1]:
            assert self.typing is not None
            self.enter_in(self.typing)
        else:
            self.go_on()

    def _use(self, field: Field) -> None:
        """Open the pad of *field*, which is typed into from now on."""
        self.typing = field
        letters = field.kind == "text"
        if letters and self.letters is None:
            self.letters = LetterPad(
                self, self.fonts, lambda: self.typing, self._, letters=self.language.letters,
                onward=self._("Next"), on_onward=self._pressed,
            )  # fmt: skip
            self._by_letters.parts = [self.letters]
            self._by_letters.grow = 1
        self.show_part(self._by_letters, letters)
        self.show_part(self._by_digits, not letters)
        self.show_part(self._digits_below, not letters)

    def _explain(self) -> Any:
        title, text = self.explanation()
        pane = Pane(self)
        self.explained = self.words(text, colour=theme.MUTED, anchor="nw", on=pane)
        heading = self.words(title, size=theme.FIELD, weight="semibold", on=pane)
        return card(pane, heading, self.explained)
