"""Help and access, over any page: speech, size of text, colours and language."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence
from typing import Any

from kiosk.access import PACES, VOLUMES
from kiosk.layout import Column, Grid, Reflow, Space
from kiosk.screens.base import Screen
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.labels import Label
from kiosk.words.language import languages
from kiosk.words.messages import N_
from kiosk.words.page_help import PAGE_HELP

PALETTE_NAMES = {
    theme.NORMAL: N_("Ordinary"),
    "yellow": N_("Yellow on black"),
    "inverse": N_("Light on dark"),
}

_Choice = tuple[str, Callable[[], object], bool]
_NAME = 170
"""Least width of the column with the names of the rows."""


class AccessLayer(Screen):
    """What lies over a page while its visitor chooses how to see and hear the kiosk."""

    def __init__(self, app: Shell) -> None:
        """Build it for the page in front."""
        self._ground = tkinter.Frame(app.window.area, bg=theme.PAPER)
        self._ground.place(relwidth=1, relheight=1)  # the page below is not seen beside it
        super().__init__(app)
        _, access = self._, app.access
        help_ = PAGE_HELP.get(type(app.screen).__name__, "")
        parts = [
            self.heading(_("Help and access")),
            self.words(_(help_) if help_ else ""),
            self._speech(),
            self._row(
                _("Text"),
                [
                    (f"{step:.0%}", lambda n=number: app.choose(text=n), number == access.text)  # type: ignore[misc]
                    for number, step in enumerate(theme.TEXT_STEPS)
                ],
            ),
            self._row(
                _("Colours"),
                [
                    (_(name), lambda key=key: app.choose(palette=key), key == access.palette)  # type: ignore[misc]
                    for key, name in PALETTE_NAMES.items()
                ],
            ),
            self._row(
                _("Language"),
                [
                    (name, lambda code=code: app.choose(language=code), code == access.language)  # type: ignore[misc]
                    for code, name in languages().items()
                ],
            ),
        ]  # fmt: skip
        back = self.button(_("Back"), self.cancel, look="primary")
        self.lay(*parts, Space(grow=1), back, gap=12)

    @property
    def place_of_focus(self) -> int:
        """Which control has the focus, from 0."""
        return next((n for n, each in enumerate(self.controls) if each.focused), 0)

    def cancel(self) -> None:
        """Go back to the page."""
        self.app.open_access()

    def plain(self, scale: float) -> None:
        """Lay it out anew: the window's or the text's size has changed."""
        self.lay_now()

    def close(self) -> None:
        """Leave, and show the page below again."""
        self._ground.destroy()
        self.destroy()

    def _speech(self) -> Any:
        app, access, _ = self.app, self.app.access, self._
        if not app.can_speak:
            head = self.words(_("Speech"), weight="semibold")
            return self._named(head, self.words(_("This kiosk cannot speak."), grow=1))
        paces, volumes = len(PACES), len(VOLUMES)
        return self._row(
            _("Speech"),
            [
                (
                    _("On") if access.speech else _("Off"),
                    lambda: app.choose(speech=not access.speech), access.speech,
                ),
                (_("Read again"), self._again, False),
                (
                    _("Slower: {n} of {total}").format(n=access.pace + 1, total=paces),
                    lambda: app.choose(pace=(access.pace + 1) % paces), False,
                ),
                (
                    _("Volume {n} of {total}").format(n=access.volume + 1, total=volumes),
                    lambda: app.choose(volume=(access.volume + 1) % volumes), False,
                ),
            ],
        )  # fmt: skip

    def _again(self) -> None:
        """Have the page below read from its beginning."""
        self.app.choose(speech=True)
        self.cancel()

    def _row(self, name: str, choices: Sequence[_Choice]) -> Any:
        head = self.words(name, weight="semibold")
        buttons = [
            self.button(
                f"✓ {text}" if chosen else text, command,
                look="chosen" if chosen else "secondary", high=theme.TOUCH,
            )
            for text, command, chosen in choices
        ]  # fmt: skip
        return self._named(head, Grid(*buttons, columns=len(buttons), grow=1))

    def _named(self, head: Label, part: Any) -> Any:
        return Reflow(Column(Space(grow=1), head, Space(grow=1), gap=0, least=_NAME), part)
