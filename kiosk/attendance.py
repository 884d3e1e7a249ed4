"""Ends what was left open: by nobody seen, by nobody at the keys, by the wrong face.

Customers are asked for more time; staff are signed out; an account whose owner is gone is covered.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kiosk.messages import Notice

if TYPE_CHECKING:
    from atm.session import Session
    from kiosk.app import App
    from kiosk.presence import PresenceWatch

STAFF_IDLE_S = 60
"""How long staff stay signed in without a touch or a key."""
WARN_S = 15
"""How long before that it is said."""


class Attendance:
    """Looks at the idle clock four times a second, on the Tk thread."""

    def __init__(self, app: App) -> None:
        """Watch over *app*."""
        self._app = app
        self._watch: PresenceWatch | None = None

    @property
    def staff_left_s(self) -> int:
        """Whole seconds until staff are signed out, unless somebody touches something."""
        return max(0, math.ceil(STAFF_IDLE_S - self._app.idle.untouched_s))

    @property
    def warning(self) -> bool:
        """Whether staff are about to be signed out."""
        return self.staff_left_s <= WARN_S

    def watch(self, session: Session) -> None:
        """Let the camera watch over *session* for as long as pages of it are shown."""
        from kiosk.presence import PresenceWatch

        if self._watch is None or self._watch.session is not session:
            self._end_watch()
            self._watch = PresenceWatch(self._app, session)

    def look(self) -> None:
        """Ask, count down, or end."""
        app = self._app
        idle = app.idle
        if not app.screen.logs_out:
            self._end_watch()
        elif self._watch is not None and self._watch.look():
            return
        if app.screen.for_staff:
            if not self.staff_left_s:
                app.go_home(Notice.SIGNED_OUT)
        elif idle.asking:
            if not idle.left_s:
                app.go_home()
            elif app.dialog is not None:
                app.dialog.line.configure(text=self._time_left())
        elif idle.due():
            if app.screen.idles:
                self._ask()
                return
            idle.answer()
            if app.language.code != app.settings.language or app.notice is not None:
                app.go_home()

    def _end_watch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()

    def _ask(self) -> None:
        app = self._app
        _ = app.language.gettext
        app.ask(
            title=_("More time?"),
            line=self._time_left(),
            yes=_("Yes"),
            no=_("No, log out") if app.screen.logs_out else _("No, stop"),
            on_yes=None,
            on_no=app.go_home,
            safe="yes",
        )

    def _time_left(self) -> str:
        app = self._app
        words = app.language
        if app.screen.logs_out:
            return words.ngettext(
                "You will be logged out in {n} second.",
                "You will be logged out in {n} seconds.",
                app.idle.left_s,
            )
        return words.ngettext(
            "This page closes in {n} second.", "This page closes in {n} seconds.", app.idle.left_s
        )
