"""Pages where staff mark the movements that a customer is excused from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from face_auth.types import Movement
from kiosk.layout import Reflow
from kiosk.screens.base import Screen
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.focus import Control
from kiosk.widgets.lists import Entry, ListView
from kiosk.widgets.status_line import StatusLine
from kiosk.words.messages import Notice

if TYPE_CHECKING:
    from atm.people import Customer, Signatures, StaffMember

LEAST = 2
"""Movements that must remain, or the order could be guessed."""


class Movements(StaffPage):
    """A row for each movement; touching one excuses the customer from it, or undoes that."""

    def __init__(self, app: Shell, staff: StaffMember, username: str, back: Make) -> None:
        """Build the page of *username*, its rows still empty."""
        super().__init__(app)
        self.sign(staff, back)
        self._excused: set[str] = set()
        self._marked: frozenset[str] = frozenset()
        _ = self._
        self.line = self.add(StatusLine(self, self.fonts))
        self.listing = ListView(self, self.fonts, empty=_("One moment, please"))
        self.stop = self.button(_("Cancel"), self.back, look="quiet", high=theme.TOUCH, grow=1)
        self.save = self.button(_("Save"), self._keep, look="primary", high=theme.TOUCH, grow=1)
        self.lay(
            self.heading(_("Movements left out for {name}").format(name=username), cut=True),
            self.line,
            self.listing,
            Reflow(self.stop, self.save, gap=24),
        )
        self.save.enable(False)
        self._say()

    def stops(self) -> Sequence[Control]:
        """Return the rows, then the two ways on."""
        return [*self.listing.controls, self.stop, self.save]

    def take_over(self, old: Screen) -> None:
        """Mark what was marked."""
        super().take_over(old)
        if isinstance(old, Movements) and old.listing.rows:
            self._excused, self._marked = old._excused, old._marked
            self._show(0)

    def start(self, excused: Collection[str]) -> None:
        """Show what is marked now."""
        self._excused = set(excused)
        self._marked = frozenset(excused)
        self._show(0)

    def keep(self, excused: list[str]) -> None:
        """Save what is marked."""
        raise NotImplementedError

    def _keep(self) -> None:
        self.save.enable(False)
        self.keep(sorted(self._excused))

    def _show(self, focused: int) -> None:
        _ = self._
        self.listing.show(
            [
                Entry(
                    words, "", _("left out") if value in self._excused else _("asked"),
                    "info" if value in self._excused else "ok",
                    lambda value=value, number=number: self._toggle(value, number),  # type: ignore[misc]
                    wraps=True,
                )
                for number, (value, words) in enumerate(self._names().items())
            ]
        )  # fmt: skip
        if self.listing.rows:
            self.listing.rows[focused].take_focus()
        self.save.enable(self._excused != self._marked)

    def _toggle(self, value: str, number: int) -> None:
        if value in self._excused:
            self._excused.remove(value)
        elif len(self._names()) - len(self._excused) > LEAST:
            self._excused.add(value)
        else:
            self._say(full=True)
            return
        self._say()
        self._show(number)

    def _say(self, *, full: bool = False) -> None:
        _ = self._
        if full:
            self.line.say("warn", _("Two movements must remain."))
        else:
            self.line.say("info", _("Touch what this customer cannot do. Two must remain."))

    def _names(self) -> dict[str, str]:
        """Return what each movement is called, by its value."""
        _ = self._
        return {
            Movement.LEFT.value: _("Turn left"),
            Movement.RIGHT.value: _("Turn right"),
            Movement.UP.value: _("Look up"),
            Movement.DOWN.value: _("Look down"),
            Movement.CLOSER.value: _("Come closer"),
        }


class ExcusedMovements(Movements):
    """Excused movements of an enrolled customer."""

    def __init__(self, app: Shell, staff: StaffMember, customer: Customer, back: Make) -> None:
        """Build the page of *customer*; what is marked now is read on a worker."""
        super().__init__(app, staff, customer.username, back)
        self._customer = customer
        self._again: Make = lambda app: ExcusedMovements(app, staff, customer, back)
        machine = app.machine
        self.work(
            lambda _attempt: machine.excused_movements(customer.username, staff=staff),
            done=self._found,
            failed=self.problem,
        )

    def _found(self, excused: tuple[str, ...]) -> None:
        self.start(excused)

    def keep(self, excused: list[str]) -> None:
        """Have a second member of staff sign, and save the movements with the customer's record."""
        office, name, staff = self.app.machine.office, self._customer.username, self.staff
        again = self._again

        def save(signed: Signatures) -> None:
            page: Any = self.app.screen
            page.busy(True)
            page.act(lambda: office.excuse(name, excused, signed=signed), Notice.EXCUSED)

        what = self._("Movements left out for {name}").format(name=name)
        self.app.show(lambda app: SecondSignature(app, staff, what, save, again))
