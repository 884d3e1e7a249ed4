"""Presence watch: the camera checks that the customer stays while an account is open."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from face_auth.types import PresenceState
from kiosk.shell import Make, Shell
from kiosk.unseen import UnseenQuestion

if TYPE_CHECKING:
    from atm.accounts.session import Session
    from face_auth.presence import Presence
    from face_auth.types import Frame
    from kiosk.worker import Attempt

EVERY_S = 0.5
SILENT_S = 5.0
"""How long the camera or the answer may stay away before the account is covered."""

_log = logging.getLogger(__name__)


class PresenceWatch:
    """Asks twice a second who is there; any answer but the owner alone covers the account.

    Where speech was on when the account was opened, an owner who is merely not seen is asked first;
    speech that is switched on later does not count, for a stranger could do that.
    """

    def __init__(
        self,
        app: Shell,
        session: Session,
        covered: Make,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch over *session*; `look` is to be called at least twice a second.

        Args:
            app: The window.
            session: The open account.
            covered: Makes the page that covers the account.
            clock: In seconds.
        """
        self.session = session
        self._covered = covered
        self._app = app
        self._clock = clock
        self._presence: Presence | None = None
        self._request: Attempt[PresenceState] | None = None
        self._asked_at = 0.0
        self._answered_at = clock()
        self._seen: int | None = None
        self._question = UnseenQuestion(app, clock) if app.listener is not None else None

    @property
    def unseen(self) -> bool:
        """Whether the account stays open although its owner is not seen."""
        return self._question is not None and self._question.unseen

    def look(self) -> bool:
        """Have the newest frame judged; True once the account is covered."""
        now = self._clock()
        if self._app.screen.settling:
            self._answered_at = now
        elif now - self._answered_at > SILENT_S:
            _log.warning("The presence check gave no answer in time. The account is covered.")
            self._cover()
            return True
        elif self._request is None and now - self._asked_at >= EVERY_S:
            frame = self._app.host.latest()
            if frame is not None and frame.index != self._seen:
                self._seen, self._asked_at = frame.index, now
                self._ask(frame)
        return False

    def end(self) -> None:
        """Stop watching."""
        if self._request is not None:
            self._request.drop()
            self._request = None

    def _ask(self, frame: Frame) -> None:
        machine, session = self._app.machine, self.session

        def work(_attempt: object) -> PresenceState:
            if self._presence is None:
                self._presence = machine.presence_of(session)
            return self._presence.judge(frame)

        self._request = self._app.worker.start(work, done=self._answered, failed=self._failed)

    def _answered(self, found: PresenceState) -> None:
        self._request = None
        self._answered_at = self._clock()
        if self._app.screen.settling:
            return
        question = self._question
        if found == PresenceState.HERE:
            if question is not None:
                question.seen()
        elif question is None or found != PresenceState.GONE or question.not_seen():
            self._cover()

    def _failed(self, error: BaseException) -> None:
        _log.error("The presence check failed. The account is covered.", exc_info=error)
        self._request = None
        if not self._app.screen.settling:
            self._cover()

    def _cover(self) -> None:
        self.end()
        self._app.show(self._covered)
