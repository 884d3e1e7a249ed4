"""Base class of the pages of an open account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk.screens.base import Screen
from kiosk.screens.customer.goodbye import Goodbye
from kiosk.shell import Make
from kiosk.widgets.top_bar import Chip, StatusText

if TYPE_CHECKING:
    from atm.accounts.session import Session


class SessionPage(Screen):
    """Page of an open account. Leaving it closes the account, unless `go_on_to` leads on."""

    session: Session
    ends_visit = True

    def open_session(self, session: Session, since: datetime | None) -> None:
        """Take *session*, open *since* a given time or now; the camera watches from here on."""
        self.session = session
        self.since = since or datetime.now()
        self._keeps_session = False

    def chips(self) -> Sequence[Chip]:
        """Return a chip with the owner's name."""
        return [Chip(self.session.customer.full_name)]

    def status(self) -> StatusText:
        """Return since when the customer is signed in."""
        time = self.language.time(self.since)
        if self.session.attended:
            words = self._("Signed in with PIN, beside staff, at {time}")
        elif self.session.by_card:
            words = self._("Signed in with PIN, face and card at {time}")
        else:
            words = self._("Signed in with PIN and face at {time}")
        return StatusText(words.format(time=time), "ok")

    def go_on_to(self, make: Make) -> None:
        """Show another page of the same account."""
        self._keeps_session = True
        self.app.show(make)

    def give_way(self) -> None:
        """Keep the account open for this page, built anew."""
        self._keeps_session = True

    def cancel(self) -> None:
        """Log out."""
        self.log_out()

    def log_out(self) -> None:
        """Close the account and say goodbye."""
        self.app.show(Goodbye)

    def destroy(self) -> None:
        """Leave the page, and the account with it unless the next page goes on with it."""
        if not self._keeps_session:
            self.session.close()
        super().destroy()
