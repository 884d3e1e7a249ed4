"""Page of the languages, each under the name that it has for itself."""

from __future__ import annotations

from kiosk.screens.base import Screen
from kiosk.shell import Shell
from kiosk.widgets import theme
from kiosk.widgets.focus import Control
from kiosk.words.language import languages

_COLUMNS, _GAP, _TOP, _HIGH = 2, 24, 212, 96
_WIDE = (theme.PAGE_WIDTH - 2 * theme.MARGIN - _GAP * (_COLUMNS - 1)) // _COLUMNS


class Languages(Screen):
    """Offers every language; home, and the pages behind it, are then in the chosen one."""

    def __init__(self, app: Shell) -> None:
        """Build the page in the present language."""
        super().__init__(app)
        self.label(
            self._("Choose your language"), theme.MARGIN, 112,
            theme.PAGE_WIDTH - 2 * theme.MARGIN, size=theme.TITLE, weight="bold", height=60,
        )  # fmt: skip
        self._present: Control | None = None
        for number, (code, name) in enumerate(languages().items()):
            row, column = divmod(number, _COLUMNS)
            button = self.button(
                name, lambda code=code: app.speak(code),  # type: ignore[misc]
                theme.MARGIN + column * (_WIDE + _GAP), _TOP + row * (_HIGH + _GAP), _WIDE,
                look="chosen" if code == self.language.code else "secondary", height=_HIGH,
            )  # fmt: skip
            if code == self.language.code:
                self._present = button

    def first_focus(self) -> Control | None:
        """Return the present language's button."""
        return self._present
