"""Card on a demonstration's home page: the drawn customer's name and PIN."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kiosk.widgets import theme
from kiosk.widgets.buttons import Button, Label, at
from kiosk.widgets.status_line import card

if TYPE_CHECKING:
    from kiosk.screens.base import Screen

WIDTH, _HIGH = 560, 120
BUTTON = 176
_ROOM = WIDTH - BUTTON - 60


class VisitorCard:
    """The drawn customer's name and PIN, and a button that lets somebody else step up."""

    def __init__(self, page: Screen, changed: Callable[[], None]) -> None:
        """Build the card for *page*, which puts `pane`, and `exchange` upon it.

        Args:
            page: The home page.
            changed: Called when somebody else stands before the camera.
        """
        from atm.demo_customer import FULL_NAME, PIN, USERNAME

        _, fonts, demonstration = page._, page.fonts, page.app.demonstration
        self.pane: Any = card(page, WIDTH, _HIGH)
        for number, (text, weight, colour) in enumerate(
            (
                (_("{name} (drawn)").format(name=FULL_NAME), "regular", theme.MUTED),
                (_("Username: {username}").format(username=USERNAME), "semibold", theme.INK),
                (_("PIN: {pin}").format(pin=PIN), "semibold", theme.INK),
            )
        ):
            words = Label(self.pane, text, fonts(theme.BODY, weight), colour=colour, width=_ROOM)
            at(words, 24, 9 + number * 34)

        def exchange() -> None:
            demonstration.exchange()
            changed()

        word = _("Her face") if demonstration.stranger else _("Other face")
        self.exchange = Button(page, word, exchange, fonts, width=BUTTON, ground=theme.SURFACE)
