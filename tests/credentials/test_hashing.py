"""Tests of PIN hashes: bound to the customer and to the machine's key."""

import hashlib
import hmac
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from credentials.errors import CredentialError
from credentials.hashing import PinHasher, made_with, moved_from, pepper_name

PEPPER = bytes(range(32))
NEWER = bytes(range(1, 33))
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=16)


def test_hash_is_argon2id_over_the_hmac_of_customer_and_pin() -> None:
    made = PinHasher(PEPPER).hash("c0ffee", "1234")
    name, rest = made[:9], made[9:]
    assert name == pepper_name(PEPPER) == made_with(made)
    assert rest.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # argon2-cffi's defaults
    bound = hmac.new(PEPPER, b"c0ffee\x001234", hashlib.sha256).hexdigest()
    assert PasswordHasher().verify(rest, bound)


def test_only_the_right_pin_of_the_same_customer_verifies(quick_hasher: PinHasher) -> None:
    made = quick_hasher.hash("a", "1234")
    assert quick_hasher.verify(made, "a", "1234") is True
    for customer_id, pin in [
        ("a", "1235"),
        ("b", "1234"),
        ("a1", "234"),
        ("a", ""),
        ("a", "\ud800"),
    ]:
        assert quick_hasher.verify(made, customer_id, pin) is False


def test_another_pepper_decides_nothing(quick_hasher: PinHasher) -> None:
    made = quick_hasher.hash("a", "1234")
    stranger = PinHasher(b"\xff" * 32)
    with pytest.raises(CredentialError, match="a key that is not here"):
        stranger.verify(made, "a", "1234")
    assert stranger.verify(pepper_name(b"\xff" * 32) + made[9:], "a", "1234") is False


def test_after_a_change_of_key_old_hashes_verify_and_are_outdated() -> None:
    old = PinHasher(PEPPER, CHEAP).hash("a", "1234")
    both = PinHasher(NEWER, CHEAP, older=[PEPPER])
    assert both.verify(old, "a", "1234")
    assert not both.verify(old, "a", "1235")
    assert both.is_outdated(old)
    new = both.hash("a", "1234")
    assert made_with(new) == pepper_name(NEWER)
    assert not both.is_outdated(new)
    assert both.verify(new, "a", "1234")
    assert PinHasher(NEWER, CHEAP).verify(new, "a", "1234")


def test_a_hash_of_other_costs_is_outdated() -> None:
    assert PinHasher(PEPPER).is_outdated(PinHasher(PEPPER, CHEAP).hash("a", "1234"))


def test_swapping_the_name_of_the_pepper_matches_nothing() -> None:
    both = PinHasher(NEWER, CHEAP, older=[PEPPER])
    old = PinHasher(PEPPER, CHEAP).hash("a", "1234")
    assert both.verify(pepper_name(NEWER) + old[9:], "a", "1234") is False


def test_a_moved_hash_verifies_for_its_owner_s_new_id_and_is_outdated() -> None:
    moved = moved_from(PinHasher(PEPPER, CHEAP).hash("0" * 32, "1234"), "0" * 32)
    store = PinHasher(NEWER, CHEAP, older=[PEPPER])
    assert store.knows_former(moved) and store.is_outdated(moved)
    assert store.verify(moved, "f" * 32, "1234") is True
    assert store.verify(moved, "f" * 32, "1235") is False
    assert moved_from(moved, "e" * 32) == moved  # moved again, it is still bound to the first id
    renamed = moved.replace("0" * 32, "e" * 32)
    assert store.verify(renamed, "f" * 32, "1234") is False


def test_nothing_is_moved_under_the_newest_pepper() -> None:
    moved = moved_from(PinHasher(PEPPER, CHEAP).hash("0" * 32, "1234"), "0" * 32)
    same = PinHasher(PEPPER, CHEAP)
    assert not same.knows_former(moved)
    assert not PinHasher(NEWER, CHEAP).knows_former(moved)
    with pytest.raises(CredentialError, match="damaged"):
        same.verify(moved, "0" * 32, "1234")
    for wrong in ("", "0" * 31, "0" * 33, "G" * 32):
        with pytest.raises(ValueError):
            moved_from(same.hash("a", "1234"), wrong)


def test_same_pin_has_another_hash_each_time(quick_hasher: PinHasher) -> None:
    assert quick_hasher.hash("a", "1234") != quick_hasher.hash("a", "1234")


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "1234",
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1$AAAA",
        "$2b$12$abc",
        "{name}",
        "{name}$argon2id$",
        "{name}$argon2id$v=19$m=8,t=1,p=1$AAAA",
        "{name}$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
        "{name}$argon2id$é",
        "{name}\n$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
        "\0",
    ],
)
def test_damaged_hash_is_a_fault_and_no_wrong_pin(quick_hasher: PinHasher, damaged: str) -> None:
    damaged = damaged.format(name=pepper_name(PEPPER))
    for ask in (lambda hashed: quick_hasher.verify(hashed, "a", "1234"), quick_hasher.is_outdated):
        with pytest.raises(CredentialError, match="damaged"):
            ask(damaged)


def test_decoy_is_made_once_costs_the_same_and_matches_nothing(quick_hasher: PinHasher) -> None:
    decoy = quick_hasher.decoy
    assert quick_hasher.decoy is decoy
    assert decoy.split("$")[:4] == quick_hasher.hash("a", "1234").split("$")[:4]
    assert not any(
        quick_hasher.verify(decoy, customer_id, f"{pin:04}")
        for pin in range(0, 10000, 100)
        for customer_id in ("decoy", "a")
    )


@pytest.mark.parametrize("pepper", [b"", b"short", bytes(31), bytes(33)])
def test_pepper_of_another_length_is_refused(pepper: bytes) -> None:
    with pytest.raises(ValueError, match="pepper"):
        PinHasher(pepper)
    with pytest.raises(ValueError, match="pepper"):
        PinHasher(PEPPER, older=[pepper])


def test_customer_id_cannot_swallow_the_separator(quick_hasher: PinHasher) -> None:
    with pytest.raises(ValueError, match="NUL"):
        quick_hasher.hash("a\0b", "1234")


def as_typed(customer_id: str, pin: str) -> str:
    return pin


def with_the_id(customer_id: str, pin: str) -> str:
    return f"{customer_id}\0{pin}"


def under(key: bytes) -> Callable[[str, str], str]:
    """Return what the machine hashes, for one who guesses that its key is *key*."""

    def bound(customer_id: str, pin: str) -> str:
        return hmac.new(key, f"{customer_id}\0{pin}".encode(), hashlib.sha256).hexdigest()

    return bound


@pytest.mark.parametrize(
    ("guess", "hits"),
    [
        pytest.param(as_typed, [], id="PIN alone"),
        pytest.param(with_the_id, [], id="id and PIN"),
        pytest.param(under(b""), [], id="no key"),
        pytest.param(under(bytes(32)), [], id="key of zeros"),
        pytest.param(under(pepper_name(PEPPER).encode()), [], id="the name as key"),
        pytest.param(under(PEPPER), ["4711"], id="with the key, to show that the attack works"),
    ],
)
def test_a_stolen_record_without_the_key_matches_none_of_10_000_guesses(
    guess: Callable[[str, str], str], hits: list[str]
) -> None:
    stolen = PinHasher(PEPPER, CHEAP).hash("c0ffee", "4711")[9:]

    def matches(pin: str) -> bool:
        try:
            return CHEAP.verify(stolen, guess("c0ffee", pin))
        except VerifyMismatchError:
            return False

    assert [pin for pin in (f"{n:04}" for n in range(10_000)) if matches(pin)] == hits
