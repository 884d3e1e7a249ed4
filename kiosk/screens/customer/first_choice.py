"""Page of the very first start, where there is no data folder yet: try it, or set up a branch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from atm.folder import Kind
from kiosk.layout import Reflow, Space
from kiosk.screens.base import Screen
from kiosk.screens.customer.languages import language_chip
from kiosk.screens.staff.sign_in import staff_first
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.buttons import Button
from kiosk.widgets.focus import Control
from kiosk.widgets.status_line import Pane, StatusLine, card
from kiosk.widgets.top_bar import Chip


class FirstChoice(Screen):
    """Offers a demonstration, or the explicit act that makes a live data folder."""

    idles = False

    def __init__(self, app: Shell) -> None:
        """Build the page; nothing is stored before a press."""
        super().__init__(app)
        _ = self._
        self.try_it, one = self._offer(
            _("Try it"),
            _(
                "A drawn customer with a name, a PIN and play money. "
                "You need no camera, and nobody real is stored."
            ),
            app.demonstration.start, "primary",
        )  # fmt: skip
        self.set_up, other = self._offer(
            _("Set up a branch"),
            _(
                "Real customers and real money. You become the first member of staff; "
                "camera and auditor follow."
            ),
            self._set_up, "secondary",
        )  # fmt: skip
        self.line = self.add(StatusLine(self, self.fonts))
        self.line.say("info", _("First start: nothing is stored before you choose."))
        title = self.words(_("What is this kiosk for?"), size=theme.TITLE, weight="bold")
        self.lay(
            Space(grow=1), title, Space(size=16), Reflow(one, other, gap=40, grow=2),
            Space(size=8), self.line, Space(grow=1),
        )  # fmt: skip

    def chips(self) -> Sequence[Chip]:
        """Return the way to the languages, and the way out: there is nothing to guard yet."""
        return [language_chip(self), Chip(self._("Close"), self.app.close)]

    def first_focus(self) -> Control | None:
        """Return None: neither is chosen before somebody does."""
        return None

    def cancel(self) -> None:
        """Ignore Escape."""

    def _offer(
        self, title: str, text: str, command: Callable[[], object], look: str
    ) -> tuple[Button, Any]:
        """Return the button of an offer, and the card that it stands on."""
        pane = Pane(self)
        button = self.button(title, command, look=look, on=pane)
        offer = card(
            pane,
            self.words(title, size=theme.HEADING, weight="bold", on=pane),
            self.words(text, colour=theme.MUTED, anchor="nw", on=pane),
            Space(grow=1, size=16), button,
            sides=36, ends=32, grow=1, least=theme.COLUMN,
        )  # fmt: skip
        return button, offer

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
