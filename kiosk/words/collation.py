"""Order of names in a list, as a reader of the language expects it."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th"}
)
"""Letters that Unicode does not decompose, and as what they are sorted; ß is ss by casefold."""
_OWN = {"es": {"n\u0303": "n\U0010ffff"}}
"""Marked letters that are letters of their own in a language: ñ comes after all of n."""


def sort_key(name: str, code: str) -> tuple[str, str, str]:
    """Return what *name* is sorted by in the language *code*.

    Letters and digits count first, without case and marks: “Émile” stands between “Elsa” and “Eva”.
    Spaces and signs count next, marks and case last. It is no Unicode collation: languages that
    sort marked letters at the end of the alphabet, as Swedish does, are none of the window's.
    """
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold())
    own = folded
    for letter, place in _OWN.get(code, {}).items():
        own = own.replace(letter, place)
    plain = "".join(c for c in own if not unicodedata.combining(c)).translate(_LETTERS)
    letters = "".join(c for c in plain if c.isalnum() or c == "\U0010ffff")
    return letters, plain, name
