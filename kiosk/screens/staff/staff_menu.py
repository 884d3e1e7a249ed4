"""Menu of a signed-in member of staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kiosk.layout import Column, Grid, Reflow
from kiosk.screens.staff.attended import AttendedName, OpenAccount
from kiosk.screens.staff.camera import RegisterCamera
from kiosk.screens.staff.customers import Customers
from kiosk.screens.staff.health import HealthPage
from kiosk.screens.staff.holds import Holds
from kiosk.screens.staff.refusals import Refusals
from kiosk.screens.staff.staff_list import StaffList
from kiosk.screens.staff.staff_page import StaffPage
from kiosk.screens.staff.unused import UnusedAccounts
from kiosk.shell import Make, Page, Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Tile
from kiosk.widgets.status_line import StatusLine
from kiosk.widgets.top_bar import StatusText

if TYPE_CHECKING:
    from atm.people import StaffMember


_LINE = 620
"""The least width of the sentence beside the buttons."""


class StaffMenu(StaffPage):
    """A tile for each task, and buttons for the kiosk itself below."""

    def __init__(
        self,
        app: Shell,
        staff: StaffMember,
        create: Callable[[Shell, StaffMember], Page],
        account: OpenAccount | None = None,
    ) -> None:
        """Build the page for *staff*.

        Args:
            app: The kiosk.
            staff: Who is signed in.
            create: Makes the first page of a new customer.
            account: Makes the page of an account; None where nobody is served without the face.
        """
        super().__init__(app)
        self.sign(staff)
        self._create, self._account = create, account
        self._again: Make = lambda app: StaffMenu(app, staff, create, account)
        _ = self._
        self._locked = 0
        self.tiles: list[Tile] = []
        self._grid = Grid(columns=3, most=theme.TILE, least=300, grow=1)
        self._lay_tiles(0)
        tone, sentence = self._face_check()
        weak = liveness_weakness(app, self._)
        told: list[Any] = []
        if sentence or weak:
            line = self.add(StatusLine(self, self.fonts))
            told = [Column(line, least=_LINE, grow=3)]
            line.say("warn" if weak else tone, "\n".join(filter(None, (sentence, weak))))
        self.lay(
            self.heading(_("Staff: {name}").format(name=staff.name), cut=True),
            self._grid,
            Reflow(*told, Reflow(*self._kiosk_buttons(), grow=2)),
        )
        self._look()

    def status(self) -> StatusText:
        """Return what is missing; at the right how many accounts are locked."""
        said = super().status()
        if self.app.idle.staff_warning or not self._locked:
            return said
        words = self.language.ngettext("{n} account locked", "{n} accounts locked", self._locked)
        return StatusText(said.text, said.tone, words)

    def _tasks(self, holds: int) -> list[tuple[str, str, Callable[[], object]]]:
        """Return title, line and command of each tile; one more where money is on hold."""
        _, staff, back, create = self._, self.staff, self._again, self._create
        tasks: list[tuple[str, str, Callable[[], object]]] = [
            (
                _("Create New User"), _("with consent and document"),
                self._to(lambda app: create(app, staff)),
            ),
            (
                _("Customers"), _("unlock, new PIN, new face, delete"),
                self._to(lambda app: Customers(app, staff, back)),
            ),
            (
                _("Last refusals"), _("who, when and why"),
                self._to(lambda app: Refusals(app, staff, back)),
            ),
            (
                _("Staff"), _("names, locks, second signatures"),
                self._to(lambda app: StaffList(app, staff, back)),
            ),
            (
                _("Health"), _("camera, disk, clock, backup"),
                self._to(lambda app: HealthPage(app, staff, back)),
            ),
            (
                _("Camera"), _("register this device"),
                self._to(lambda app: RegisterCamera(app, staff, back)),
            ),
        ]  # fmt: skip
        if self.app.settings.keep_inactive_days:
            tasks.append(
                (
                    _("Unused accounts"), _("due to be deleted, or kept"),
                    self._to(lambda app: UnusedAccounts(app, staff, back)),
                )
            )  # fmt: skip
        account = self._account
        if account is not None:
            tasks.append(
                (
                    _("Serve a customer without the face"), _("by PIN, and you stay"),
                    self._to(lambda app: AttendedName(app, staff, back, account)),
                )
            )  # fmt: skip
        if holds:
            waiting = self.language.ngettext(
                "{n} withdrawal to settle", "{n} withdrawals to settle", holds
            )
            page = self._to(lambda app: Holds(app, staff, back))
            tasks.append((_("Withdrawals to settle"), waiting, page))
        return tasks

    def _lay_tiles(self, holds: int) -> None:
        """Put a tile for each task in the place of those there are."""
        for tile in self.tiles:
            tile.remove()
        others = [c for c in self.controls if c not in self.tiles]
        self.tiles = [
            Tile(
                self, title, line, command, self.fonts,
                look="key", size=32, centred=False,
            )
            for title, line, command in self._tasks(holds)
        ]  # fmt: skip
        self.controls = [*self.tiles, *others]
        self._grid.parts = list(self.tiles)
        self.lay_soon()

    def _kiosk_buttons(self) -> list[Button]:
        _, app = self._, self.app
        buttons: list[tuple[str, Callable[[], object]]] = []
        if app.window.fullscreen:
            buttons.append((_("Leave full screen"), self.leave_fullscreen))
        if app.host.camera_lost and not app.demonstration.on:
            buttons.append((_("Demonstration"), app.demonstration.start))
        buttons.append((_("Close the kiosk"), self.ask_to_close))
        return [
            self.button(text, command, look="quiet", high=theme.TOUCH, grow=1)
            for text, command in buttons
        ]

    def _look(self) -> None:
        """Have a worker count what waits for staff."""
        office, staff = self.app.machine.office, self.staff

        def count(_attempt: object) -> tuple[int, int]:
            locked = sum(state == "locked" for _customer, state in office.customers(staff=staff))
            return locked, len(office.holds(staff=staff))

        self.work(count, done=self._found, failed=self._not_found)

    def _found(self, counts: tuple[int, int]) -> None:
        self._locked, holds = counts
        if holds:
            focused = self.tiles[0].focused
            self._lay_tiles(holds)
            self.lay_now()
            if focused:
                self.tiles[0].take_focus()

    def _not_found(self, error: BaseException) -> None:
        """Leave the menu as it is: the health page says what is wrong."""

    def _face_check(self) -> tuple[str, str]:
        """Return tone and sentence on how strictly faces are judged; empty without models."""
        machine = self.app.host.machine
        threshold = machine.threshold if machine is not None else None
        if threshold is None:
            return "info", ""
        _, share = self._, self.app.language.share
        fmr = share(float(threshold.fmr))
        if threshold.provisional or threshold.fnmr is None:
            sentence = _("Face check, not calibrated: {fmr} of strangers pass.")
            return "warn", sentence.format(fmr=fmr)
        sentence = _("Face check: {fmr} of strangers pass, {fnmr} of customers' tries fail.")
        return "info", sentence.format(fmr=fmr, fnmr=share(threshold.fnmr))

    def _to(self, make: Make) -> Callable[[], None]:
        return lambda: self.app.show(make)


def liveness_weakness(app: Shell, _: Callable[[str], str]) -> str:
    """Return how the face check is weaker than it could be; "" where it is not."""
    machine = app.host.machine
    network = machine.liveness_network if machine is not None else None
    setting = app.settings.liveness
    if setting == "off":
        return _("Photo check: off. A photograph may be admitted.")
    if network is False and setting == "passive":
        return _(
            "Photo check: nobody is asked to move, and a part is missing. Ask technical support."
        )
    if setting == "passive":
        return _("Photo check: nobody is asked to move.")
    missing = _("Photo check: a part is missing. Ask technical support.")
    return missing if network is False else ""
