"""Customer search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kiosk.screens.staff.customer import CustomerPage
from kiosk.screens.staff.staff_page import FULL, StaffPage, states
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, at
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.keypads import LetterPad
from kiosk.widgets.lists import Entry, ListView

if TYPE_CHECKING:
    from atm.people import Customer, StaffMember

ROWS = 6
_FIELD_Y, _LIST_Y, _PAD_Y = 132, 226, 344
_BUTTON_WIDE = 240


class Customers(StaffPage):
    """Search field, and the customers it found."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make, text: str = "") -> None:
        """Build the page for *staff*, with *text* searched for already."""
        super().__init__(app)
        self.sign(staff, back)
        self._again: Callable[[str], Make] = lambda text: (
            lambda app: Customers(app, staff, back, text)
        )
        _ = self._
        self.field = Field(
            self, _("Customer's name or username"), self.fonts, width=FULL - _BUTTON_WIDE - 24,
            height=theme.TOUCH,
        )  # fmt: skip
        self.field.text = text
        self.put(self.field, theme.MARGIN, _FIELD_Y)
        self.typing = self.field
        self.field.touched = lambda _field: self._open_letters(True)
        self.search = self.button(
            _("Search"), self._search, theme.PAGE_WIDTH - theme.MARGIN - _BUTTON_WIDE, _FIELD_Y,
            _BUTTON_WIDE, look="primary", busy_when_disabled=True,
        )  # fmt: skip
        self.listing = ListView(
            self, self.fonts, _LIST_Y, ROWS, empty=_("No customer has this name.")
        )
        self.letters: LetterPad | None = None
        self.letters_open = False
        self._go: Button | None = None
        self._search()
        if app.by_touch and not text:
            self.later(1, lambda: self._open_letters(True))

    def stops(self) -> Sequence[Control]:
        """Return the field, then the letters while they are open, else the rows."""
        if self.letters_open and self.letters is not None and self._go is not None:
            return [self.field, *self.letters.keys, self._go]
        return [self.field, self.search, *self.listing.controls]

    def cancel(self) -> None:
        """Close the letters, or go back."""
        if self.letters_open:
            self._open_letters(False)
        else:
            super().cancel()

    def enter_in(self, field: Field) -> None:
        """Search."""
        self._search()

    def typed_by_key(self, field: Field) -> None:
        """Close the letters: there is a keyboard."""
        self._open_letters(False)

    def _search(self) -> None:
        self._open_letters(False)
        self.search.enable(False)
        office, staff, text = self.app.machine.office, self.staff, self.field.text.strip()
        self.work(
            lambda _attempt: (
                office.search(text, staff=staff) if text else office.customers(staff=staff)
            ),
            done=self._found, failed=self.problem,
        )  # fmt: skip

    def _found(self, found: list[tuple[Customer, str]]) -> None:
        self.search.enable(True)
        words = states(self._)
        self.listing.show(
            [
                Entry(
                    customer.username, customer.full_name, *words[state],
                    lambda customer=customer, state=state: self._choose(customer, state),  # type: ignore[misc]
                )
                for customer, state in found
            ]
        )  # fmt: skip
        if self.letters_open:
            self.listing.hide()

    def _choose(self, customer: Customer, state: str) -> None:
        staff, back = self.staff, self._again(self.field.text)
        self.app.show(lambda app: CustomerPage(app, staff, customer, state, back))

    def _open_letters(self, wanted: bool) -> None:
        if wanted == self.letters_open:
            return
        self.letters_open = wanted
        if self.letters is None or self._go is None:
            self.letters = LetterPad(
                self, self.fonts, lambda: self.field, self._, letters=self.language.letters
            )
            self._go = Button(
                self, self._("Search"), self._search, self.fonts, look="primary",
                width=self.letters.next_width, height=theme.KEY,
            )  # fmt: skip
        if wanted:
            self.listing.hide()
            self.letters.put(theme.MARGIN, _PAD_Y - theme.TOP_BAR)
            self.letters.lift()
            at(self._go, self.letters.next_spot, 620 - theme.TOP_BAR)
            self._go.lift()
        else:
            self.letters.place_forget()
            self._go.place_forget()
            self.listing.draw()
