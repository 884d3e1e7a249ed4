"""First step of a login: the customer's name, typed on large letters."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.layout import Space
from kiosk.screens.customer.login_pin import LoginPin
from kiosk.screens.customer.login_step import LoginStep, Typed
from kiosk.shell import Shell
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.keypads import LetterPad
from kiosk.words import messages


class LoginName(LoginStep):
    """Page for the name. The camera wakes up meanwhile, so that the face need not wait for it."""

    def __init__(self, app: Shell, typed: Typed) -> None:
        """Build the page with the name that was *typed* already."""
        super().__init__(app, typed, None)
        _ = self._
        self.username: Field = self.add(Field(self, _("Username"), self.fonts, note=""))
        self.typing = self.username
        self.letters = LetterPad(
            self, self.fonts, lambda: self.username, _, letters=self.language.letters,
            onward=_("Next"), on_onward=self._next,
        )  # fmt: skip
        self.go = self.primary = self.letters.onward
        self.letters.grow = 6
        self.lay(Space(grow=1), self.username, self.letters)
        self.username.text = typed.username

    def stops(self) -> Sequence[Control]:
        """Return the field, the letters and the button."""
        return [self.username, *self.letters.stops()]

    def first_focus(self) -> Control | None:
        """Start in the field."""
        return self.username

    def keep(self) -> None:
        """Keep the name."""
        self.typed.username = self.username.text

    def _next(self) -> None:
        self.username.calm()
        if not self.username.text.strip():
            empty = messages.POLICY["username"]["empty"]
            self.username.complain(self._(empty))
            self.username.take_focus()
            return
        self.keep()
        typed = self.typed
        self.go_on_to(lambda app: LoginPin(app, typed, lambda app: LoginName(app, typed)))
