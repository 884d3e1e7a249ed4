"""Pages for the members of staff: list, add, unlock and remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kiosk.layout import Grid, Row, Space
from kiosk.screens.staff.second_signature import SecondSignature
from kiosk.screens.staff.sign_in import StaffNamePin
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.shell import Make, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Tile
from kiosk.widgets.focus import Control
from kiosk.widgets.labels import Label
from kiosk.widgets.lists import Entry, ListView
from kiosk.widgets.status_line import StatusLine
from kiosk.words import messages
from kiosk.words.collation import sort_key

if TYPE_CHECKING:
    from atm.people import Signatures, StaffMember


class StaffList(StaffPage):
    """Every member's name, and whether they have to wait after wrong PINs."""

    def __init__(self, app: Shell, staff: StaffMember, back: Make) -> None:
        """Build the page for *staff*."""
        super().__init__(app)
        self.sign(staff, back)
        self._again: Make = lambda app: StaffList(app, staff, back)
        _ = self._
        self._names: list[tuple[str, bool]] = []
        self.add_button = self.button(_("Add"), self._add, look="primary", high=theme.TOUCH)
        self.add_button.enable(False)
        self.listing = ListView(self, self.fonts, empty=_("One moment, please"))
        heading = self.heading(_("Staff"))
        heading.grow = 1
        self.lay(Row(heading, self.add_button), self.listing)
        office = app.machine.office
        self.work(
            lambda _attempt: office.members(staff=staff), done=self._found, failed=self.problem
        )

    def stops(self) -> Sequence[Control]:
        """Return the rows, and the button above them."""
        return [self.add_button, *self.listing.controls]

    def _found(self, names: list[tuple[str, bool]]) -> None:
        _ = self._
        self._names = sorted(names, key=lambda each: sort_key(each[0], self.language.code))
        self.add_button.enable(True)
        self.add_button.take_focus()
        self.listing.show(
            [
                Entry(
                    name, "", *((_("has to wait"), "bad") if waits else (_("can sign in"), "ok")),
                    lambda name=name, waits=waits: self._choose(name, waits),  # type: ignore[misc]
                )
                for name, waits in self._names
            ]
        )  # fmt: skip

    def _choose(self, name: str, waits: bool) -> None:
        staff, last, back = self.staff, len(self._names) == 1, self._again
        self.app.show(lambda app: Member(app, staff, name, back, waits=waits, last=last))

    def _add(self) -> None:
        staff, app, back = self.staff, self.app, self._again
        if len(self._names) == 1:  # there is no second one yet
            app.show(lambda app: NewStaff(app, staff, staff, back))
            return
        app.show(
            lambda app: SecondSignature(
                app, staff, self._("New member of staff"),
                lambda signed: app.show(lambda app: NewStaff(app, staff, signed, back)), back,
            )
        )  # fmt: skip


class Member(StaffPage):
    """Page of one member: unlock or remove, with a second signature."""

    def __init__(
        self, app: Shell, staff: StaffMember, name: str, back: Make, *, waits: bool, last: bool
    ) -> None:
        """Build the page of *name*; the *last* one cannot be removed. *back* makes the list."""
        super().__init__(app)
        self.sign(staff, back)
        self._name, self._list = name, back
        _ = self._
        line = self.add(StatusLine(self, self.fonts))
        if waits:
            line.say("bad", _("Has to wait after wrong PINs; unlocking ends the wait."))
        elif last:
            line.say("info", _("The last member of staff cannot be removed."))
        else:
            line.say("ok", _("This member of staff can sign in."))
        tiles = (
            (_("Unlock"), _("a second member of staff signs"), self._unlock, waits),
            (_("Remove"), _("a second member of staff signs"), self._remove, not last),
        )
        made = []
        for title, text, command, may in tiles:
            tile = Tile(
                self, title, text, command, self.fonts,
                look="key", high=150, size=32, centred=False,
            )  # fmt: skip
            self.add(tile)
            tile.enable(may)
            made.append(tile)
        self.lay(
            self.heading(name, cut=True),
            line,
            Space(size=8),
            Grid(*made, columns=2, gap=20, most=theme.TILE, grow=1),
        )

    def _sign(self, what: str, then: Callable[[Signatures], None], *, danger: bool = False) -> None:
        staff, back = self.staff, self._list
        self.app.show(lambda app: SecondSignature(app, staff, what, then, back, danger=danger))

    def _unlock(self) -> None:
        office, name, app = self.app.machine.office, self._name, self.app

        def unlock(signed: Signatures) -> None:
            page = app.screen
            assert isinstance(page, SecondSignature)
            page.act(
                lambda: office.unlock_staff(name, signed=signed), messages.Notice.STAFF_UNLOCKED
            )

        self._sign(self._("Unlock {name}").format(name=name), unlock)

    def _remove(self) -> None:
        office, name, app = self.app.machine.office, self._name, self.app

        def remove(signed: Signatures) -> None:
            page = app.screen
            assert isinstance(page, SecondSignature)
            page.act(
                lambda: office.remove_staff(name, signed=signed), messages.Notice.STAFF_REMOVED
            )

        self._sign(self._("Remove {name}").format(name=name), remove, danger=True)


class NewStaff(StaffPage, StaffNamePin):
    """Name and PIN, typed by the new member of staff."""

    action = messages.N_("Add")

    def __init__(
        self, app: Shell, staff: StaffMember, signed: Signatures | StaffMember, back: Make
    ) -> None:
        """Build the page; *signed* is one member alone only where there is no other."""
        self._signed = signed
        self.sign(staff, back)
        super().__init__(app)

    def prepare(self) -> Label:
        """Add the three fields; returns the heading."""
        self.add_staff_fields()
        return self.heading(self._("New member of staff: type your name and PIN"))

    def explanation(self) -> tuple[str, str]:
        """Return who types here."""
        _ = self._
        return (
            _("Now the new member"),
            _("Choose your PIN yourself. The others look away and never ask for it."),
        )

    def make(self, name: str, pin: str) -> None:
        """Add them, as was signed."""
        office, signed = self.app.machine.office, self._signed
        self.act(
            lambda: office.add_staff(name, pin, signed=signed),
            messages.Notice.STAFF_ADDED,
        )
