"""The account in a real window, on a real ledger."""

import dataclasses
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from atm.accounts.dispenser import NotDispensed
from atm.accounts.session import HeldError, Session
from atm.people import Customer
from atm.receipts import Hindrance, NotPrintedError, Receipt
from atm.xfs4iot.dispenser import Limits, Xfs4iotDispenser
from kiosk.screens.customer import account
from kiosk.screens.customer import balance as balance_card
from kiosk.screens.customer.money import AmountHeld
from kiosk.words.messages import NO_RECEIPT
from tests.kiosk.conftest import LIMIT_S
from tests.kiosk.login_steps import log_in
from tests.xfs4iot_messages import Messages
from tools.xfs4iot_simulator.device import Device
from tools.xfs4iot_simulator.service import Simulator

pytestmark = pytest.mark.gui

CUSTOMER = Customer("c" * 32, "maria.lopez", "Maria Lopez")


@pytest.fixture
def page(kiosk: Any, machine: Any) -> Any:
    """The account of Maria Lopez with 1,350."""
    log_in(kiosk)
    kiosk.on("Account")
    return kiosk


def balance(machine: Any) -> int:
    """Return what the ledger says."""
    return int(machine.ledger.balance("c" * 32))


def texts(widget: Any) -> list[str]:
    """Return every word in *widget*."""
    own = [str(widget.cget("text"))] if hasattr(widget, "_label") else []
    return own + [text for child in widget.winfo_children() for text in texts(child)]


def test_the_balance_is_hidden_until_asked_and_again_after_a_while(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balance_card, "SHOWN_S", 0.3)
    assert "Welcome, Maria Lopez" in texts(page.screen)
    assert not any("1,350" in text for text in texts(page.screen))
    page.touch(page.screen.show_button)
    page.until(lambda: page.screen.balance.cget("text") == "€1,350.00")
    assert "Opening balance" in texts(page.screen) and "+\u00a01,350.00" in texts(page.screen)
    page.until(lambda: page.screen.balance.cget("text") == "€••••••")
    assert not any("1,350" in text for text in texts(page.screen))


def test_fifteen_seconds_are_the_while() -> None:
    assert balance_card.SHOWN_S == 15.0


def test_a_preset_is_paid_after_a_yes(page: Any, machine: Any) -> None:
    page.touch(page.screen.presets[3])
    assert page.asked().title.cget("text") == "Withdraw €100?"
    assert balance(machine) == 135_000
    page.touch(page.asked().yes)
    page.on("TakeMoney")
    assert balance(machine) == 125_000
    words = texts(page.screen)
    assert "Take your money" in words and "€1,250.00" in words
    assert machine.ledger.transactions("c" * 32, limit=1)[0].reference in words


@pytest.mark.parametrize(("name", "said"), [("simulated", True), ("cash", False)])
def test_the_screen_says_when_the_dispenser_is_simulated(
    page: Any, machine: Any, name: str, said: bool
) -> None:
    machine.dispenser.name = name
    page.touch(page.screen.presets[0])
    page.touch(page.asked().yes)
    page.on("TakeMoney")
    line = "Simulated dispenser: no real notes come out."
    assert (line in texts(page.screen)) == said
    assert ("Paid out" in texts(page.screen)) != said  # a device has seen the notes taken


def test_a_real_dispenser_has_the_customer_take_the_notes(page: Any, machine: Any) -> None:
    comes, goes_on = threading.Event(), threading.Event()

    def dispense(reference: str, amount_minor: int) -> None:
        comes.set()
        assert goes_on.wait(LIMIT_S)
        raise NotDispensed

    machine.dispenser.name, machine.dispenser.dispense = "cash", dispense
    page.touch(page.screen.presets[0])
    page.touch(page.asked().yes)
    page.until(comes.is_set)
    assert "Take your notes when they come out" in texts(page.screen)
    goes_on.set()
    page.until(lambda: not page.screen.settling)
    assert "Take your notes when they come out" not in texts(page.screen)
    assert balance(machine) == 135_000


@pytest.mark.parametrize(
    ("fault", "ends", "says", "left"),
    [
        ("", "TakeMoney", "Paid out", 131_000),
        ("left", "AmountHeld", "Please ask staff", 131_000),
        ("empty", "Account", "Withdraw", 135_000),
    ],
)
def test_a_simulated_device_by_xfs4iot(
    page: Any, machine: Any, fault: str, ends: str, says: str, left: int
) -> None:
    device, messages = Device({"unit1": (20, 9)}, fault=fault), Messages()
    with Simulator(device, seen=messages.seen) as simulator:
        limits = Limits(LIMIT_S, LIMIT_S, LIMIT_S if not fault else 0.2)
        machine.sessions[0]._dispenser = Xfs4iotDispenser(simulator.address, None, "EUR", limits)
        page.touch(page.screen.presets[1])
        page.touch(page.asked().yes)
        page.until(lambda: device.reference != "-" and not page.screen.settling)
        page.on(ends)
        assert says in texts(page.screen)
    assert machine.ledger.available("c" * 32) == left
    assert sum(device.taken.values()) == (2 if ends == "TakeMoney" else 0)
    assert messages.wrong == []


def test_an_amount_on_hold_is_shown_with_its_reference(page: Any, machine: Any) -> None:
    hold = machine.ledger.hold("c" * 32, 2000, smallest_note_minor=1000, day_limit_minor=100_000)
    session, since = machine.sessions[0], page.screen.since
    page.screen.go_on_to(lambda app: AmountHeld(app, session, since, HeldError(hold)))
    page.on("AmountHeld")
    words = texts(page.screen)
    assert {"Please ask staff", "€20.00", hold.reference} <= set(words)
    page.touch(page.screen.controls[0])
    page.on("Goodbye")
    assert machine.sessions[0]._ledger is None


@pytest.mark.parametrize("asked", [False, True])
def test_a_receipt_is_printed_on_request_and_shows_no_balance_that_was_not_asked_for(
    kiosk: Any, machine: Any, asked: bool
) -> None:
    printed: list[Receipt] = []
    machine.receipts = SimpleNamespace(print=printed.append)
    log_in(kiosk)
    kiosk.on("Account")
    if asked:
        kiosk.touch(kiosk.screen.show_button)
        kiosk.until(lambda: kiosk.screen.balance.cget("text") == "€1,350.00")
    kiosk.touch(kiosk.screen.presets[3])
    kiosk.touch(kiosk.asked().yes)
    kiosk.on("TakeMoney")
    assert not printed
    kiosk.touch(kiosk.screen.receipt)
    kiosk.until(lambda: "Take your receipt." in texts(kiosk.screen))
    rows = dict(printed[0].rows)
    assert (rows["Amount"], rows["Kiosk"]) == ("€100.00", "ab12cd34")
    assert rows.get("New balance") == ("€1,250.00" if asked else None)
    assert "maria" not in str(printed[0]).lower() and "lopez" not in str(printed[0]).lower()
    assert rows["Reference"] == machine.ledger.transactions("c" * 32, limit=1)[0].reference


@pytest.mark.parametrize("hindrance", Hindrance)
def test_a_printer_in_trouble_takes_no_money_back_and_may_be_tried_again(
    kiosk: Any, machine: Any, hindrance: Hindrance
) -> None:
    def fail(_receipt: Receipt) -> None:
        raise NotPrintedError(hindrance)

    machine.receipts = SimpleNamespace(print=fail)
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.touch(kiosk.screen.presets[3])
    kiosk.touch(kiosk.asked().yes)
    kiosk.on("TakeMoney")
    kiosk.touch(kiosk.screen.receipt)
    kiosk.until(lambda: NO_RECEIPT[hindrance] in texts(kiosk.screen))
    assert balance(machine) == 125_000 and kiosk.screen.receipt.enabled


def test_one_may_leave_while_a_receipt_is_still_printed(kiosk: Any, machine: Any) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(_receipt: Receipt) -> None:
        begun.set()
        assert may_end.wait(LIMIT_S)

    machine.receipts = SimpleNamespace(print=slow)
    log_in(kiosk)
    kiosk.on("Account")
    kiosk.touch(kiosk.screen.presets[3])
    kiosk.touch(kiosk.asked().yes)
    kiosk.on("TakeMoney")
    kiosk.touch(kiosk.screen.receipt)
    kiosk.until(begun.is_set)
    kiosk.touch(kiosk.screen.controls[0])
    kiosk.on("Goodbye")
    assert machine.sessions[0]._ledger is None
    may_end.set()


def test_a_no_pays_nothing(page: Any, machine: Any) -> None:
    for answer in ("touch", "Escape", "Return"):  # Return presses No, which has the focus
        page.touch(page.screen.presets[0])
        no = page.asked().no
        if answer == "touch":
            page.touch(no)
        else:
            page.key(answer)
        assert page.app.dialog is None
    page.settle(0.1)
    assert balance(machine) == 135_000 and type(page.screen).__name__ == "Account"


def test_nothing_behind_a_question_can_be_reached(page: Any) -> None:
    page.touch(page.screen.presets[0])
    dialog = page.asked()
    page.touch(page.screen.leave)  # the cover takes it
    assert page.app.dialog is dialog
    seen = set()
    for _ in range(5):
        page.key("Tab")
        seen.add(page.app.focus.current)
    assert seen == {dialog.yes, dialog.no}
    page.type("5")
    assert page.screen.amount.text == ""


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2000", "This is more than your balance."),
        ("1010", "Today you can still withdraw €1,000."),
        ("25", "Choose a multiple of €10."),
        ("0", "The amount must be more than zero."),
        ("", "Type an amount."),
        ("1.2.3", "This is not an amount."),
    ],
)
def test_what_cannot_be_paid_is_said_under_the_field(
    page: Any, machine: Any, typed: str, sentence: str
) -> None:
    page.screen.amount.take_focus()
    page.type(typed)
    page.key("Return")
    page.until(lambda: page.screen.amount.error)
    assert page.screen.amount.error == sentence
    assert page.app.dialog is None  # it was not asked whether it is meant
    assert balance(machine) == 135_000
    assert page.app.focus.current is page.screen.amount


def test_a_free_amount_by_touch(page: Any, machine: Any) -> None:
    page.touch(page.screen.amount.entry)
    page.pad(page.screen.pad, "70")
    page.touch(page.screen.withdraw)
    assert page.asked().title.cget("text") == "Withdraw €70?"
    page.touch(page.asked().yes)
    page.on("TakeMoney")
    assert balance(machine) == 128_000


def test_the_digits_give_way_to_the_amounts(page: Any) -> None:
    page.touch(page.screen.amount.entry)
    assert page.screen.pad.winfo_ismapped() and page.screen.amounts.winfo_ismapped()
    page.touch(page.screen.amounts)
    page.until(lambda: not page.screen.pad.winfo_ismapped())
    page.touch(page.screen.presets[0])
    assert page.asked() is not None


def test_a_digit_from_anywhere_goes_to_the_amount(page: Any) -> None:
    assert page.app.focus.current is page.screen.show_button
    page.type("40")
    assert page.screen.amount.text == "40"


def test_logging_out_closes_the_session(page: Any, machine: Any) -> None:
    page.touch(page.screen.leave)
    page.on("Goodbye")
    assert machine.sessions[0]._ledger is None


def test_the_session_goes_on_after_taking_money_until_logged_out(page: Any, machine: Any) -> None:
    page.touch(page.screen.presets[0])
    page.touch(page.asked().yes)
    page.on("TakeMoney")
    back = page.screen.controls[1]
    page.touch(back)
    page.on("Account")
    page.touch(page.screen.show_button)
    page.until(lambda: page.screen.balance.cget("text") == "€1,330.00")
    page.key("Escape")
    page.on("Goodbye")
    assert machine.sessions[0]._ledger is None


def test_while_it_is_booked_nothing_else_can_be_withdrawn(
    page: Any, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = machine.ledger.book

    def slowly(*args: Any, **options: Any) -> Any:
        machine.hold.wait(LIMIT_S)
        return book(*args, **options)

    monkeypatch.setattr(machine.ledger, "book", slowly)
    preset = page.screen.presets[0]
    page.touch(preset)
    page.touch(page.asked().yes)
    page.touch(preset)
    assert page.app.dialog is None
    machine.hold.set()
    page.on("TakeMoney")
    page.settle(0.5)
    assert balance(machine) == 133_000


def test_presets_are_notes_within_the_days_limit(
    settings: Any, machine: Any, kiosk_on: Any
) -> None:
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, smallest_note=50))
    session = Session(
        CUSTOMER,
        machine.ledger,
        machine.dispenser,
        smallest_note_minor=5_000,
        day_limit_minor=100_000,
        record=None,
        template=lambda: None,
        save_pin=lambda pin: None,
    )
    kiosk.app.show(lambda app: account.Account(app, session))
    faces = [preset.cget("text") for preset in kiosk.screen.presets]
    assert faces == ["€100", "€200", "€300", "€500", "€1,000"]
