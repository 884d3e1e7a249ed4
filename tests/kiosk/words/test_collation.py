"""The order of names."""

import random

import pytest

from kiosk.words.collation import sort_key

ORDERS = {
    "de": ["Adler", "Ähren", "Ahrens", "Gross", "Groß", "Größe", "Zorn"],
    "en": ["al-Amin", "Alamo", "Łukasz", "Lula", "Ørsted", "Owen", "zoe", "Zorro"],
    "es": ["Nadal", "Nuria", "nzinga", "Ñandú", "Oliva", "Óscar"],
    "fr": ["cote", "côte", "côté", "Œuvrard", "Olivier"],
    "pt": ["Ângela", "António", "Conceição", "Inês", "Zé"],
}


@pytest.mark.parametrize("code", ORDERS)
def test_names_stand_where_a_reader_looks_for_them(code: str) -> None:
    names = list(ORDERS[code])
    random.Random(4).shuffle(names)
    assert sorted(names, key=lambda name: sort_key(name, code)) == ORDERS[code]


def test_two_spellings_of_one_name_stand_together_and_never_change_places() -> None:
    names = ["Zoe\u0308", "Zo\u00eb", "ZOË", "Zoe"]
    keys = [sort_key(name, "en") for name in names]
    assert len({letters for letters, _plain, _name in keys}) == 1
    assert len(set(keys)) == len(names)
