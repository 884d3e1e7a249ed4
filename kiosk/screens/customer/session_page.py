"""What every page of an open account has: its owner, since when, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk.screens.base import Screen
from kiosk.shell import Make
from kiosk.widgets.top_bar import Chip, StatusText

if TYPE_CHECKING:
    from atm.accounts.session import Session


class SessionPage(Screen):
    """A page of an open account. Leaving it closes the account, unless `go_on_to` leads away."""

    session: Session

    def open_session(self, session: Session, since: datetime | None) -> None:
        """Take *session*, open *since* a given time or now; the camera watches from here on."""
        self.session = session
        self.since = since or datetime.now()
        self._keeps_session = False

    def chips(self) -> Sequence[Chip]:
        """Show whose account it is."""
        return [Chip(self.session.customer.full_name)]

    def status(self) -> StatusText:
        """Say since when."""
        time = self.language.time(self.since)
        return StatusText(self._("Signed in with PIN and face at {time}").format(time=time), "ok")

    def go_on_to(self, make: Make) -> None:
        """Show another page of the same account."""
        self._keeps_session = True
        self.app.show(make)

    def destroy(self) -> None:
        """Leave the page, and the account with it unless the next page goes on with it."""
        if not self._keeps_session:
            self.session.close()
        super().destroy()
