"""The question to a customer who listens to the kiosk and whom the camera does not see.

Who is blind does not know where the camera is, and turns away while listening. So with speech the
account is not covered at once: a spoken question comes first, and a key goes on without the face
for a while. Meanwhile nothing is paid out (SECURITY.md has the rule and its reasons).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from kiosk.shell import Overlay, Shell
from kiosk.widgets.dialog import Dialog

WARNED_S = 30.0
"""How long the question stands: at 100 words a minute it takes 20 s to be read."""
KEPT_S = 30.0
"""How long an answer keeps the account open without the face."""
MOST_TIMES = 2
"""How many answers in a row count before the face must be seen again."""


class UnseenQuestion:
    """Asks who is not seen whether they are there, and says when the account is to be covered.

    Attributes:
        unseen: Whether the customer is not seen now.
    """

    def __init__(self, app: Shell, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a customer who is seen; *clock* in seconds."""
        self._app = app
        self._clock = clock
        self.unseen = False
        self._times = 0
        self._kept_until = 0.0
        self._asked_at: float | None = None
        self._dialog: Overlay | None = None

    def seen(self) -> None:
        """Note that the customer is seen: the question goes, and all answers count again."""
        if self._dialog is not None and self._app.dialog is self._dialog:
            self._dialog.cancel()
        self.unseen, self._times, self._kept_until, self._asked_at = False, 0, 0.0, None

    def not_seen(self) -> bool:
        """Ask, or count down; returns whether the account is to be covered."""
        self.unseen = True
        now = self._clock()
        if now < self._kept_until:
            return False
        if self._asked_at is None:
            if self._times == MOST_TIMES:
                return True
            self._asked_at = now
        left_s = math.ceil(self._asked_at + WARNED_S - now)
        if left_s <= 0:
            return True
        self._app.idle.answer()  # one question at a time
        dialog = self._app.dialog
        if dialog is self._dialog and isinstance(dialog, Dialog):
            dialog.line.configure(text=self._line(left_s))
        else:
            self._ask(left_s)
        return False

    def _ask(self, left_s: int) -> None:
        app = self._app
        _ = app.language.gettext
        app.ask(
            title=_("Are you still there?"), line=self._line(left_s),
            yes=_("Yes"), no=_("No, log out"), on_yes=self._go_on, on_no=app.go_home, safe="yes",
        )  # fmt: skip
        self._dialog = app.dialog

    def _go_on(self) -> None:
        self._times += 1
        self._kept_until, self._asked_at = self._clock() + KEPT_S, None
        self._dialog = None

    def _line(self, left_s: int) -> str:
        return self._app.language.ngettext(
            "The camera does not see you. Turn to it, or press Enter to go on. "
            "The account closes in {n} second.",
            "The camera does not see you. Turn to it, or press Enter to go on. "
            "The account closes in {n} seconds.",
            left_s,
        )
