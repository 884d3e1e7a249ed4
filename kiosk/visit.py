"""The visit: applies what a visitor chose to see and hear, on any page, until the visit ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kiosk.access import defaults
from kiosk.screens.access import AccessLayer
from kiosk.shell import Make, Overlay, Page, Shell
from kiosk.widgets import theme
from kiosk.widgets.focus import Control, FocusKeeper
from kiosk.words.language import Language


class Visit:
    """Opens help and access, and builds the page in front anew in what was chosen there."""

    def __init__(self, app: Shell, focus: FocusKeeper, end_dialog: Callable[[], None]) -> None:
        """Begin with what *app* has chosen; *end_dialog* takes away what lies over its page."""
        self._app = app
        self._focus = focus
        self._end_dialog = end_dialog
        self._before: Control | None = None
        self.make: Make | None = None
        """What made the page in front."""
        self.stale = False
        """Whether the page in front is not yet as it was chosen."""

    def end(self) -> None:
        """Go back to what every visit begins with."""
        self._app.access = defaults(self._app.settings)
        self.adopt()

    def choose(self, **choices: Any) -> None:
        """Change some of the choices; see `Shell.choose`."""
        app = self._app
        before, app.access = app.access, replace(app.access, **choices)
        if (before.language, before.palette) != (app.access.language, app.access.palette):
            self.stale = True
        if before.text != app.access.text:
            app.window.set_text_step(theme.TEXT_STEPS[app.access.text])
        self.renew()

    def open(self, *, by_key: bool = False) -> None:
        """Open help and access over the page, or close it; a question is only read again.

        Args:
            by_key: Whether F1 asks, which a visitor finds who does not see: it switches speech on.
        """
        app = self._app
        if by_key and app.can_speak and not app.access.speech:
            app.access = replace(app.access, speech=True)
        if isinstance(app.dialog, AccessLayer):
            self._end_dialog()
        elif app.dialog is not None:
            app.read_again()
        else:
            self._before = self._focus.current
            app.screen.pause()
            app.dialog = layer = AccessLayer(app)
            app.window.lay_over(layer)
            layer.controls[0].take_focus()

    def closed(self, dialog: Overlay) -> None:
        """Put the focus back after help and access."""
        before, self._before = self._before, None
        if isinstance(dialog, AccessLayer) and before is not None and before.reachable:
            before.take_focus()

    def renew(self) -> None:
        """Build anew what is not as it was chosen: the page, and help and access over it."""
        app, make = self._app, self.make
        old, layer = app.screen, app.dialog
        before = self._before if layer is not None else self._focus.current
        at_layer = layer.place_of_focus if isinstance(layer, AccessLayer) else None
        if self.stale and not old.working and make is not None:
            place = next((n for n, each in enumerate(old.stops()) if each is before), None)
            old.give_way()
            app.show(_again(make, old))
            self.make = make
            before = _reachable(place, app.screen.stops())
            if before is not None:
                before.take_focus()
        if at_layer is not None:
            self._end_dialog()
            self.open()
            self._before = before
            assert app.dialog is not None
            app.dialog.controls[at_layer].take_focus()

    def adopt(self) -> None:
        """Take on the language, the colours and the size of text that were chosen."""
        app = self._app
        self.stale = False
        app.language = Language(app.access.language, app.settings.currency)
        if theme.worn() != app.access.palette:
            theme.wear(app.access.palette)
            app.window.repaint()
        if app.window.fonts.step != theme.TEXT_STEPS[app.access.text]:
            app.window.set_text_step(theme.TEXT_STEPS[app.access.text])


def _again(make: Make, old: Page) -> Make:
    """Return what makes the page *old* once more, with what was typed into it."""

    def made(app: Shell) -> Page:
        page = make(app)
        page.take_over(old)
        return page

    return made


def _reachable(place: int | None, stops: Sequence[Control]) -> Control | None:
    """Return the control at *place*, if it can be reached."""
    if place is None or place >= len(stops) or not stops[place].reachable:
        return None
    return stops[place]
