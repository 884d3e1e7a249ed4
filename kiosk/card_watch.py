"""Card watch: a card that is taken out of the reader closes the account."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from kiosk.shell import Make, Shell

if TYPE_CHECKING:
    from atm.accounts.session import Session
    from kiosk.worker import Attempt

EVERY_S = 0.5

_log = logging.getLogger(__name__)


class CardWatch:
    """Asks twice a second whether the card of the open account is still there."""

    def __init__(self, app: Shell, taken: Make) -> None:
        """Watch over *app*; *taken* makes the page for an account whose owner's card is gone."""
        self._app = app
        self._taken = taken
        self._session: Session | None = None
        self._request: Attempt[bool] | None = None
        self._asked_at = 0.0

    def look(self, session: Session | None) -> None:
        """Have the reader asked whether the card of *session* is there."""
        if session is not self._session:
            self._end()
            self._session = session
        cards = self._app.machine.cards if session is not None and session.by_card else None
        now = time.monotonic()
        if cards is None or self._request is not None or now - self._asked_at < EVERY_S:
            return
        self._asked_at = now
        self._request = self._app.worker.start(
            lambda _attempt: cards.reader.still_there(), done=self._answered, failed=self._failed
        )

    def _answered(self, there: bool) -> None:
        self._request = None
        if not there and not self._app.screen.settling:
            self._app.show(self._taken)

    def _failed(self, error: BaseException) -> None:
        _log.error("The card could not be watched. The account is closed.", exc_info=error)
        self._answered(False)

    def _end(self) -> None:
        if self._request is not None:
            self._request.drop()
            self._request = None
