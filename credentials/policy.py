"""Rules for usernames, full names and PINs, and the comparison of usernames."""

import unicodedata

from credentials.errors import PolicyError
from credentials.weak_pins import weakness

__all__ = [
    "LONGEST_NAME",
    "LONGEST_PIN",
    "LONGEST_USERNAME",
    "SHORTEST_PIN",
    "PolicyError",
    "check_pin",
    "normalise_full_name",
    "normalise_username",
    "username_key",
]

LONGEST_USERNAME = 64
LONGEST_NAME = 100
SHORTEST_PIN = 4
LONGEST_PIN = 12

# Compatibility forms shrink when normalised, but never by more than this.
_RAW_FACTOR = 4
_DIGITS = frozenset("0123456789")
_WEAK = {
    "date": "is a date",
    "repeat": "repeats itself",
    "run": "is a run of digits",
    "shape": "is a shape on the keypad",
    "common": "is one of the most used",
}
# Controls, format and bidi marks, surrogates, unassigned, private use, line and paragraph ends.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
# Characters of other categories that draw nothing, so that two names would look the same.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
# Without these Persian and several Indian names cannot be written.
_JOINERS = frozenset("\u200c\u200d")


def normalise_username(text: str) -> str:
    """Return the username *text* as it is stored: NFKC form, outer spaces removed, case kept.

    Raises:
        PolicyError: "empty"; "too_long" (over 64 characters); "control" (a character that
            is invisible: control, format, bidi, line end, unassigned).
    """
    return _normalise(text, "username", LONGEST_USERNAME)


def normalise_full_name(text: str) -> str:
    """Return a person's full name as it is stored, by the rules of usernames, up to 100 characters.

    Raises:
        PolicyError: "empty", "too_long" or "control".
    """
    return _normalise(text, "full name", LONGEST_NAME, allowed=_JOINERS)


def username_key(text: str) -> str:
    """Return the key by which the username *text* is compared: equal keys mean the same username.

    Raises:
        PolicyError: As `normalise_username`.
    """
    name = normalise_username(text)
    return unicodedata.normalize("NFKC", name.casefold())


def check_pin(pin: str, *, shortest: int = SHORTEST_PIN) -> None:
    """Check that *pin* has *shortest* to 12 ASCII digits and is not easily guessed.

    Raises:
        PolicyError: "empty"; "bad_length"; "not_digits" (nor full-width digits or spaces);
            "weak_date", "weak_repeat", "weak_run", "weak_shape" or "weak_common", as
            `weakness` tells them apart.
    """
    if not pin:
        raise PolicyError("empty", "Type a PIN.")
    if not shortest <= len(pin) <= LONGEST_PIN:
        raise PolicyError("bad_length", f"A PIN has {shortest} to {LONGEST_PIN} digits.")
    if not _DIGITS.issuperset(pin):
        raise PolicyError("not_digits", "A PIN has digits only.")
    why = weakness(pin)
    if why is not None:
        raise PolicyError(f"weak_{why}", f"This PIN {_WEAK[why]}: choose another one.")


def _normalise(text: str, what: str, longest: int, allowed: frozenset[str] = frozenset()) -> str:
    too_long = PolicyError("too_long", f"A {what} has at most {longest} characters.")
    if len(text) > longest * _RAW_FACTOR:  # before any work on it, however long it is
        raise too_long
    normal = unicodedata.normalize("NFKC", text)
    plain = normal.isascii() and normal.isprintable()  # as most names are: nothing to look for
    for character in "" if plain else normal:
        refused = unicodedata.category(character) in _REFUSED_CATEGORIES or character in _INVISIBLE
        if refused and character not in allowed:
            raise PolicyError("control", f"A {what} has no invisible characters.")
    name = normal.strip()
    if not name:
        raise PolicyError("empty", f"Type a {what}.")
    if len(name) > longest:
        raise too_long
    return name
