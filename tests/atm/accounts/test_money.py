"""Typed amounts of money are parsed or refused with the right code."""

import contextlib

import pytest
from babel import Locale
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from atm.accounts.money import AmountError, minor_digits, parse_amount


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("20", 2000),
        ("0", 0),
        ("0.00", 0),
        ("007", 700),
        ("20.5", 2050),
        ("20.50", 2050),
        ("20,50", 2050),
        ("0,05", 5),
        ("1,350.00", 135000),
        ("1.350,00", 135000),
        ("1 350,00", 135000),
        ("1\u202f350,00", 135000),
        ("1\u00a0350", 135000),
        ("1'350.5", 135050),
        ("1,234,567.89", 123456789),
        ("1.234.567", 123456700),
        ("1350", 135000),
        ("€ 20", 2000),
        ("20€", 2000),
        ("20,50 €", 2050),
        ("EUR 20", 2000),
        ("  20  ", 2000),
        ("10000000000", 10**12),
    ],
)
def test_amount_is_read_in_cents(typed: str, minor: int) -> None:
    assert parse_amount(typed, "EUR") == minor


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("€", "empty"),
        ("abc", "not_a_number"),
        ("nan", "not_a_number"),
        ("inf", "not_a_number"),
        ("1e5", "not_a_number"),
        ("0x10", "not_a_number"),
        ("1_000", "not_a_number"),
        ("+20", "not_a_number"),
        ("-", "not_a_number"),
        ("- 5x", "not_a_number"),
        ("20.", "not_a_number"),
        (".5", "not_a_number"),
        ("2 0", "not_a_number"),
        ("20 000 0", "not_a_number"),
        ("1 35,00", "not_a_number"),
        ("1,350.000.00", "not_a_number"),
        ("1.350,000,000", "not_a_number"),
        ("1,350.00,00", "not_a_number"),
        ("1,350,00", "not_a_number"),
        ("1.350.00", "not_a_number"),
        ("1.2.3", "not_a_number"),
        ("20 20", "not_a_number"),
        ("$ 20", "not_a_number"),
        ("€€20", "not_a_number"),
        ("２０", "not_a_number"),
        ("٢٠", "not_a_number"),
        ("²0", "not_a_number"),
        ("20\n30", "not_a_number"),
        ("-20", "negative"),
        ("−20", "negative"),
        ("€ -20", "negative"),
        ("- €20", "negative"),
        ("-0.01", "negative"),
        ("20.505", "ambiguous"),
        ("1,350", "ambiguous"),
        ("1.350", "ambiguous"),
        ("0.505", "too_many_decimals"),
        ("1350.505", "too_many_decimals"),
        ("20.5055", "too_many_decimals"),
        ("1,350.005", "too_many_decimals"),
        ("10000000000.01", "too_large"),
        ("9" * 40, "too_large"),
        ("9" * 10_000_000, "too_large"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_code(typed: str, code: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount(typed, "EUR")
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


def test_currencies_have_their_own_decimals() -> None:
    assert parse_amount("¥ 1500", "JPY") == 1500
    assert parse_amount("1.505", "KWD") == 1505
    assert parse_amount("1.5", "KWD") == 1500
    with pytest.raises(AmountError, match="no decimals"):
        parse_amount("1.5", "JPY")
    with pytest.raises(AmountError, match="at most 3"):
        parse_amount("1.5055", "KWD")
    assert [minor_digits(each) for each in ("EUR", "JPY", "KWD")] == [2, 0, 3]


@given(
    st.integers(0, 10**12),
    st.sampled_from([("", "."), ("", ","), (",", "."), (".", ","), (" ", ","), ("'", ".")]),
)
def test_every_amount_written_out_is_read_back(minor: int, marks: tuple[str, str]) -> None:
    thousands, point = marks
    whole = f"{minor // 100:,}".replace(",", thousands)
    assert parse_amount(f"{whole}{point}{minor % 100:02}", "EUR") == minor


@given(st.text(alphabet="0123456789.,' €-eE\u00a0x", max_size=45))
def test_anything_typed_gives_an_amount_or_an_amount_error(text: str) -> None:
    with contextlib.suppress(AmountError):
        assert 0 <= parse_amount(text, "EUR") <= 10**12


def test_decimals_are_those_of_accounts_in_every_currency() -> None:
    """CLDR, whose data Babel has, gives none where prices are written without decimals."""
    known = [code for code in Locale("en").currencies if code.isalpha()]
    assert len(known) > 250
    for code in known:
        assert get_currency_precision(code) in (minor_digits(code), 0), code
    assert minor_digits("IQD") == 3
