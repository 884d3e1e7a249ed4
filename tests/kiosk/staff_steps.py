"""Steps that several tests of the staff's pages share."""

from typing import Any

import customtkinter

from atm.people import Customer

BEN_PIN = "271828"
PEOPLE = [
    (Customer(f"{number:032x}", name, name.title()), state)
    for number, (name, state) in enumerate(
        [
            ("ada", "active"), ("alan", "locked"), ("grace", "waiting"), ("jan", "active"),
            ("li", "pending"), ("maria.lopez", "active"), ("olu", "active"), ("zoe", "locked"),
        ]
    )
]  # fmt: skip


def tile(kiosk: Any, title: str) -> Any:
    """Return the tile of the page in front with that title."""
    return next(
        c for c in kiosk.screen.controls if hasattr(c, "title") and c.title.cget("text") == title
    )


def words(widget: Any) -> list[str]:
    """Return every word in *widget*."""
    own = [str(widget.cget("text"))] if isinstance(widget, customtkinter.CTkLabel) else []
    return own + [text for child in widget.winfo_children() for text in words(child)]


def open_customer(kiosk: Any, name: str) -> None:
    """Go from the menu to the page of a customer."""
    kiosk.touch(tile(kiosk, "Customers"))
    kiosk.on("Customers")
    kiosk.type(name)
    kiosk.key("Return")
    kiosk.until(lambda: len(kiosk.screen.listing.rows) == 1)
    kiosk.touch(kiosk.screen.listing.rows[0])
    kiosk.on("CustomerPage")


def sign(kiosk: Any, name: str, pin: str) -> None:
    """Type a second signature."""
    kiosk.on("SecondSignature")
    kiosk.type(name)
    kiosk.key("Return")
    kiosk.type(pin)
    kiosk.key("Return")


def home(kiosk: Any, tone: str, sentence: str) -> None:
    """Wait until the task is over: home, staff signed out, and what came of it."""
    kiosk.on("Home")
    assert (kiosk.screen.line.tone, kiosk.screen.line.sentence) == (tone, sentence)
