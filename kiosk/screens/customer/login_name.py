"""First step of a login: the customer's name, typed on large letters."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from kiosk.layout import Space
from kiosk.screens.customer.login_pin import LoginPin
from kiosk.screens.customer.login_step import LoginStep, Typed
from kiosk.shell import Shell
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control
from kiosk.widgets.keypads import LetterPad
from kiosk.words import messages
from kiosk.worker import Attempt

LOOK_AGAIN_S = 1.0

_log = logging.getLogger(__name__)


class LoginName(LoginStep):
    """Page for the name. The camera wakes up meanwhile, so that the face need not wait for it."""

    def __init__(self, app: Shell, typed: Typed) -> None:
        """Build the page with the name that was *typed* already."""
        super().__init__(app, typed, None)
        _ = self._
        cards = self.cards
        note = messages.put_card_in(cards.required, _) if cards is not None else ""
        self.username: Field = self.add(Field(self, _("Username"), self.fonts, note=note))
        self._looking: Attempt[str | None] | None = None
        self._look_at = 0.0
        self.typing = self.username
        self.letters = LetterPad(
            self, self.fonts, lambda: self.username, _, letters=self.language.letters,
            onward=_("Next"), on_onward=self._next,
        )  # fmt: skip
        self.go = self.primary = self.letters.onward
        self.letters.grow = 6
        self.lay(Space(grow=1), self.username, self.letters)
        self.username.text = typed.username

    def refresh(self) -> None:
        """Look for a card that fills in the name, once a second while there is none."""
        cards, now = self.cards, time.monotonic()
        if cards is None or self.username.text or now < self._look_at:
            return
        if self._looking is None or self._looking.over:
            self._look_at = now + LOOK_AGAIN_S
            self._looking = self.app.worker.start(
                lambda _attempt: cards.username(), done=self._found, failed=self._not_read
            )

    def destroy(self) -> None:
        """Leave the page, and look for no card any more."""
        if self._looking is not None:
            self._looking.drop()
        super().destroy()

    def stops(self) -> Sequence[Control]:
        """Return the field, the letters and the button."""
        return [self.username, *self.letters.stops()]

    def first_focus(self) -> Control | None:
        """Start in the field."""
        return self.username

    def keep(self) -> None:
        """Keep the name."""
        self.typed.username = self.username.text

    def _found(self, name: str | None) -> None:
        if name is not None and not self.username.text:
            self.username.text = name
            self._next()

    def _not_read(self, error: BaseException) -> None:
        _log.warning("The card could not be looked at: %s", error)

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
