"""Home page: enrolment, login, staff sign-in and closing the kiosk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from atm.folder import Kind
from atm.login.decision import Outcome
from kiosk.layout import Column, Reflow, Row, Space
from kiosk.machine_host import Condition
from kiosk.screens.base import Screen
from kiosk.screens.customer.languages import language_chip
from kiosk.screens.customer.visitor import VisitorCard
from kiosk.screens.staff.sign_in import staff_first
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Tile
from kiosk.widgets.focus import Control
from kiosk.widgets.hint import hint
from kiosk.widgets.status_line import StatusLine
from kiosk.widgets.top_bar import Chip, StatusText
from kiosk.words import messages

LOOK_S = 1.0
"""How often a worker checks whether anybody is enrolled, while nobody is."""


class Home(Screen):
    """The page that everything returns to."""

    idles = False

    def __init__(self, app: Shell) -> None:
        """Build the page from what is known without the machine."""
        super().__init__(app)
        _ = self._
        self._show_clock = False
        self._somebody: bool | None = None
        self._visitor = ""
        self._look_at = 0.0
        self.existing = self._tile(
            _("Existing User"), _("withdraw money"), self._existing, "primary", 148
        )
        self.create = self._tile(
            _("Create New User"), _("with a member of staff"), self._create, "secondary", 116
        )
        hint(self.existing, _("PIN and face, then your account"))
        hint(self.create, _("A member of staff signs in first"))
        ways = self._last_buttons()
        self.last: Button = ways[-1]
        self.demonstrate = self.button(_("Demonstration"), self._demonstrate)
        hint(self.demonstrate, _("A drawn face and a folder of its own"))
        self.demonstrate.shown = False
        self.visitor: VisitorCard | None = None
        self._visitor_place = Column()
        self._visitor_place.shown = False
        self.line = self.add(StatusLine(self, self.fonts))
        greeting = self.words(
            _("Your PIN and your\nface, together."), size=theme.GREETING, weight="bold"
        )
        explained = self.words(
            _(
                "Type your PIN while the camera checks that it is you. "
                "Both must match before any money moves."
            ),
            colour=theme.MUTED,
        )  # fmt: skip
        self.lay(
            Space(grow=2),
            Reflow(
                Column(
                    greeting, explained, Space(size=8), self.demonstrate, self._visitor_place,
                    least=theme.COLUMN, grow=6,
                ),
                Column(
                    self.existing, self.create, Row(*ways, gap=12),
                    least=theme.COLUMN, grow=5, gap=24,
                ),
                gap=theme.COLUMN_GAP, grow=1,
            ),
            Space(size=16),
            self.line,
            Space(grow=2),
        )  # fmt: skip
        self.refresh()

    def chips(self) -> Sequence[Chip]:
        """Return the way to the languages."""
        return [language_chip(self)]

    def status(self) -> StatusText:
        """Return the kiosk's condition, and the time."""
        said = self._weaker(self.condition_text())
        if not self._show_clock:  # the first paint does not wait for Babel
            self._show_clock = self.app.host.condition is not Condition.OPENING
            if not self._show_clock:
                return said
        return StatusText(said.text, said.tone, self.language.clock(datetime.now()))

    def first_focus(self) -> Control | None:
        """Return None: nothing has the focus until a key is pressed."""
        return None

    def cancel(self) -> None:
        """Ignore Escape."""

    def refresh(self) -> None:
        """Show what is missing, and offer nobody what cannot succeed."""
        self._look()
        first_start = self.app.host.first_start
        demonstration = self.app.demonstration
        offered = not demonstration.drawn and (first_start or self.app.host.camera_lost)
        tone, sentence = self._state(first_start)
        self.line.say(tone, sentence)
        host = self.app.host
        self.existing.enable(
            self._somebody is not False and not host.camera_lost and not host.camera_problem
        )
        self.show_part(self.demonstrate, offered)
        if self._visitor and self.visitor is None:
            app = self.app
            self.visitor = VisitorCard(self, lambda: app.show(Home))
            self._visitor_place.parts = [self.visitor.part]
            self.show_part(self._visitor_place, True)
            self._order()

    def _state(self, first_start: bool) -> tuple[str, str]:
        """Return tone and sentence of the one thing that matters now."""
        _, app = self._, self.app
        host, demonstration = app.host, app.demonstration
        if app.notice is not None:
            return app.notice.tone, _(app.notice.sentence)
        if app.pause.left_s:
            return "warn", messages.refusal(Outcome.PAUSED, app.pause.left_s, self.language)
        if host.camera_lost:
            if first_start:
                return "warn", _("No camera was found. Connect one, or press Demonstration.")
            return "warn", _("No camera was found. Connect one, or ask staff.")
        if demonstration.drawn and self._somebody is False and not host.furnished:
            return "hold", _("One moment: the drawn customer is being enrolled.")
        if self._visitor == "locked":
            return "warn", _("This customer is locked. Press Staff to unlock.")
        if self._visitor and demonstration.stranger:
            return "info", _("Another face: refused with this PIN, or a new customer.")
        if self._visitor:
            return "info", _("Press Existing User, then type this username and PIN.")
        if first_start and not demonstration.drawn:
            return "warn", _("First start: press Create New User to add staff, or Demonstration.")
        if first_start:
            return "warn", _("First start: press Create New User to add staff.")
        if host.camera_problem:
            return "warn", messages.camera_problem(host.camera_problem, _)
        if self._somebody is False:
            return "warn", _("Nobody is enrolled yet. Ask staff: press Create New User.")
        return "info", _("Your face data is encrypted and used only to let you in.")

    def _look(self) -> None:
        """Have a worker check who could log in: once, or each second while nobody could."""
        host, now = self.app.host, time.monotonic()
        machine, drawn = host.machine, self.app.demonstration.drawn
        if machine is None or self._somebody or now < self._look_at:
            return
        self._look_at = now + LOOK_S

        def look(_attempt: object) -> tuple[bool, str]:
            from atm.demo_customer import state

            return machine.has_customers, state(machine) if drawn else ""

        def failed(error: BaseException) -> None:
            if machine is host.machine:
                host.fail(error)

        self.app.worker.start(look, done=self._found, failed=failed)

    def _found(self, found: tuple[bool, str]) -> None:
        if self.winfo_exists():
            self._somebody, self._visitor = found
            self.refresh()

    def _order(self) -> None:
        """Keep the sentence last of what Tab reaches."""
        self.controls.sort(key=lambda c: c is self.line)

    def _weaker(self, said: StatusText) -> StatusText:
        """Return *said*, with a warning where a ready live machine has a weaker face check."""
        host, setting = self.app.host, self.app.settings.liveness
        live = host.machine is not None and host.machine.kind == Kind.LIVE
        if setting == "challenge" or not live or host.condition is not Condition.READY:
            return said
        _ = self._
        words = {
            "passive": _("Ready. Photo check: nobody is asked to move"),
            "off": _("Ready. Photo check: off"),
        }
        return StatusText(words[setting], "warn")

    def _tile(
        self, title: str, line: str, command: Callable[[], object], look: str, high: int
    ) -> Tile:
        size = theme.HEADING if look == "primary" else 32
        tile = Tile(self, title, line, command, self.fonts, look=look, high=high, size=size, grow=1)
        self.add(tile)
        return tile

    def _last_buttons(self) -> list[Button]:
        """Return the ways to the staff's menu and out."""
        app, _ = self.app, self._
        words, command = _("Close"), app.close
        if app.demonstration.on:
            words, command = _("End demonstration"), app.demonstration.end
        elif app.window.fullscreen:
            return [self.button(_("Staff"), self._staff, look="quiet", grow=1)]
        return [
            self.button(_("Staff"), self._staff, look="quiet"),
            self.button(words, command, look="quiet", grow=1),
        ]

    # Pages behind a press are imported at the press: the first paint does not wait for them.

    def _existing(self) -> None:
        from kiosk.screens.customer.login import log_in

        self.app.show(log_in)

    def _create(self) -> None:
        from kiosk.screens.enrolment.consent import Consent

        demonstration = self.app.demonstration
        if self._visitor and not demonstration.stranger:
            demonstration.exchange()  # the drawn customer is one already
        staff_first(self, lambda staff: self.app.show(lambda app: Consent(app, staff)))

    def _staff(self) -> None:
        from kiosk.screens.customer.account import Account
        from kiosk.screens.enrolment.consent import Consent
        from kiosk.screens.staff.staff_menu import StaffMenu

        app = self.app
        account = Account if app.settings.without_face == "attended" else None
        staff_first(
            self, lambda staff: app.show(lambda app: StaffMenu(app, staff, Consent, account))
        )

    def _demonstrate(self) -> None:
        if self.app.host.first_start:
            self.app.demonstration.start()
        else:
            staff_first(self, lambda _staff: self.app.demonstration.start())
