"""Home: two ways in, one way out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk import messages, theme
from kiosk.bars import ChipSpec, FootText
from kiosk.focus import Control
from kiosk.hint import hint
from kiosk.language import NAMES
from kiosk.screens.base import Screen
from kiosk.service import Condition
from kiosk.signs import StatusLine
from kiosk.widgets import Button, Tile

if TYPE_CHECKING:
    from kiosk.app import App

_LEFT, _RIGHT, _WIDE = 80, 720, 480


class Home(Screen):
    """The page that everything comes back to."""

    idles = False

    def __init__(self, app: App) -> None:
        """Build the page from what is known without the machine."""
        super().__init__(app)
        _ = self._
        self._show_clock = False
        self.label(
            _("Your PIN and your\nface, together."), _LEFT, 160, 600,
            size=theme.GREETING, weight="bold", height=130,
        )  # fmt: skip
        self.label(
            _(
                "Type your PIN while the camera checks that it is you. "
                "Both must match before any money moves."
            ),
            _LEFT, 312, 560, colour=theme.MUTED, height=112, anchor="nw", wrap=True,
        )  # fmt: skip
        self.existing = self._tile(
            _("Existing User"), _("withdraw money"), self._existing, "primary", 152, 148
        )
        self.create = self._tile(
            _("Create New User"), _("with a member of staff"), self._create, "secondary", 324, 116
        )
        hint(self.existing, _("PIN and face, then your account"))
        hint(self.create, _("A member of staff signs in first"))
        self.last = self._last_button()
        self.demonstrate = Button(
            self, _("Demonstration"), self._demonstrate, self.fonts, width=_WIDE
        )
        hint(self.demonstrate, _("A drawn face and a folder of its own"))
        self.line = StatusLine(self, self.fonts, width=1120, height=66)
        self.put(self.line, _LEFT, 560)
        self.refresh()

    def chips(self) -> Sequence[ChipSpec]:
        """Return one chip for each language."""
        return [
            ChipSpec(
                name,
                lambda code=code: self.app.speak(code),  # type: ignore[misc]
                chosen=code == self.language.code,
            )
            for code, name in NAMES.items()
        ]

    def foot(self) -> FootText:
        """Return ready or what is missing, and the time."""
        said = self._weaker(self.condition_text())
        if not self._show_clock:  # the first paint does not wait for Babel
            self._show_clock = self.app.service.condition is not Condition.OPENING
            if not self._show_clock:
                return said
        return FootText(said.text, said.tone, self.language.clock(datetime.now()))

    def first_focus(self) -> Control | None:
        """Nothing has the focus until a key is pressed; a touch needs none."""
        return None

    def cancel(self) -> None:
        """Escape means nothing here."""

    def refresh(self) -> None:
        """Say what is missing, and offer the demonstration where there is no camera."""
        _ = self._
        app = self.app
        if app.notice is not None:
            self.line.say(*app.notice)
        elif app.service.camera_lost:
            self.line.say("warn", _("No camera was found. Connect one, or ask staff."))
        elif app.service.first_start:
            self.line.say("warn", _("First start: press Create New User to add staff."))
        elif app.service.camera_problem:
            self.line.say("warn", messages.camera_problem(app.service.camera_problem, _))
        else:
            self.line.say("info", _("Your face data is encrypted and used only to let you in."))
        offered = app.service.camera_lost and not app.demonstration.on
        if offered != self.demonstrate.winfo_ismapped():
            if offered:
                self.put(self.demonstrate, _LEFT, 464)
                self.controls.sort(key=lambda c: c is self.line)
            else:
                self.demonstrate.place_forget()
                self.controls = [c for c in self.controls if c is not self.demonstrate]

    def _weaker(self, said: FootText) -> FootText:
        """Return what the foot says; that a live machine is ready with a weaker face check, too."""
        service, setting = self.app.service, self.app.settings.liveness
        live = service.machine is not None and str(service.machine.kind) == "live"
        if setting == "challenge" or not live or service.condition is not Condition.READY:
            return said
        _ = self._
        words = {
            "passive": _("Ready. Liveness: only passive"),
            "off": _("Ready. Liveness: off"),
        }
        return FootText(words[setting], "warn")

    def _tile(self, title: str, line: str, command: object, look: str, y: int, height: int) -> Tile:
        size = theme.HEADING if look == "primary" else 32
        tile = Tile(
            self, title, line, command, self.fonts,  # type: ignore[arg-type]
            look=look, width=_WIDE, height=height, size=size,
        )  # fmt: skip
        self.put(tile, _RIGHT, y)
        return tile

    def _last_button(self) -> Button:
        app, _ = self.app, self._
        if app.demonstration.on:
            return self.button(
                _("End demonstration"), app.demonstration.end, _RIGHT, 464, _WIDE, look="quiet"
            )
        if app.window.fullscreen:
            return self.button(_("Staff"), self._staff, _RIGHT, 464, _WIDE, look="quiet")
        return self.button(_("Close"), app.close, _RIGHT, 464, _WIDE, look="quiet")

    def _existing(self) -> None:
        from kiosk.screens.existing_user import ExistingUser

        self.app.show(ExistingUser)

    def _create(self) -> None:
        from kiosk.screens.consent import Consent
        from kiosk.screens.staff import staff_first

        staff_first(self.app, lambda staff: self.app.show(lambda app: Consent(app, staff)))

    def _staff(self) -> None:
        from kiosk.screens.staff import staff_first
        from kiosk.screens.staff_menu import StaffMenu

        staff_first(self.app, lambda staff: self.app.show(lambda app: StaffMenu(app, staff)))

    def _demonstrate(self) -> None:
        from kiosk.screens.staff import staff_first

        if self.app.service.first_start:
            self.app.demonstration.start()
        else:
            staff_first(self.app, lambda _staff: self.app.demonstration.start())
