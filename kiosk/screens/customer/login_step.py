"""Base class of the pages of a login, and what the customer has typed on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kiosk.screens.base import Screen
from kiosk.shell import Make, Shell
from kiosk.widgets.top_bar import Chip

if TYPE_CHECKING:
    from atm.card.cards import Cards


@dataclass(slots=True)
class Typed:
    """Name and PIN of a customer who is logging in, while they go from page to page."""

    username: str = ""
    pin: str = field(default="", repr=False)

    def wipe(self) -> None:
        """Forget both."""
        self.username = self.pin = ""


class LoginStep(Screen):
    """Page of a login. Leaving it forgets what was typed, unless `go_on_to` leads on."""

    def __init__(self, app: Shell, typed: Typed, back: Make | None) -> None:
        """Go on with what was *typed*.

        Args:
            app: The window.
            typed: What is known so far.
            back: Makes the page before this one; None for the first, from which home lies back.
        """
        super().__init__(app)
        self.typed = typed
        self._back = back
        self._handed_on = False

    @property
    def cards(self) -> Cards | None:
        """The customers' cards; None where no card is asked of anybody, or nothing is open yet."""
        machine = self.app.host.machine
        return None if machine is None else machine.cards

    def chips(self) -> Sequence[Chip]:
        """Return the way back, and the way out that forgets everything."""
        back = Chip(self._("Back"), self.cancel, symbol="back")
        return [back] if self._back is None else [back, Chip(self._("Cancel"), self.app.go_home)]

    def cancel(self) -> None:
        """Go back one step."""
        if self._back is None:
            self.app.go_home()
        else:
            self.keep()
            self.go_on_to(self._back)

    def keep(self) -> None:
        """Put what is in the page's field into `typed`, before another page takes over."""

    def go_on_to(self, make: Make) -> None:
        """Show another page of the same login."""
        self._handed_on = True
        self.app.show(make)

    def give_way(self) -> None:
        """Keep what was typed for this page, built anew."""
        self._handed_on = True

    def destroy(self) -> None:
        """Leave the page, and forget what was typed unless the next page goes on with it."""
        if not self._handed_on:
            self.typed.wipe()
        super().destroy()
