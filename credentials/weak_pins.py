"""Detection of weak PINs: the ones that many people choose and a guesser tries first."""

from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATES = {
    4: ("MMDD", "DDMM", "YYYY"),
    6: ("YYMMDD", "DDMMYY", "MMDDYY", "YYYYMM", "MMYYYY"),
    8: ("YYYYMMDD", "DDMMYYYY", "MMDDYYYY"),
}
_STEPS = (1, 2, 8, 9)  # forwards and backwards, by one and by two, from 9 on to 0
_LINES = ("123", "456", "789", "147", "258", "369", "159", "357")
_EITHER_WAY = frozenset(_LINES) | {line[::-1] for line in _LINES}
_RING = "12369874"
_SQUARES = ("1254", "2365", "4587", "5698", "1397")
_COMMON = frozenset(
    {
        *("5683", "00700", "12321", "38317", "42069", "90210", "292513"),
        *("1234321", "4830033", "5201314", "8675309", "12344321", "123454321"),
        *("1029384756", "1234554321", "1357924680", "3141592654"),
    }
)


def weakness(pin: str) -> str | None:
    """Return why the digits *pin* are easily guessed, None if they are not.

    Returns:
        "date": a month and day, a year from 1900 to 2099, or both in any usual order;
        "repeat": a repeated block (1111, 1212, 123123), or every digit equally
        often in a row (1122, 111222); "run": the same step between digits (1234, 8901,
        9876, 2468); "shape": drawn on the keypad (lines of three keys with or without the 0, the
        way round its edge, a square); "common": among the most used ones in N. Berry, "PIN
        analysis", DataGenetics 2012, and D. Amitay, "Most common iPhone passcodes", 2011,
        and none of the above.
    """
    return next((code for code, found in _PATTERNS if found(pin)), None)


def _is_date(pin: str) -> bool:
    return any(_reads_as(pin, form) for form in _DATES.get(len(pin), ()))


def _reads_as(pin: str, form: str) -> bool:
    def part(letter: str) -> str:
        return "".join(digit for digit, each in zip(pin, form, strict=True) if each == letter)

    year, month, day = part("Y"), part("M"), part("D")
    if len(year) == 4 and not 1900 <= int(year) <= 2099:
        return False
    if month and not 1 <= int(month) <= 12:
        return False
    return not day or 1 <= int(day) <= _DAYS[int(month) - 1]


def _is_repeat(pin: str) -> bool:
    blocks = range(1, len(pin) // 2 + 1)
    if any(pin[size:] == pin[:-size] for size in blocks):
        return True
    in_a_row = {len(list(same)) for _, same in groupby(pin)}
    return len(in_a_row) == 1 and in_a_row != {1}


def _is_run(pin: str) -> bool:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return len(steps) == 1 and steps <= set(_STEPS)


def _is_shape(pin: str) -> bool:
    if any(_goes_round(pin, way) for way in (_RING, *_SQUARES)):
        return True
    return any(_is_lines(keys) for keys in _without_a_nought(pin))


def _is_lines(keys: str) -> bool:
    threes = [keys[at : at + 3] for at in range(0, len(keys), 3)]
    return _EITHER_WAY.issuperset(threes)


def _goes_round(pin: str, way: str) -> bool:
    rounds = way * (len(pin) // len(way) + 2)
    return pin in rounds or pin in rounds[::-1]


def _without_a_nought(pin: str) -> Iterator[str]:
    yield pin
    if pin.startswith("0"):
        yield pin[1:]
    if pin.endswith("0"):
        yield pin[:-1]


_PATTERNS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("repeat", _is_repeat),
    ("run", _is_run),
    ("date", _is_date),
    ("shape", _is_shape),
    ("common", _COMMON.__contains__),
)
