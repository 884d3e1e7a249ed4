"""Customer search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kiosk.layout import Column, Space
from kiosk.screens.staff.customer import CustomerPage
from kiosk.screens.staff.staff_page import StaffPage, states
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.keypads import LetterPad
from kiosk.widgets.lists import Entry, ListView
from kiosk.words.collation import sort_key

if TYPE_CHECKING:
    from atm.people import Customer, StaffMember


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
        self.field: Field = self.add(Field(self, _("Customer's name or username"), self.fonts))
        self.field.text = text
        self.typing = self.field
        self.field.touched = lambda _field: self._open_letters(True)
        self.search = self.button(
            _("Search"), self._search, look="primary", high=theme.TOUCH, busy_when_disabled=True
        )
        self.listing = ListView(self, self.fonts, empty=_("No customer has this name."))
        self.letters: LetterPad | None = None
        self._drawer = Column(grow=1)
        self._drawer.shown = False
        self.field.beside = self.search
        self.lay(self.field, self.listing, self._drawer)
        self._search()

    def stops(self) -> Sequence[Control]:
        """Return the field, then the letters while they are open, else the rows."""
        if self.letters_open and self.letters is not None:
            return [self.field, *self.letters.stops()]
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
        found = sorted(found, key=lambda each: sort_key(each[0].username, self.language.code))
        self.listing.show(
            [
                Entry(
                    customer.username, customer.full_name, *words[state],
                    lambda customer=customer, state=state: self._choose(customer, state),  # type: ignore[misc]
                )
                for customer, state in found
            ]
        )  # fmt: skip

    def _choose(self, customer: Customer, state: str) -> None:
        staff, back = self.staff, self._again(self.field.text)
        self.app.show(lambda app: CustomerPage(app, staff, customer, state, back))

    @property
    def letters_open(self) -> bool:
        """Whether the letters are open in the place of the list."""
        return self._drawer.shown

    def _open_letters(self, wanted: bool) -> None:
        if self.letters is None:
            if not wanted:
                return
            self.letters = LetterPad(
                self, self.fonts, lambda: self.field, self._, letters=self.language.letters,
                onward=self._("Search"), on_onward=self._search,
            )  # fmt: skip
            self._drawer.parts = [Space(grow=1), self.letters]
        self.show_part(self._drawer, wanted)
        self.show_part(self.listing, not wanted)
