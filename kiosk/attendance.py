"""Asks for more time where nobody is seen, and drops everything when nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.app import App


class Attendance:
    """Looks at the idle clock four times a second, on the Tk thread."""

    def __init__(self, app: App) -> None:
        """Watch over *app*."""
        self._app = app

    def look(self) -> None:
        """Ask, count down, or end."""
        app = self._app
        idle = app.idle
        if idle.asking:
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
