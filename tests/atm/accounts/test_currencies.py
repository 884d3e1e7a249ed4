"""Every path of money keeps the decimals of its currency: none (JPY), two (EUR), three (KWD)."""

import argparse
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from atm.accounts.accounts import DayLimitError, NotAMultipleError
from atm.accounts.dispenser import SimulatedDispenser
from atm.accounts.money import minor_digits, parse_amount, plain_amount, to_minor
from atm.accounts.session import Session
from atm.commands import customers, reports
from atm.demo_customer import enrol_demo_customer
from atm.enrolment.enrolment import opening_limit_minor
from atm.folder import Kind
from atm.local_bank import LocalBank
from atm.maintenance.export import export
from atm.people import Application, Customer, StaffMember
from atm.settings import Settings
from credentials.credential_record import CredentialRecord
from kiosk.words import messages
from kiosk.words.language import Language

ADA, NOW = "a" * 32, "2026-11-23T10:00:00+00:00"
DECIMALS = {"JPY": 0, "EUR": 2, "KWD": 3}
pytestmark = pytest.mark.parametrize(("currency", "digits"), DECIMALS.items())


def machine_of(bank: Any, currency: str) -> SimpleNamespace:
    """The parts of a machine that the commands use, over real stores."""
    member = StaffMember("cyd")
    return SimpleNamespace(
        settings=Settings(currency=currency, camera="demo"),
        staff=SimpleNamespace(sign_in=lambda name, pin, **_: member),
        office=bank.office(),
        kind=Kind.DEMO,
        has_customers=False,
        needs_two=lambda application: False,
        check_username=lambda name, staff: name,
        use_camera=lambda spec: None,
        enrol=lambda application, **_: opened(bank, application),
    )


def opened(bank: Any, application: Application) -> Customer:
    bank.ledger.open_account(ADA, application.opening_minor)
    bank.store.add(CredentialRecord(ADA, application.username, "Ada", None, None, NOW, NOW))
    return Customer(ADA, application.username, "Ada")


def session_of(bank: Any, currency: str) -> Session:
    """A session as a machine of this currency opens it: limit 1000, notes of 10."""
    settings = Settings(currency=currency, day_limit=1000, smallest_note=10)
    local = SimpleNamespace(
        settings=settings, audit=bank.audit, _dispenser=SimulatedDispenser(),
        stores=SimpleNamespace(
            ledger=bank.ledger, credentials=bank.store,
            last_use=SimpleNamespace(mark=lambda customer_id: None),
        ),
    )  # fmt: skip
    return LocalBank._open_session(cast(LocalBank, local), Customer(ADA, "ada", "Ada"))


def run(command: Callable[..., int], machine: Any, lines: str, **options: Any) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(lines))
        return command(machine, argparse.Namespace(**options))


def enrol(machine: Any, balance: str) -> int:
    return run(
        customers.enrol, machine, "cyd\n482913\n4071\n", name="ada", balance=balance, excuse=[],
        camera="demo", full_name=None, consent=None, card=False,
    )  # fmt: skip


def test_minor_units(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits
    assert to_minor(1350, currency) == 1350 * 10**digits
    assert plain_amount(-5, currency) == f"{-5 / 10**digits:.{digits}f} {currency}"
    assert parse_amount(plain_amount(1_234_567, currency), currency) == 1_234_567


def test_enrol_opens_with_the_amount_that_was_typed(bank: Any, currency: str, digits: int) -> None:
    assert enrol(machine_of(bank, currency), "1350") == 0
    assert bank.ledger.balance(ADA) == 1350 * 10**digits


def test_the_opening_limit_is_in_whole_units(currency: str, digits: int) -> None:
    settings = Settings(currency=currency, opening_limit=1350)
    assert opening_limit_minor(settings, Kind.LIVE) == 1350 * 10**digits


def test_a_withdrawal_obeys_the_day_s_limit(bank: Any, currency: str, digits: int) -> None:
    bank.ledger.open_account(ADA, 10**9)
    session = session_of(bank, currency)
    with pytest.raises(DayLimitError):
        session.check_withdrawal(1010 * 10**digits)
    with pytest.raises(DayLimitError):
        session.withdraw(1010 * 10**digits)
    assert session.withdraw(1000 * 10**digits).amount_minor == 1000 * 10**digits
    with pytest.raises(DayLimitError) as caught:
        session.withdraw(10 * 10**digits)
    assert caught.value.remaining_minor == 0
    assert bank.ledger.balance(ADA) == 10**9 - 1000 * 10**digits


def test_a_withdrawal_comes_in_the_smallest_note(bank: Any, currency: str, digits: int) -> None:
    bank.ledger.open_account(ADA, 10**9)
    session = session_of(bank, currency)
    for minor in (10**digits, 15 * 10**digits, 10 * 10**digits + 1):
        with pytest.raises(NotAMultipleError) as caught:
            session.withdraw(minor)
        assert caught.value.smallest_note_minor == 10 * 10**digits
    assert session.withdraw(10 * 10**digits).amount_minor == 10 * 10**digits


def test_commands_write_amounts_with_their_decimals(
    bank: Any, currency: str, digits: int, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = machine_of(bank, currency)
    enrol(machine, "1350")
    note = 10 * 10**digits
    hold = bank.ledger.hold(ADA, note, smallest_note_minor=note, day_limit_minor=note)
    run(reports.holds, machine, "cyd\n482913\n", reference=None, paid=None, json=False)
    assert f"\t{10:.{digits}f} {currency}\t" in capsys.readouterr().out
    bank.ledger.release(hold)
    machine.office = SimpleNamespace(delete=lambda name, **_: 1350 * 10**digits)
    run(customers.delete, machine, "cyd\n482913\n", name="ada", override=False)
    assert f"{1350:.{digits}f} {currency} was" in capsys.readouterr().out


def test_an_export_says_what_its_minor_units_are(bank: Any, currency: str, digits: int) -> None:
    enrol(machine_of(bank, currency), "1350")
    given = export(bank.store.by_id(ADA), bank.ledger, bank.gallery, bank.audit.entries, currency)
    account = cast("dict[str, Any]", given["account"])
    assert account["currency"] == currency
    assert account["balance in minor units"] / account["minor units in one unit"] == 1350


def test_words_on_the_screen(currency: str, digits: int) -> None:
    language = Language("en", currency)
    typed = f"1,350.{'5' * digits}" if digits else "1,350"
    minor = 1350 * 10**digits + int("5" * digits or 0)
    assert language.money(minor).endswith(typed)
    assert language.signed(-minor) == f"−\u00a0{typed}"
    assert language.notes(language.minor(20))[-2:] == "20"
    spanish = Language("es", currency).money(minor)
    assert spanish.startswith(f"1.350,{'5' * digits}" if digits else "1.350")
    refused = messages.withdrawal_error(
        NotAMultipleError(10 * 10**digits), 10 * 10**digits, language
    )
    assert refused.rstrip(".").endswith("10")


def test_the_demonstration_s_customer_has_the_same_amount_in_every_currency(
    bank: Any, currency: str, digits: int
) -> None:
    enrol_demo_customer(machine_of(bank, currency))  # type: ignore[arg-type]
    assert bank.ledger.balance(ADA) == 1350 * 10**digits


def test_what_is_typed_is_what_is_shown(currency: str, digits: int) -> None:
    for code in ("en", "es"):
        shown = Language(code, currency).signed(1_234_567 * 10**digits)[2:]
        assert parse_amount(shown, currency) == 1_234_567 * 10**digits
