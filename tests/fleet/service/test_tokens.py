"""Tests of tokens and sealed boxes: unreadable for others, and valid once."""

import base64

import pytest

from atm.fleet import sealed_box
from atm.fleet.service.tokens import TokenError, Tokens

OLD, NEW = b"o" * 32, b"n" * 32
SAYS = {"customer": "c" * 32, "right": True}


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    return Tokens(lambda: [NEW, OLD], clock)


def test_a_token_says_what_was_put_into_it(tokens: Tokens) -> None:
    token = tokens.make("login", "kiosk", 40, SAYS)
    assert SAYS.items() <= tokens.open("login", "kiosk", token).items()


@pytest.mark.parametrize(("purpose", "kiosk"), [("session", "kiosk"), ("login", "other")])
def test_a_token_is_for_one_purpose_and_one_kiosk(tokens: Tokens, purpose: str, kiosk: str) -> None:
    with pytest.raises(TokenError):
        tokens.open(purpose, kiosk, tokens.make("login", "kiosk", 40, SAYS))


def test_a_token_lasts_its_time_and_no_longer(tokens: Tokens, clock: Clock) -> None:
    token = tokens.make("login", "kiosk", 40, SAYS)
    clock.now += 40
    tokens.open("login", "kiosk", token)
    clock.now += 0.1
    with pytest.raises(TokenError):
        tokens.open("login", "kiosk", token)


def test_a_token_of_a_copy_whose_clock_is_far_ahead_is_refused(
    tokens: Tokens, clock: Clock
) -> None:
    token = tokens.make("login", "kiosk", 40, SAYS)
    clock.now -= 60
    with pytest.raises(TokenError):
        tokens.open("login", "kiosk", token)


def test_a_former_key_still_opens_and_a_forgotten_one_does_not(clock: Clock) -> None:
    token = Tokens(lambda: [OLD], clock).make("login", "kiosk", 40, SAYS)
    Tokens(lambda: [NEW, OLD], clock).open("login", "kiosk", token)
    with pytest.raises(TokenError):
        Tokens(lambda: [NEW], clock).open("login", "kiosk", token)


def test_every_changed_byte_is_refused(tokens: Tokens) -> None:
    data = base64.urlsafe_b64decode(tokens.make("login", "kiosk", 40, SAYS))
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(TokenError):
            tokens.open("login", "kiosk", base64.urlsafe_b64encode(bytes(changed)).decode())


@pytest.mark.parametrize("text", ["", "a", "é" * 10, "A" * 5000, "AAAA"])
def test_what_is_no_token_is_refused(tokens: Tokens, text: str) -> None:
    with pytest.raises(TokenError):
        tokens.open("login", "kiosk", text)


def test_all_tokens_have_one_length_whatever_they_say(tokens: Tokens) -> None:
    some = [{"reason": "unknown_name"}, {"reason": "right_pin", "name": "𐍈" * 64}, {}]
    assert len({len(tokens.make("login", "kiosk", 40, says)) for says in some}) == 1


def test_only_the_recipient_opens_a_sealed_box() -> None:
    recipient, other = sealed_box.Recipient(), sealed_box.Recipient()
    sealed = sealed_box.seal(b"a template", recipient.public, b"attempt")
    assert recipient.open(sealed, b"attempt") == b"a template"
    for who, bound in ((other, b"attempt"), (recipient, b"another")):
        with pytest.raises(sealed_box.SealedBoxError):
            who.open(sealed, bound)


@pytest.mark.parametrize("public", [b"", b"x" * 31, bytes(32)])
def test_nothing_is_sealed_for_what_is_no_key(public: bytes) -> None:
    with pytest.raises(sealed_box.SealedBoxError):
        sealed_box.seal(b"a template", public, b"attempt")
