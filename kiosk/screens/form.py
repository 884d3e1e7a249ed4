"""Base class of pages with fields in one row and a keypad below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.screens.base import Screen
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Label, at
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.keypads import DigitPad, LetterPad
from kiosk.widgets.status_line import card
from kiosk.words import messages

FIELD_Y, PAD_Y = 190, 344
GAP = 24
_BUTTON_Y = 620
_FULL = theme.PAGE_WIDTH - 2 * theme.MARGIN


class Form(Screen):
    """Page with fields, a keypad, an explanation and one action."""

    action = ""
    """The primary button's word, in English."""

    action_look = "primary"
    """Its look."""

    def __init__(self, app: Shell) -> None:
        """Build the page; `prepare` draws its head and adds its fields."""
        super().__init__(app)
        self.fields: list[Field] = []
        self.letters: LetterPad | None = None
        self.prepare()
        self.digits = DigitPad(self, self.fonts, lambda: self.typing, self._)
        self.digits.put(theme.MARGIN, PAD_Y - theme.TOP_BAR)
        self._explain()
        self.go = self.button(
            self._(self.action), self._pressed, theme.RIGHT_X, _BUTTON_Y, theme.RIGHT_COLUMN,
            look=self.action_look, height=theme.KEY, busy_when_disabled=True,
        )  # fmt: skip
        self._pad = "digits"

    # What subclasses say.

    def prepare(self) -> None:
        """Draw the head and add the fields."""
        raise NotImplementedError

    def explanation(self) -> tuple[str, str]:
        """Return a title and a few sentences shown beside the digits."""
        raise NotImplementedError

    def go_on(self) -> None:
        """Do what the primary button is for."""
        raise NotImplementedError

    # What they use.

    def add_fields(self, specs: Sequence[tuple[str, str, str]], prefix: str = "") -> None:
        """Add fields side by side, each a caption, a kind and a help."""
        third = (_FULL - 2 * GAP) // 3
        places = [(theme.MARGIN + n * (third + GAP), third) for n in range(3)]
        if len(specs) == 2:  # over the pad, and over what stands beside it
            places = [
                (theme.MARGIN, theme.LEFT_COLUMN), (theme.RIGHT_X, theme.RIGHT_COLUMN)
            ]  # fmt: skip
        for (x, width), (caption, kind, note) in zip(places, specs, strict=True):
            field = Field(
                self, caption, self.fonts, kind=kind, width=width, note=note,
                prefix=prefix if kind == "amount" else "",
            )  # fmt: skip
            self.put(field, x, FIELD_Y)
            field.touched = self._touched
            field.on_focus = self._use
            self.fields.append(field)
        self.typing = self.fields[0]

    def stops(self) -> Sequence[Control]:
        """Return fields, then pad, then the button."""
        pad = self.letters if self._pad == "letters" and self.letters else self.digits
        return [*self.fields, *pad.keys, self.go]

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
        self.go.enable(not busy)

    def _pressed(self) -> None:
        """Do the action; from the letters, go to the next field first."""
        if self._pad == "letters" and self.typing is not self.fields[-1]:
            assert self.typing is not None
            self.enter_in(self.typing)
        else:
            self.go_on()

    def _touched(self, field: Field) -> None:
        self._use(field)

    def _use(self, field: Field) -> None:
        self.typing = field
        self._open("letters" if field.kind == "text" else "digits")

    def _open(self, pad: str) -> None:
        if pad == self._pad:
            return
        self._pad = pad
        letters = pad == "letters"
        if letters and self.letters is None:
            self.letters = LetterPad(
                self, self.fonts, lambda: self.typing, self._, letters=self.language.letters
            )
        if self.letters is not None:
            if letters:
                self.letters.put(theme.MARGIN, PAD_Y - theme.TOP_BAR)
                self.letters.lift()
            else:
                self.letters.place_forget()
            spot, width = self.letters.next_spot, self.letters.next_width
        x, wide = (spot, width) if letters else (theme.RIGHT_X, theme.RIGHT_COLUMN)
        self.go.resize(wide)
        self.go.configure(text=self._("Next") if letters else self._(self.action))
        self.go.wear("primary" if letters else self.action_look)
        at(self.go, x, _BUTTON_Y - theme.TOP_BAR)
        self.go.lift()

    def _explain(self) -> None:
        title, text = self.explanation()
        pane = card(self, theme.RIGHT_COLUMN, 252)
        self.put(pane, theme.RIGHT_X, PAD_Y)
        inner = theme.RIGHT_COLUMN - 64
        at(
            Label(
                pane, title, self.fonts(theme.FIELD, "semibold"), width=inner, height=40
            ), 32, 24,
        )  # fmt: skip
        self.explained = Label(
            pane, text, self.fonts(theme.BODY), colour=theme.MUTED, width=inner, height=160,
            anchor="nw", wrap=True,
        )  # fmt: skip
        at(self.explained, 32, 72)
