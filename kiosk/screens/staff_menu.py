"""What a signed-in member of staff can do at the kiosk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kiosk import theme
from kiosk.bars import ChipSpec, fit
from kiosk.screens.base import Screen
from kiosk.signs import StatusLine
from kiosk.widgets import Tile

if TYPE_CHECKING:
    from atm.staff import StaffMember
    from kiosk.app import App

_WIDE, _HIGH = 574, 150
_COLUMNS = (56, 650)
_TOP, _STEP = 176, 170


class StaffMenu(Screen):
    """Tiles, one for each thing that works."""

    def __init__(self, app: App, staff: StaffMember) -> None:
        """Build the page for *staff*."""
        super().__init__(app)
        self._staff = staff
        _ = self._
        name = fit(self, staff.name, self.fonts(theme.HEADING, "bold"), 940)
        self.label(
            _("Staff: {name}").format(name=name), theme.MARGIN, 104, 1168,
            size=theme.HEADING, weight="bold", height=48,
        )  # fmt: skip
        tiles: list[tuple[str, str, Callable[[], object]]] = [
            (_("Create New User"), _("with consent and identity document"), self._create)
        ]
        if app.window.fullscreen:
            tiles.append((_("Leave full screen"), _("the kiosk goes on in a window"), self._leave))
        if app.service.camera_lost and not app.demonstration.on:
            tiles.append(
                (_("Demonstration"), _("a drawn face, no real money"), app.demonstration.start)
            )
        tiles.append((_("Close the kiosk"), _("customers cannot use it then"), self._close))
        for number, (title, line, command) in enumerate(tiles):
            tile = Tile(
                self, title, line, command, self.fonts,
                look="key", width=_WIDE, height=_HIGH, size=32, centred=False,
            )  # fmt: skip
            self.put(tile, _COLUMNS[number % 2], _TOP + _STEP * (number // 2))
        tone, sentence = self._face_check()
        if sentence:
            line = StatusLine(self, self.fonts, width=1168, height=66)
            line.say(tone, sentence)
            self.put(line, theme.MARGIN, 640)

    def chips(self) -> Sequence[ChipSpec]:
        """Return the way out."""
        return [ChipSpec(self._("Sign out"), self.app.go_home)]

    def _face_check(self) -> tuple[str, str]:
        """Return tone and sentence on how strictly faces are judged; empty without models."""
        machine = self.app.service.machine
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

    def _create(self) -> None:
        from kiosk.screens.consent import Consent

        staff = self._staff
        self.app.show(lambda app: Consent(app, staff))

    def _leave(self) -> None:
        self.app.window.leave_fullscreen()
        self.app.go_home()

    def _close(self) -> None:
        _ = self._
        self.app.ask(
            title=_("Close the kiosk?"),
            line=_("It must be started again by hand."),
            yes=_("Yes, close"),
            no=_("No"),
            on_yes=self.app.close,
        )
