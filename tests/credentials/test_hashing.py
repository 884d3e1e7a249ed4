"""PIN hashes are bound to the customer and to the key of the machine."""

import hashlib
import hmac

import pytest
from argon2 import PasswordHasher

from credentials.errors import CredentialError
from credentials.hashing import PinHasher

PEPPER = bytes(range(32))


def test_hash_is_argon2id_over_the_hmac_of_customer_and_pin() -> None:
    made = PinHasher(PEPPER).hash("c0ffee", "1234")
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # argon2-cffi's defaults
    bound = hmac.new(PEPPER, b"c0ffee\x001234", hashlib.sha256).hexdigest()
    assert PasswordHasher().verify(made, bound)


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


def test_another_pepper_verifies_nothing(quick_hasher: PinHasher) -> None:
    made = quick_hasher.hash("a", "1234")
    assert PinHasher(b"\xff" * 32).verify(made, "a", "1234") is False


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
        "$argon2id$é",
        "\0",
    ],
)
def test_damaged_hash_is_a_fault_and_no_wrong_pin(quick_hasher: PinHasher, damaged: str) -> None:
    with pytest.raises(CredentialError):
        quick_hasher.verify(damaged, "a", "1234")


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


def test_customer_id_cannot_swallow_the_separator(quick_hasher: PinHasher) -> None:
    with pytest.raises(ValueError, match="NUL"):
        quick_hasher.hash("a\0b", "1234")
