"""Contract tests of staff sign-in: name and PIN, waits after wrong PINs, two signatures."""

import pytest

from atm.people import (
    SecondSignatureError,
    Signatures,
    StaffError,
    StaffSignInError,
)
from credentials.attempt_rules import Place
from credentials.errors import PolicyError
from tests.fleet.contract.banks import OKAFOR, RUIZ, TWO, Bank

RUIZ_PIN, OKAFOR_PIN, WRONG = "746195", "829461", "917385"


@pytest.fixture(autouse=True)
def two(bank: Bank) -> None:
    assert bank.staff.empty
    assert bank.staff.check_first(" ruiz", RUIZ_PIN) == "ruiz"
    bank.staff.add_first("ruiz", RUIZ_PIN)
    bank.staff.add("okafor", OKAFOR_PIN, signed=RUIZ)


def test_the_first_member_is_made_once(bank: Bank) -> None:
    assert not bank.staff.empty
    with pytest.raises(StaffError, match="already"):
        bank.staff.add_first("third", "483920")
    assert bank.staff.names() == [("okafor", False), ("ruiz", False)]


def test_a_member_signs_in_by_any_writing_of_the_name(bank: Bank) -> None:
    again = bank.reopened()
    assert again.staff.sign_in(" RUIZ ", RUIZ_PIN) == RUIZ
    for name, pin in (("ruiz", OKAFOR_PIN), ("nobody", RUIZ_PIN), ("", RUIZ_PIN)):
        with pytest.raises(StaffSignInError):
            again.staff.sign_in(name, pin)
    again.close()


def test_wrong_pins_make_wait_at_one_place_and_never_lock(bank: Bank) -> None:
    for _ in range(2):
        with pytest.raises(StaffSignInError):
            bank.staff.sign_in("ruiz", WRONG)
    bank.staff.sign_in("ruiz", RUIZ_PIN)  # forgives them
    for _ in range(2):
        with pytest.raises(StaffSignInError):
            bank.staff.sign_in("ruiz", WRONG)
    for wait_s in (60, 120, 240, 480, 960, 1920, 3600, 3600, 3600):
        with pytest.raises(StaffSignInError):
            bank.staff.sign_in("ruiz", WRONG)
        assert bank.staff.names() == [("okafor", False), ("ruiz", True)]
        bank.clock.leap(wait_s - 30)
        with pytest.raises(StaffSignInError):
            bank.staff.sign_in("ruiz", RUIZ_PIN)  # not judged
        bank.clock.leap(31)
    assert bank.staff.sign_in("ruiz", RUIZ_PIN) == RUIZ


def test_two_end_a_wait_and_it_binds_no_other_place(bank: Bank) -> None:
    for _ in range(3):
        with pytest.raises(StaffSignInError):
            bank.staff.sign_in("ruiz", WRONG)
    assert bank.staff.sign_in("ruiz", RUIZ_PIN, place=Place.COMMAND_LINE) == RUIZ
    with pytest.raises(StaffSignInError):
        bank.staff.sign_in("ruiz", RUIZ_PIN)
    bank.staff.unlock("ruiz")
    assert bank.staff.sign_in("ruiz", RUIZ_PIN) == RUIZ


def test_every_sign_in_is_in_the_log(bank: Bank) -> None:
    with pytest.raises(StaffSignInError):
        bank.staff.sign_in("nobody", WRONG)
    bank.staff.sign_in("ruiz", RUIZ_PIN)
    told = [
        (each["step"], each["staff"], each.get("outcome")) for each in bank.log.tail(9, "sign-in")
    ]
    assert told == [
        ("begun", None, None),
        ("done", None, "refused"),
        ("begun", "ruiz", None),
        ("done", "ruiz", "granted"),
    ]


def test_a_badge_ends_with_the_member_their_pin_and_their_wait(bank: Bank) -> None:
    badge = bank.staff.badge("ruiz", Place.SCREEN)
    assert (
        badge
        == bank.staff.badge("RUIZ", Place.COMMAND_LINE)
        == bank.reopened().staff.badge("ruiz", Place.SCREEN)
    )
    for _ in range(3):
        with pytest.raises(StaffSignInError):
            bank.staff.sign_in("ruiz", WRONG)
    with pytest.raises(StaffError):
        bank.staff.badge("ruiz", Place.SCREEN)
    assert bank.staff.badge("ruiz", Place.COMMAND_LINE) == badge
    bank.staff.unlock("ruiz")
    bank.staff.change_pin("ruiz", RUIZ_PIN, "739184")
    assert bank.staff.badge("ruiz", Place.SCREEN) != badge
    bank.staff.remove("okafor", signed=TWO)
    with pytest.raises(StaffError):
        bank.staff.badge("okafor", Place.SCREEN)


def test_two_sign_for_a_third_whose_name_is_free(bank: Bank) -> None:
    with pytest.raises(SecondSignatureError):
        bank.staff.add("third", "483920", signed=RUIZ)
    with pytest.raises(StaffError, match="already"):
        bank.staff.add("Okafor", "483920", signed=TWO)
    with pytest.raises(PolicyError):
        bank.staff.add("third", "123456", signed=TWO)
    bank.staff.add("Third", "483920", signed=TWO)
    assert bank.staff.known("third") == "Third"
    assert [name for name, _ in bank.staff.names()] == ["okafor", "ruiz", "Third"]


def test_who_was_removed_signs_nothing_and_may_come_back(bank: Bank) -> None:
    bank.staff.remove("okafor", signed=TWO)
    with pytest.raises(StaffSignInError):
        bank.staff.sign_in("okafor", OKAFOR_PIN)
    with pytest.raises(StaffError, match="okafor"):
        bank.staff.remove("ruiz", signed=Signatures(RUIZ, OKAFOR))
    bank.staff.add("okafor", "739184", signed=RUIZ)
    assert bank.staff.sign_in("okafor", "739184") == OKAFOR


def test_a_pin_is_changed_by_whoever_knows_it(bank: Bank) -> None:
    with pytest.raises(StaffSignInError):
        bank.staff.change_pin("ruiz", WRONG, "739184")
    bank.staff.change_pin("ruiz", RUIZ_PIN, "739184")
    with pytest.raises(StaffSignInError):
        bank.staff.sign_in("ruiz", RUIZ_PIN)
    assert bank.staff.sign_in("ruiz", "739184") == RUIZ
