"""A customer who sees nothing logs in, withdraws money and leaves, by keyboard and ear alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atm.demo_customer import PIN, USERNAME
from atm.folder import Kind
from atm.settings import Settings
from tests.kiosk.speech.ear import BlindCustomer, Ear

pytestmark = pytest.mark.gui

MOVEMENTS = ("Turn your head", "Lift your chin", "Lower your chin", "Come closer with")


@pytest.fixture
def real_kiosk(settings: Settings) -> Any:
    """The window on a demonstration, whose drawn customer follows the instructions, and an ear."""
    from kiosk.main import furnish_demonstration, open_machine
    from tests.kiosk.conftest import Kiosk

    ear = Ear()
    made = Kiosk(
        replace(settings, kind=Kind.DEMO, camera="demo"), open_machine,
        furnish=furnish_demonstration, voice=ear,
    )  # fmt: skip
    made.ear = ear
    yield made
    made.close()


@pytest.mark.early
def test_a_blind_customer_withdraws_forty_euros(real_kiosk: Any, tmp_path: Path) -> None:
    kiosk, ear = real_kiosk, real_kiosk.ear
    customer = BlindCustomer(kiosk, ear)
    kiosk.app.reader.look()
    kiosk.settle(0.1)
    assert not ear.heard, "it spoke without being asked"

    customer.press("F1")
    customer.hear("Help and access")
    customer.press("F1")
    customer.hear("then type this username and PIN")
    customer.tab_to("Existing User")
    customer.press("Return")

    movements = 0
    while True:
        heard = customer.hear(
            "Username, type here, empty", "PIN, type here, empty", "press Login", *MOVEMENTS,
            "Welcome", "Try again",
        )  # fmt: skip
        if heard.startswith("Username"):
            customer.type(USERNAME)
            customer.press("Return")
        elif heard.startswith("PIN"):
            customer.type(PIN)
            customer.hear("press Login")
        elif heard == "press Login" or heard == "Try again":
            customer.press("Return")
        elif heard == "Welcome":
            break
        else:
            movements += 1
            customer.listen_on()
    assert movements >= 3

    customer.hear("Signed in")
    customer.tab_to("Show balance")
    customer.press("Return")
    customer.hear("1350 euros")
    customer.tab_to("40 euros")
    customer.press("Return")
    customer.hear("Withdraw 40 euros?")
    customer.tab_to("Yes, withdraw")
    customer.press("Return")
    customer.hear("Take your money. Amount. 40 euros.")
    customer.hear("New balance. 1310 euros.")
    customer.hear("Log out, button")
    customer.press("Return")
    customer.hear("You are logged out")
    customer.press("Return")
    kiosk.on("Home")
    kiosk.app.reader.look()
    kiosk.settle(0.1)

    assert customer.news == "", "the next visitor hears what this one asked for"
    assert PIN not in ear.words.replace(f"PIN: {PIN}", ""), "a PIN was said"
    assert [text for kind, text in ear.heard if kind == "tone"].count("key") >= len(PIN)
    stores = kiosk.machine.bank.stores
    balance = stores.ledger.balance(stores.credentials.all()[0].customer_id)
    assert balance == kiosk.app.language.minor(1310)
