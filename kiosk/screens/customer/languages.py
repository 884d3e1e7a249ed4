"""Page of the languages, each under the name that it has for itself."""

from __future__ import annotations

from kiosk.layout import Grid, Space
from kiosk.screens.base import Screen
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.focus import Control
from kiosk.widgets.top_bar import Chip
from kiosk.words.language import languages


class Languages(Screen):
    """Offers every language; the first page, and what follows it, is then in the chosen one."""

    def __init__(self, app: Shell) -> None:
        """Build the page in the present language."""
        super().__init__(app)
        self._buttons = {
            code: self.button(
                name, lambda code=code: self._choose(code),  # type: ignore[misc]
                look="chosen" if code == self.language.code else "secondary", high=theme.KEY,
            )
            for code, name in languages().items()
        }  # fmt: skip
        self.lay(
            self.heading(self._("Choose your language")),
            Space(size=16),
            Grid(*self._buttons.values(), columns=2, gap=24, most=theme.TILE, grow=1),
        )

    def first_focus(self) -> Control | None:
        """Return the present language's button."""
        return self._buttons[self.language.code]

    def _choose(self, code: str) -> None:
        self.app.choose(language=code)
        self.app.go_home()


def language_chip(page: Screen) -> Chip:
    """Return the chip of *page* that leads to the languages, with the present one's name."""
    name = languages()[page.language.code]
    return Chip(name, lambda: page.app.show(Languages), symbol="globe")
