"""Help and access, over any page: speech, size of text, colours and language."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.access import PACES, VOLUMES
from kiosk.screens.base import Screen
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.icons import icon
from kiosk.words.language import languages
from kiosk.words.messages import N_
from kiosk.words.page_help import PAGE_HELP

PALETTE_NAMES = {
    theme.NORMAL: N_("Ordinary"),
    "yellow": N_("Yellow on black"),
    "inverse": N_("Light on dark"),
}

_Choice = tuple[str, Callable[[], object], bool]
_LEFT, _TOP, _STEP, _GAP = 250, 236, 90, 12


class AccessLayer(Screen):
    """What lies over a page while its visitor chooses how to see and hear the kiosk."""

    def __init__(self, app: Shell) -> None:
        """Build it for the page in front."""
        super().__init__(app)
        _ = self._
        wide = theme.PAGE_WIDTH - 2 * theme.MARGIN
        self.label(
            _("Help and access"), theme.MARGIN, 96, wide, size=theme.HEADING, weight="bold",
            height=48,
        )  # fmt: skip
        help_ = PAGE_HELP.get(type(app.screen).__name__, "")
        self.label(_(help_) if help_ else "", theme.MARGIN, 150, wide, height=68, wrap=True)
        self._rows = 0
        self._speech_row()
        access = app.access
        self._row(
            _("Colours"),
            [
                (_(name), lambda key=key: app.choose(palette=key), key == access.palette)  # type: ignore[misc]
                for key, name in PALETTE_NAMES.items()
            ],
        )  # fmt: skip
        self._row(
            _("Language"),
            [
                (name, lambda code=code: app.choose(language=code), code == access.language)  # type: ignore[misc]
                for code, name in languages().items()
            ],
        )  # fmt: skip
        self.button(
            _("Back"), self.cancel, theme.MARGIN, 652, wide, look="primary", height=theme.KEY
        )

    @property
    def place_of_focus(self) -> int:
        """Which control has the focus, from 0."""
        return next((n for n, each in enumerate(self.controls) if each.focused), 0)

    def cancel(self) -> None:
        """Go back to the page."""
        self.app.open_access()

    def plain(self) -> None:
        """Do nothing: no picture of the page is behind it."""

    def close(self) -> None:
        """Leave the page below alone."""
        self.destroy()

    def _speech_row(self) -> None:
        app, access, _ = self.app, self.app.access, self._
        if not app.can_speak:
            self._row(_("Speech"), [])
            y = _TOP + 22
            self.label(_("This kiosk cannot speak."), _LEFT, y, 900, colour=theme.MUTED)
            return
        steps = len(PACES), len(VOLUMES)
        pace = _("Slower ({n} of {total})").format(n=access.pace + 1, total=steps[0])
        volume = _("Volume ({n} of {total})").format(n=access.volume + 1, total=steps[1])
        self._row(
            _("Speech"),
            [
                (
                    _("On") if access.speech else _("Off"),
                    lambda: app.choose(speech=not access.speech), access.speech,
                ),
                (_("Read again"), self._again, False),
                (pace, lambda: app.choose(pace=(access.pace + 1) % steps[0]), False),
                (volume, lambda: app.choose(volume=(access.volume + 1) % steps[1]), False),
            ],
        )  # fmt: skip

    def _again(self) -> None:
        """Have the page below read from its beginning."""
        self.app.choose(speech=True)
        self.cancel()

    def _row(self, name: str, choices: Sequence[_Choice]) -> None:
        y = _TOP + self._rows * _STEP
        self._rows += 1
        self.label(name, theme.MARGIN, y + 22, _LEFT - theme.MARGIN, weight="semibold")
        count = max(1, len(choices))
        room = theme.PAGE_WIDTH - theme.MARGIN - _LEFT
        wide = (room - (count - 1) * _GAP) // count
        for number, (text, command, chosen) in enumerate(choices):
            made = self.button(
                text, command, _LEFT + number * (wide + _GAP), y, wide, size=theme.BODY
            )
            if chosen:
                made.wear("chosen")
                made.configure(image=icon("check", theme.PRIMARY, 24), compound="left")
