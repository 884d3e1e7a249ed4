"""Idle and presence time-outs: log the customer out, sign staff out, cover the account.

Customers are first asked whether they want more time.
"""

from __future__ import annotations

from kiosk.access import defaults
from kiosk.card_watch import CardWatch
from kiosk.presence import PresenceWatch
from kiosk.shell import Make, Shell
from kiosk.widgets.dialog import Dialog
from kiosk.words.messages import Notice


class Attendance:
    """Applies the idle clock and the presence watch, four times a second, on the Tk thread."""

    def __init__(self, app: Shell, covered: Make, card_taken: Make) -> None:
        """Watch over *app*.

        Args:
            app: The window.
            covered: Makes the page for an account whose owner is gone.
            card_taken: Makes the page for an account whose owner's card is gone.
        """
        self._app = app
        self._cover = covered
        self._watch: PresenceWatch | None = None
        self._card_watch = CardWatch(app, card_taken)

    @property
    def unseen(self) -> bool:
        """Whether an account is open whose owner is not seen; nothing is paid out then."""
        return self._watch is not None and self._watch.unseen

    def look(self) -> None:
        """Ask, count down, or end the session."""
        app = self._app
        idle = app.idle
        if self._covered():
            return
        if app.screen.settling:  # whoever waits for notes touches nothing
            idle.active()
        if app.screen.for_staff:
            if not idle.staff_left_s:
                app.go_home(Notice.SIGNED_OUT)
        elif idle.asking:
            if not idle.left_s:
                app.go_home()
            elif isinstance(app.dialog, Dialog):
                app.dialog.line.configure(text=self._time_left())
        elif idle.due():
            if app.screen.idles:
                self._ask()
                return
            idle.answer()
            if app.access != defaults(app.settings) or app.notice is not None:
                app.go_home()

    def _covered(self) -> bool:
        """Have the camera watch the open account; True once it is covered."""
        session = self._app.screen.session
        if self._watch is not None and self._watch.session is not session:
            self._watch.end()
            self._watch = None
        self._card_watch.look(session)
        if session is None or session.attended:  # staff watch over who has no face to be watched
            return False
        if self._watch is None:
            self._watch = PresenceWatch(self._app, session, self._cover)
        return self._watch.look()

    def _ask(self) -> None:
        app = self._app
        _ = app.language.gettext
        app.ask(
            title=_("More time?"),
            line=self._time_left(),
            yes=_("Yes"),
            no=_("No, log out") if app.screen.session is not None else _("No, stop"),
            on_yes=None,
            on_no=app.go_home,
            safe="yes",
        )

    def _time_left(self) -> str:
        app = self._app
        words = app.language
        if app.screen.session is not None:
            return words.ngettext(
                "You will be logged out in {n} second.",
                "You will be logged out in {n} seconds.",
                app.idle.left_s,
            )
        return words.ngettext(
            "This page closes in {n} second.", "This page closes in {n} seconds.", app.idle.left_s
        )
