"""Tests of the rules for names and PINs."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials import policy
from credentials.policy import (
    PolicyError,
    check_pin,
    normalise_full_name,
    normalise_username,
    username_key,
)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("alice", "alice"),
        ("  Alice\u00a0", "Alice"),
        ("Ａｌｉｃｅ", "Alice"),
        ("ﬁona", "fiona"),
        ("Zoe\u0308", "Zoë"),
        ("o'Neil-Søren 2", "o'Neil-Søren 2"),
        ("李小龍", "李小龍"),
        ("a" * 64, "a" * 64),
        ("e\u0301" * 64, "é" * 64),
    ],
)
def test_username_is_kept_in_nfkc_and_trimmed(typed: str, stored: str) -> None:
    assert normalise_username(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\u3000", "empty"),
        ("a" * 65, "too_long"),
        ("\ufdfa" * 4, "too_long"),  # 18 characters each in NFKC
        ("a\0b", "control"),
        ("alice\n", "control"),
        ("a\tb", "control"),
        ("a\u0085b", "control"),
        ("a\u2028b", "control"),
        ("a\u2029b", "control"),
        ("a\u202eb", "control"),  # right-to-left override
        ("\u200falice", "control"),
        ("ali\u200bce", "control"),  # zero-width space
        ("ali\u200dce", "control"),
        ("ali\u00adce", "control"),  # soft hyphen
        ("\ufeffalice", "control"),
        ("ali\ud800ce", "control"),  # half a surrogate pair
        ("ali\u0378ce", "control"),  # unassigned
        ("ali\ue000ce", "control"),  # private use
        ("ali\u034fce", "control"),  # grapheme joiner, draws nothing
        ("ali\u3164ce", "control"),  # Hangul filler, draws nothing
        ("alice\ufe0f", "control"),  # variation selector
        ("\U000e0041", "control"),  # tag
    ],
)
def test_unusable_username_is_refused_with_its_code(typed: str, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        normalise_username(typed)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


def test_no_variation_selector_is_part_of_a_name() -> None:
    for mark in map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))):
        with pytest.raises(PolicyError) as caught:
            normalise_username(f"ali{mark}ce")
        assert caught.value.code == "control"
    assert normalise_username("ali\ufdffce") == "ali\ufdffce"  # a ligature that can be seen


def test_a_name_that_is_written_apart_may_have_four_times_as_many_characters() -> None:
    apart = unicodedata.normalize("NFD", "\u1f82")  # a letter with three marks
    assert normalise_username(apart * 64) == "\u1f82" * 64
    with pytest.raises(PolicyError) as caught:
        normalise_username(apart * 64 + " ")
    assert caught.value.code == "too_long"


@pytest.mark.parametrize("check", [normalise_username, normalise_full_name, username_key])
def test_ten_megabytes_are_refused_before_any_work(
    check: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "unicodedata", None)  # any look at the characters would fail
    with pytest.raises(PolicyError) as caught:
        check("\ufdfa" * 10_000_000)
    assert caught.value.code == "too_long"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice", "ALICE"),
        ("straße", "STRASSE"),
        ("Ａlice", "alice"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Zoë", "ZOE\u0308"),
        ("K", "\u212a"),  # Kelvin sign
    ],
)
def test_usernames_that_differ_in_case_or_form_are_one(one: str, other: str) -> None:
    assert username_key(one) == username_key(other)


def test_usernames_that_differ_are_two() -> None:
    assert len({username_key(name) for name in ("jose", "josé", "joseph", "jo se", "j0se")}) == 5


@given(st.text(max_size=80))
def test_normal_form_is_stable_and_holds_nothing_invisible(text: str) -> None:
    try:
        name = normalise_username(text)
    except PolicyError:
        return
    assert normalise_username(name) == name
    assert username_key(name) == username_key(text)
    assert 1 <= len(name) <= 64
    assert not {unicodedata.category(each) for each in name} & {"Cc", "Cf", "Cs", "Cn", "Co"}


def test_full_name_may_hold_joiners_and_a_hundred_characters() -> None:
    persian = "علی\u200cرضا"
    assert normalise_full_name(persian) == persian
    assert normalise_full_name("x" * 100) == "x" * 100
    with pytest.raises(PolicyError) as caught:
        normalise_full_name("x" * 101)
    assert caught.value.code == "too_long"
    with pytest.raises(PolicyError):
        normalise_full_name("Eve\u202egnp.exe")


@pytest.mark.parametrize("pin", ["4711", "407182", "407182935561"])
def test_four_to_twelve_ascii_digits_are_a_pin(pin: str) -> None:
    check_pin(pin)


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("", "empty"),
        ("123", "bad_length"),
        ("1234567890123", "bad_length"),
        ("1" * 10_000_000, "bad_length"),
        ("１２３４", "not_digits"),
        ("١٢٣٤", "not_digits"),
        ("²²²²", "not_digits"),
        ("12 34", "not_digits"),
        ("1234\n", "not_digits"),
        ("-123", "not_digits"),
        ("12a4", "not_digits"),
    ],
)
def test_anything_else_is_no_pin(pin: str, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        check_pin(pin)
    assert caught.value.code == code
    assert pin == "" or pin not in str(caught.value)


def test_weak_pin_is_refused_only_when_it_is_a_pin_at_all() -> None:
    with pytest.raises(PolicyError) as caught:
        check_pin("1234", shortest=6)
    assert caught.value.code == "bad_length"
    with pytest.raises(PolicyError) as caught:
        check_pin("123456", shortest=6)
    assert caught.value.code == "weak_run"


def test_longer_pins_can_be_asked_for() -> None:
    check_pin("407182", shortest=6)
    with pytest.raises(PolicyError, match="6 to 12"):
        check_pin("12345", shortest=6)
