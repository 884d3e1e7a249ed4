"""Card on a demonstration's home page: the drawn customer's name and PIN."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.layout import Column, Reflow
from kiosk.widgets import theme
from kiosk.widgets.status_line import Pane, card

if TYPE_CHECKING:
    from kiosk.screens.base import Screen


class VisitorCard:
    """The drawn customer's name and PIN, and a button that lets somebody else step up."""

    def __init__(self, page: Screen, changed: Callable[[], None]) -> None:
        """Build the card for *page*, which places `part`.

        Args:
            page: The home page.
            changed: Called when somebody else stands before the camera.
        """
        from atm.demo_customer import FULL_NAME, PIN, USERNAME

        _, demonstration = page._, page.app.demonstration
        pane = Pane(page)

        def exchange() -> None:
            demonstration.exchange()
            changed()

        word = _("Her face") if demonstration.stranger else _("Other face")
        self.exchange = page.button(word, exchange, on=pane)
        named = page.words(_("{name} (drawn)").format(name=FULL_NAME), colour=theme.MUTED, on=pane)
        lines = [
            page.words(text, weight="semibold", on=pane)
            for text in (
                _("Username: {username}").format(username=USERNAME),
                _("PIN: {pin}").format(pin=PIN),
            )
        ]
        told = Column(named, *lines, gap=0, grow=1, least=240)
        self.part = card(pane, Reflow(told, self.exchange), sides=24, ends=14)
