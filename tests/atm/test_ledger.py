"""Money adds up: whole minor units, one transaction at a time, every commit on disk."""

import itertools
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atm.ledger import (
    AccountExistsError,
    DayLimitError,
    InsufficientFundsError,
    InvalidAmountError,
    Ledger,
    LedgerError,
    NotAMultipleError,
    UnknownAccountError,
    Withdrawal,
)
from atm.money import LARGEST_MINOR

ROOT = Path(__file__).parents[2]
EAST = timezone(timedelta(hours=2))

# Takes 10.00 again and again until the ledger says no, and prints how often it got it.
WITHDRAW_ALL = """
import sys, time
from pathlib import Path
from atm.ledger import DayLimitError, InsufficientFundsError, Ledger
ledger = Ledger(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
count = 0
try:
    while True:
        ledger.withdraw(
            "alice", 1000, smallest_note_minor=1000, day_limit_minor=int(sys.argv[2]))
        count += 1
        time.sleep(0.002)  # SQLite is not fair: let the other one in
except (InsufficientFundsError, DayLimitError):
    print(count)
"""

WITHDRAW_FOR_EVER = """
import sys
from pathlib import Path
from atm.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
while True:
    print(ledger.withdraw(
        "alice", 1, smallest_note_minor=1, day_limit_minor=10**12).reference, flush=True)
"""


class Clock:
    """A clock in a zone two hours east of UTC that a test can set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 10, 0, tzinfo=EAST)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path, clock: Clock) -> Ledger:
    made = Ledger(path, clock=clock)
    made.open_account("alice", 135000)
    return made


def take(ledger: Ledger, amount_minor: int, customer_id: str = "alice") -> Withdrawal:
    """Withdraw with the notes and the day limit of the default settings."""
    return ledger.withdraw(
        customer_id, amount_minor, smallest_note_minor=1000, day_limit_minor=100000
    )


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start Python on *code*."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def stored_sum(path: Path, customer_id: str) -> int:
    """Add up the account's transactions without the ledger's code."""
    connection = sqlite3.connect(path)
    try:
        query = "SELECT sum(amount_minor) FROM transactions WHERE customer_id = ?"
        return int(connection.execute(query, (customer_id,)).fetchone()[0])
    finally:
        connection.close()


def test_opening_is_the_first_transaction(ledger: Ledger) -> None:
    assert ledger.balance("alice") == 135000
    (opening,) = ledger.transactions("alice")
    assert (opening.kind, opening.amount_minor, opening.balance_minor) == (
        "opening",
        135000,
        135000,
    )
    assert opening.at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert opening.at.tzinfo is UTC


def test_withdrawal_lowers_the_balance_and_is_booked(ledger: Ledger) -> None:
    done = take(ledger, 5000)
    assert (done.amount_minor, done.balance_minor) == (5000, 130000)
    assert ledger.balance("alice") == 130000
    newest = ledger.transactions("alice")[0]
    assert (newest.kind, newest.amount_minor, newest.balance_minor, newest.reference) == (
        "withdrawal",
        -5000,
        130000,
        done.reference,
    )


def test_newest_transactions_come_first_and_only_so_many(ledger: Ledger) -> None:
    for amount in (1000, 2000, 3000, 4000, 5000, 6000):
        take(ledger, amount)
    assert [each.amount_minor for each in ledger.transactions("alice")] == [
        -6000,
        -5000,
        -4000,
        -3000,
        -2000,
    ]
    assert len(ledger.transactions("alice", limit=100)) == 7
    assert ledger.transactions("alice", limit=0) == []


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        (0, InvalidAmountError),
        (-1000, InvalidAmountError),
        (10.0, InvalidAmountError),
        (True, InvalidAmountError),
        ("1000", InvalidAmountError),
        (1, NotAMultipleError),
        (1500, NotAMultipleError),
        (136000, InsufficientFundsError),
        (10**30, InsufficientFundsError),
        (101000, DayLimitError),
    ],
)
def test_refused_withdrawal_changes_nothing(
    ledger: Ledger, amount: int, error: type[LedgerError]
) -> None:
    before = ledger.transactions("alice", limit=100)
    with pytest.raises(error) as caught:
        take(ledger, amount)
    assert type(caught.value) is error
    assert str(caught.value).endswith(".")
    assert ledger.balance("alice") == 135000
    assert ledger.transactions("alice", limit=100) == before


def test_whole_balance_can_be_taken_and_no_more(ledger: Ledger) -> None:
    ledger.open_account("bob", 2000)
    assert take(ledger, 2000, "bob").balance_minor == 0
    with pytest.raises(InsufficientFundsError) as caught:
        take(ledger, 1000, "bob")
    assert caught.value.balance_minor == 0


def test_day_limit_counts_all_withdrawals_of_the_day_and_says_what_is_left(
    ledger: Ledger,
) -> None:
    ledger.open_account("bob", 200000)
    take(ledger, 60000)
    take(ledger, 30000)
    take(ledger, 90000, "bob")  # somebody else's do not count
    with pytest.raises(DayLimitError) as caught:
        take(ledger, 11000)
    assert caught.value.remaining_minor == 10000
    assert ledger.day_remaining("alice", day_limit_minor=100000) == 10000
    take(ledger, 10000)
    assert ledger.day_remaining("alice", day_limit_minor=100000) == 0
    assert ledger.day_remaining("alice", day_limit_minor=50000) == 0


def test_day_is_the_local_calendar_day(ledger: Ledger, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 23, 23, 59, tzinfo=EAST)
    take(ledger, 100000)
    # One minute later it is another day here, though in UTC it is still the 23rd.
    clock.now = datetime(2026, 11, 24, 0, 0, tzinfo=EAST)
    assert clock.now.astimezone(UTC).date() == date(2026, 11, 23)
    assert ledger.day_remaining("alice", day_limit_minor=100000) == 100000
    take(ledger, 1000)
    clock.now = datetime(2026, 11, 24, 23, 59, tzinfo=EAST)
    assert ledger.day_remaining("alice", day_limit_minor=100000) == 99000


def test_day_can_be_given(ledger: Ledger) -> None:
    def on(day: date) -> Withdrawal:
        return ledger.withdraw(
            "alice", 1000, smallest_note_minor=1000, day_limit_minor=1000, today=day
        )

    on(date(2026, 1, 1))
    with pytest.raises(DayLimitError):
        on(date(2026, 1, 1))
    on(date(2026, 1, 2))
    assert ledger.day_remaining("alice", day_limit_minor=1000, today=date(2026, 1, 2)) == 0


@pytest.mark.parametrize("amount", [-1, LARGEST_MINOR + 1, 10**30, 1.0, True, None])
def test_account_cannot_open_with_such_an_amount(ledger: Ledger, amount: int) -> None:
    with pytest.raises(InvalidAmountError):
        ledger.open_account("bob", amount)
    assert ledger.customer_ids() == {"alice"}


def test_account_opens_once(ledger: Ledger) -> None:
    with pytest.raises(AccountExistsError):
        ledger.open_account("alice", 1)
    assert ledger.balance("alice") == 135000


def test_empty_and_full_accounts_open(ledger: Ledger) -> None:
    ledger.open_account("poor", 0)
    ledger.open_account("rich", LARGEST_MINOR)
    assert [ledger.balance(each) for each in ("poor", "rich")] == [0, LARGEST_MINOR]


def test_unknown_account_is_an_error_everywhere(ledger: Ledger) -> None:
    calls: list[Callable[[], object]] = [
        lambda: ledger.balance("bob"),
        lambda: ledger.transactions("bob"),
        lambda: take(ledger, 1000, "bob"),
        lambda: ledger.day_remaining("bob", day_limit_minor=1),
        lambda: ledger.remove_account("bob"),
    ]
    for call in calls:
        with pytest.raises(UnknownAccountError):
            call()


def test_removed_account_is_gone_but_the_books_still_add_up(ledger: Ledger, path: Path) -> None:
    take(ledger, 5000)
    ledger.remove_account("alice")
    assert ledger.customer_ids() == set()
    with pytest.raises(UnknownAccountError):
        ledger.balance("alice")
    assert stored_sum(path, "alice") == 0


def test_reopened_account_does_not_show_the_old_transactions(ledger: Ledger, path: Path) -> None:
    ledger.remove_account("alice")
    ledger.open_account("alice", 700)
    assert [each.kind for each in ledger.transactions("alice")] == ["opening"]
    assert stored_sum(path, "alice") == ledger.balance("alice") == 700


def test_references_are_eight_base32_characters_and_a_taken_one_is_not_given_again(
    path: Path,
) -> None:
    proposals = iter(["AAAAAAAA", "AAAAAAAA", "BBBBBBBB"])
    ledger = Ledger(path, new_reference=lambda: next(proposals))
    ledger.open_account("alice", 5000)
    assert take(ledger, 1000).reference == "BBBBBBBB"
    references = {take(Ledger(path), 1000).reference for _ in range(3)}
    assert len(references) == 3
    assert all(
        len(each) == 8 and set(each) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        for each in references
    )


def test_transactions_cannot_be_changed_or_deleted(ledger: Ledger, path: Path) -> None:
    connection = sqlite3.connect(path)
    for statement in ("UPDATE transactions SET amount_minor = 0", "DELETE FROM transactions"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    connection.close()


def test_database_itself_refuses_a_negative_balance(ledger: Ledger, path: Path) -> None:
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute("UPDATE accounts SET balance_minor = -1")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE accounts SET balance_minor = 0.5")
    connection.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 30000),
    st.lists(st.tuples(st.integers(-2000, 20000), st.integers(0, 3), st.booleans()), max_size=15),
)
def test_balance_is_always_the_sum_of_the_transactions(
    opening: int, steps: list[tuple[int, int, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        ledger = Ledger(path)
        ledger.open_account("alice", opening)
        expected, spent = opening, dict.fromkeys(range(4), 0)
        for amount, day, in_tens in steps:
            amount = amount // 10 * 10 if in_tens else amount
            fits = amount > 0 and amount % 10 == 0
            allowed = fits and amount <= expected and spent[day] + amount <= 15000
            try:
                ledger.withdraw(
                    "alice",
                    amount,
                    smallest_note_minor=10,
                    day_limit_minor=15000,
                    today=date(2026, 11, 1 + day),
                )
            except LedgerError:
                assert not allowed
            else:
                assert allowed
                expected -= amount
                spent[day] += amount
            lines = ledger.transactions("alice", limit=100)
            assert ledger.balance("alice") == expected == stored_sum(path, "alice")
            assert lines[0].balance_minor == expected
            assert all(
                newer.balance_minor == older.balance_minor + newer.amount_minor
                for newer, older in itertools.pairwise(lines)
            )


@pytest.mark.parametrize(("opening", "day_limit"), [(100000, 10**9), (10**9, 100000)])
def test_two_processes_withdrawing_at_once_get_no_more_than_there_is(
    path: Path, opening: int, day_limit: int
) -> None:
    Ledger(path).open_account("alice", opening)
    processes = [start(WITHDRAW_ALL, path, day_limit) for _ in range(2)]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = [int(process.communicate()[0]) for process in processes]
    assert sum(counts) == 100
    assert all(counts)  # both were at it
    assert Ledger(path).balance("alice") == opening - 100000 == stored_sum(path, "alice")


def test_killed_withdrawals_leave_books_that_add_up(path: Path) -> None:
    Ledger(path).open_account("alice", 10**9)
    acknowledged: set[str] = set()
    for _ in range(8):
        process = start(WITHDRAW_FOR_EVER, path)
        assert process.stdout
        acknowledged.add(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)
        acknowledged |= {each for each in process.communicate()[0].split() if len(each) == 8}
    ledger = Ledger(path)
    lines = ledger.transactions("alice", limit=10**6)
    assert acknowledged <= {each.reference for each in lines}
    assert ledger.balance("alice") == 10**9 - (len(lines) - 1) == stored_sum(path, "alice")


def test_crash_between_booking_and_commit_undoes_both(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def booked_then_lost(*arguments: object) -> tuple[int, str]:
        real(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    real = ledger._book
    monkeypatch.setattr(ledger, "_book", booked_then_lost)
    with pytest.raises(KeyboardInterrupt):
        take(ledger, 1000)
    assert Ledger(path).balance("alice") == 135000 == stored_sum(path, "alice")
    assert len(Ledger(path).transactions("alice")) == 1


def test_file_is_the_owners_only_and_commits_are_synced(ledger: Ledger, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with ledger._database.transaction() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_damaged_ledger_is_named_and_kept(path: Path) -> None:
    path.write_bytes(b"no database " * 500)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"ledger\.sqlite"):
        Ledger(path)
    assert path.read_bytes() == before


def test_full_disk_is_a_ledger_error_and_nothing_is_taken(path: Path) -> None:
    code = """
import resource, signal, sys
from pathlib import Path
from atm.ledger import Ledger, LedgerError
ledger = Ledger(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    ledger.withdraw("alice", 1000, smallest_note_minor=1000, day_limit_minor=10**6)
except LedgerError as error:
    print(error)
"""
    Ledger(path).open_account("alice", 5000)
    said = start(code, path).communicate()[0]
    assert said.startswith(f"The file {path} cannot be used: ")
    assert Ledger(path).balance("alice") == 5000 == stored_sum(path, "alice")
    assert list(path.parent.iterdir()) == [path]
