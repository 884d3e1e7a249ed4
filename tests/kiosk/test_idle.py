"""Idle clock."""

from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.attendance import Attendance
from kiosk.idle import IdleClock
from kiosk.words.language import Language


class Hands:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def made() -> tuple[IdleClock, Hands]:
    hands = Hands()
    return IdleClock(60, 20, hands), hands


def test_the_question_is_due_once_after_sixty_seconds_of_nothing() -> None:
    idle, hands = made()
    hands.now = 59.9
    assert not idle.due()
    hands.now = 60.0
    assert idle.due() and idle.asking
    assert not idle.due()


def test_somebody_puts_the_question_off() -> None:
    idle, hands = made()
    hands.now = 59.0
    idle.active()
    hands.now = 118.9
    assert not idle.due()


def test_a_face_alone_does_not_answer_the_question() -> None:
    idle, hands = made()
    hands.now = 60.0
    assert idle.due()
    hands.now = 70.0
    idle.active()
    assert idle.asking and idle.left_s == 10
    hands.now = 80.0
    assert idle.left_s == 0


def test_an_answer_starts_the_sixty_seconds_again() -> None:
    idle, hands = made()
    hands.now = 61.0
    assert idle.due()
    idle.answer()
    assert not idle.asking
    hands.now = 120.9
    assert not idle.due()
    hands.now = 121.0
    assert idle.due()


def test_it_is_quiet_since_the_last_touch_word_or_page_whoever_is_seen() -> None:
    idle, hands = made()
    for number, note in enumerate((idle.touched, idle.heard, idle.answer), 1):
        hands.now = 20.0 * number
        note()
        assert idle.quiet_s == 0
        hands.now += 7.0
        idle.active()  # a face
        assert idle.quiet_s == 7.0


@pytest.mark.parametrize(("settling", "asked"), [(True, 0), (False, 1)])
def test_nobody_is_asked_while_money_is_paid_out(settling: bool, asked: int) -> None:
    questions: list[Any] = []
    idle, hands = made()
    screen = SimpleNamespace(session=None, settling=settling, for_staff=False, idles=True)
    app: Any = SimpleNamespace(
        idle=idle,
        screen=screen,
        language=Language("en"),
        go_home=None,
        ask=lambda **told: questions.append(told),
    )
    hands.now = 61.0
    Attendance(app, lambda app: None, lambda app: None).look()
    assert len(questions) == asked
