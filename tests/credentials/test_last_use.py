"""The day of last use: told after a restart, never lowered, forgotten, and sealed."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from credentials.errors import StoreError
from credentials.last_use import LastUse
from credentials.sealed.seal import Seal

SEAL = Seal(b"s" * 32)
ADA, BOB = "a" * 32, "b" * 32


class Calendar:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 10, 23, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def uses(tmp_path: Path, calendar: Calendar) -> LastUse:
    return LastUse(tmp_path / "last-use.sqlite", SEAL, calendar)


def test_the_last_day_is_kept_beside_the_day_from_which_uses_are_counted(
    uses: LastUse, calendar: Calendar, tmp_path: Path
) -> None:
    assert uses.days() == (date(2026, 1, 10), {})
    uses.mark(ADA)
    calendar.now = datetime(2026, 3, 5, tzinfo=UTC)
    uses.mark(BOB)
    uses.mark(ADA)
    again = LastUse(tmp_path / "last-use.sqlite", SEAL, calendar)
    assert again.days() == (date(2026, 1, 10), {ADA: date(2026, 3, 5), BOB: date(2026, 3, 5)})


def test_a_clock_that_was_set_back_makes_no_account_look_older(
    uses: LastUse, calendar: Calendar
) -> None:
    uses.mark(ADA)
    calendar.now = datetime(2020, 1, 1, tzinfo=UTC)
    uses.mark(ADA)
    assert uses.days()[1] == {ADA: date(2026, 1, 10)}


def test_a_second_login_on_the_same_day_writes_nothing(uses: LastUse) -> None:
    uses.mark(ADA)
    before = uses.generation
    uses.mark(ADA)
    assert uses.generation == before


def test_a_deleted_account_leaves_no_day(uses: LastUse) -> None:
    uses.mark(ADA)
    uses.mark(BOB)
    uses.forget(ADA)
    uses.forget(ADA)
    assert uses.days()[1].keys() == {BOB}


def test_an_altered_file_is_not_believed(uses: LastUse, tmp_path: Path) -> None:
    uses.mark(ADA)
    file = tmp_path / "last-use.sqlite"
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    with pytest.raises(StoreError):
        LastUse(file, SEAL).days()
