"""Errors become sentences; an unknown one becomes the sentence for a fault."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atm.accounts.accounts import LedgerError
from atm.accounts.ledger import Ledger
from atm.accounts.money import AmountError, parse_amount
from atm.accounts.session import ReturnedError
from atm.enrolment.enrolment import EnrolmentError
from atm.errors import ServiceUnavailable
from atm.login.decision import Outcome
from credentials.errors import DuplicateUserError
from credentials.policy import PolicyError, check_pin, normalise_username
from credentials.sealed.seal import Seal
from face_auth.types import Hindrance, Verdict
from kiosk.screens.staff.staff_page import staff_sentence
from kiosk.words import messages
from kiosk.words.language import Language, languages

ENGLISH = Language("en")


@pytest.mark.parametrize("text", ["", "abc", "-5", "1.234", "1,350", "9" * 20])
def test_every_amount_error_has_a_sentence(text: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount(text, "EUR")
    assert messages.field_error(caught.value, "amount", ENGLISH) in messages.AMOUNT.values()


@pytest.mark.parametrize(
    ("judge", "what", "text"),
    [
        (check_pin, "pin", ""),
        (check_pin, "pin", "123"),
        (check_pin, "pin", "12a4"),
        (normalise_username, "username", " "),
        (normalise_username, "username", "x" * 65),
        (normalise_username, "username", "a\u200bb"),
        (normalise_username, "name", ""),
    ],
)
def test_every_policy_error_has_a_sentence(judge: object, what: str, text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        judge(text)  # type: ignore[operator]
    assert messages.field_error(caught.value, what, ENGLISH) in messages.POLICY[what].values()


def sentences(text: str) -> int:
    """Return how many sentences *text* has."""
    return len(re.findall(r"[.!?](?=\s|$)", text.replace("\u00a0", " ")))


@pytest.mark.parametrize("code", languages())
def test_a_refusal_is_three_short_sentences_at_most_and_says_what_to_do(code: str) -> None:
    language = Language(code)
    again = {wait_s: messages.refused_again(wait_s, language) for wait_s in (0, 1, 60)}
    told = {
        outcome: messages.refusal(outcome, 300, language)
        for outcome in (Outcome.REFUSED, Outcome.NO_FACE, Outcome.FAULT, Outcome.PAUSED)
    }
    assert {sentences(text) for text in told.values()} == {2}  # what happened, what to do
    assert {sentences(text) for text in again.values()} == {1}
    assert max(map(len, [*told.values(), *again.values()])) <= 76
    others = (messages.NOT_CHANGED, messages.NO_CAMERA, *messages.CAMERA_PROBLEMS)
    for sentence in (*others, *messages.ENROLMENT.values(), *messages.TOO_FEW.values()):
        assert sentences(language.gettext(sentence)) <= 3
        assert len(language.gettext(sentence)) <= 76


def test_other_errors_are_not_about_a_field() -> None:
    assert messages.field_error(OSError("disk full"), "pin", ENGLISH) is None


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        (200_000, "This is more than your balance."),
        (101_000, "Today you can still withdraw €1,000."),
        (2_500, "Choose a multiple of €10."),
        (0, "The amount must be more than zero."),
        (-1_000, "The amount must be more than zero."),
    ],
)
def test_every_withdrawal_error_has_its_sentence(
    tmp_path: Path, amount: int, sentence: str
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite", Seal(b"s" * 32))
    ledger.open_account("c" * 32, 135_000)
    with pytest.raises(LedgerError) as caught:
        ledger.hold("c" * 32, amount, smallest_note_minor=1_000, day_limit_minor=100_000)
    assert messages.withdrawal_error(caught.value, 1_000, ENGLISH) == sentence


def test_a_reached_day_limit_says_so(tmp_path: Path) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    ledger = Ledger(tmp_path / "ledger.sqlite", Seal(b"s" * 32), clock=lambda: noon)
    ledger.open_account("c" * 32, 135_000)
    terms = {"smallest_note_minor": 1_000, "day_limit_minor": 100_000}
    ledger.hold("c" * 32, 100_000, **terms)
    with pytest.raises(LedgerError) as caught:
        ledger.hold("c" * 32, 1_000, **terms)
    assert messages.withdrawal_error(caught.value, 1_000, ENGLISH) == messages.NO_MORE_TODAY


def test_nothing_dispensed_is_said() -> None:
    assert messages.withdrawal_error(ReturnedError(), 1_000, ENGLISH) == messages.RETURNED


def test_an_unknown_error_is_a_fault() -> None:
    assert messages.withdrawal_error(OSError(), 1_000, ENGLISH) == messages.FAULT
    assert messages.enrolment_error(OSError()) == messages.FAULT


@pytest.mark.parametrize("code", sorted(messages.ENROLMENT))
def test_every_enrolment_error_has_its_sentence(code: str) -> None:
    error = EnrolmentError(code, "for the log")
    assert messages.enrolment_error(error) == messages.ENROLMENT[code]


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.OK])
def test_too_few_good_pictures_are_said_by_what_was_wrong_with_them(verdict: Verdict) -> None:
    error = EnrolmentError("no_face_in_time", "for the log", Hindrance(verdict, 28, 30))
    assert messages.enrolment_error(error) == messages.TOO_FEW[verdict]


def test_a_taken_username_is_said() -> None:
    assert messages.enrolment_error(DuplicateUserError("x")) == messages.TAKEN


def test_a_service_that_does_not_answer_is_said_in_the_customer_s_language() -> None:
    spanish = Language("es")
    sentence = messages.withdrawal_error(ServiceUnavailable(), 1_000, spanish)
    assert sentence == spanish.gettext(str(ServiceUnavailable())) != str(ServiceUnavailable())
    assert messages.enrolment_error(ServiceUnavailable()) == str(ServiceUnavailable())
    assert staff_sentence(ServiceUnavailable()) is None  # the window says the same, translated
