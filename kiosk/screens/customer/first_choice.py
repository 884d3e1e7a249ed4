"""Page of the very first start, where there is no data folder yet: try it, or set up a branch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from atm.folder import Kind
from kiosk.screens.base import Screen
from kiosk.screens.staff.sign_in import staff_first
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Label, at
from kiosk.widgets.focus import Control
from kiosk.widgets.status_line import StatusLine, card
from kiosk.widgets.top_bar import Chip

_GAP = 40
_WIDE = (theme.PAGE_WIDTH - 2 * theme.MARGIN - _GAP) // 2
_TOP, _HIGH, _PAD = 196, 356, 36


class FirstChoice(Screen):
    """Offers a demonstration, or the explicit act that makes a live data folder."""

    idles = False

    def __init__(self, app: Shell) -> None:
        """Build the page; nothing is stored before a press."""
        super().__init__(app)
        _ = self._
        self.label(
            _("What is this kiosk for?"), theme.MARGIN, 104, theme.PAGE_WIDTH - 2 * theme.MARGIN,
            size=theme.TITLE, weight="bold", height=60,
        )  # fmt: skip
        self.try_it = self._offer(
            0, _("Try it"),
            _(
                "A drawn customer with a name, a PIN and play money. "
                "You need no camera, and nobody real is stored."
            ),
            app.demonstration.start, "primary",
        )  # fmt: skip
        self.set_up = self._offer(
            1, _("Set up a branch"),
            _(
                "Real customers and real money. You become the first member of staff; "
                "camera and auditor follow."
            ),
            self._set_up, "secondary",
        )  # fmt: skip
        self.line = StatusLine(
            self, self.fonts, width=theme.PAGE_WIDTH - 2 * theme.MARGIN, height=66
        )
        self.put(self.line, theme.MARGIN, 596)
        self.line.say("info", _("First start: nothing is stored before you choose."))

    def chips(self) -> Sequence[Chip]:
        """Return the way to the languages, and the way out: there is nothing to guard yet."""
        return [self.language_chip(), Chip(self._("Close"), self.app.close)]

    def first_focus(self) -> Control | None:
        """Return None: neither is chosen before somebody does."""
        return None

    def cancel(self) -> None:
        """Ignore Escape."""

    def _offer(
        self, place: int, title: str, text: str, command: Callable[[], object], look: str
    ) -> Button:
        left = theme.MARGIN + place * (_WIDE + _GAP)
        pane: Any = card(self, _WIDE, _HIGH)
        self.put(pane, left, _TOP)
        inner = _WIDE - 2 * _PAD
        at(Label(pane, title, self.fonts(theme.HEADING, "bold"), width=inner, height=48), _PAD, 32)
        words = Label(
            pane, text, self.fonts(theme.BODY), colour=theme.MUTED, width=inner, height=140,
            anchor="nw", wrap=True,
        )  # fmt: skip
        at(words, _PAD, 92)
        button = Button(
            self, title, command, self.fonts, look=look, width=inner, height=theme.KEY,
            ground=theme.SURFACE,
        )  # fmt: skip
        self.put(button, left + _PAD, _TOP + _HIGH - theme.KEY - 32)
        return button

    def _set_up(self) -> None:
        """Make the live folder, as `python -m atm init --kind live` does, then ask who it is."""
        from kiosk.screens.enrolment.consent import Consent
        from kiosk.screens.staff.staff_menu import StaffMenu

        app, settings = self.app, replace(self.app.settings, kind=Kind.LIVE)

        def make() -> None:
            from atm.birth import bear  # the stores come with it

            bear(settings)

        app.reopen(settings, make)
        home = app.screen
        assert isinstance(home, Screen)
        staff_first(home, lambda staff: app.show(lambda app: StaffMenu(app, staff, Consent)))
