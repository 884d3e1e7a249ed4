"""Steps of a login in a real window, by keyboard."""

from typing import Any


def to_pin(kiosk: Any, username: str = "maria.lopez") -> Any:
    """Go from home to the page for the PIN, once it may be pressed; returns the page."""
    kiosk.app.by_touch = False
    kiosk.on("Home")
    kiosk.screen.existing.press()
    kiosk.on("LoginName")
    kiosk.type(username)
    kiosk.key("Return")
    kiosk.on("LoginPin")
    kiosk.until(lambda: kiosk.screen.press.enabled)
    return kiosk.screen


def log_in(kiosk: Any, username: str = "maria.lopez", pin: str = "1234") -> None:
    """Go from home to the check of PIN and face."""
    to_pin(kiosk, username)
    kiosk.type(pin)
    kiosk.key("Return")


def refused(kiosk: Any) -> bool:
    """Return whether the page in front shows a refused login."""
    return type(kiosk.screen).__name__ == "LoginFace" and kiosk.screen.outcome is not None
