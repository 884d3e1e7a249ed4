"""Login: where it begins. With a card in the reader it could begin at the PIN."""

from __future__ import annotations

from kiosk.screens.customer.login_name import LoginName
from kiosk.screens.customer.login_step import Typed
from kiosk.shell import Page, Shell


def log_in(app: Shell) -> Page:
    """Make the first page of a login."""
    return LoginName(app, Typed())
