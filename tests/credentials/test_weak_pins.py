"""Tests of weak PINs: which ones are refused, and how many."""

import re
from datetime import date, timedelta

import pytest

from credentials.errors import PolicyError
from credentials.policy import check_pin
from credentials.weak_pins import weakness

WEAK = {
    "date": "2412 1224 1231 2902 0131 1985 2026 1900 2099 851224 241285 122485 198512 121985"
    " 19851224 24121985 12241985 29022000",
    "repeat": "0000 1111 1212 9090 1122 7733 11111 12121 123123 121212 112233 111222 555555"
    " 12341234 11223344 123123123 123451234512",
    "run": "1234 4321 8901 1098 2468 8642 1357 9753 8024 12345 13579 123456 654321 890123"
    " 1234567 12345678 987654321 0123456789 123456789012",
    "shape": "2580 0852 1397 7931 1590 7410 0147 3690 1236 1478 7896 4123 1254 5214 5698 9658"
    " 159753 147258 789456 123654 123321 14789 1478963 147852369 0147258369 7894561230",
    "common": "5683 12321 90210 8675309 123454321 1029384756 3141592654",
}


STRONG = (
    "4711 1350 3017 3200 3113 0032 1899 2100 8068 4253 1358 1597 2579 2581 4178 1379 40718"
    " 139716 407182 271828 482913 991332 851324 198513 18991224 32121985 407182935561"
)


@pytest.mark.parametrize(("code", "pin"), [(c, pin) for c in WEAK for pin in WEAK[c].split()])
def test_weak_pin_is_refused_with_its_reason(code: str, pin: str) -> None:
    assert weakness(pin) == code
    with pytest.raises(PolicyError) as caught:
        check_pin(pin)
    assert caught.value.code == f"weak_{code}"
    assert re.fullmatch(r"This PIN [a-z ]+: choose another one\.", str(caught.value))


@pytest.mark.parametrize("pin", STRONG.split())
def test_other_pin_is_allowed(pin: str) -> None:
    assert weakness(pin) is None
    check_pin(pin)


def test_about_a_thousand_of_the_four_digit_pins_are_weak() -> None:
    """README and SECURITY.md name this number."""
    assert sum(weakness(f"{number:04}") is not None for number in range(10_000)) == 1057


def test_every_day_of_two_centuries_is_weak_however_it_is_written() -> None:
    day = date(1900, 1, 1)
    while day < date(2100, 1, 1):
        for form in ("%m%d", "%d%m", "%y%m%d", "%d%m%y", "%m%d%y", "%Y%m%d", "%d%m%Y", "%m%d%Y"):
            assert weakness(day.strftime(form)), day.strftime(form)
        day += timedelta(17)
