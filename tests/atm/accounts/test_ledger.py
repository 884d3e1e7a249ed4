"""The ledger adds up: whole minor units, one transaction at a time, every commit on disk."""

import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlite3

from atm.accounts.accounts import (
    AccountExistsError,
    DayLimitError,
    Hold,
    InsufficientFundsError,
    InvalidAmountError,
    InvalidReferenceError,
    LedgerError,
    NotAMultipleError,
    OpenHoldError,
    PayingOutError,
    SettledHoldError,
    UnknownAccountError,
    UnknownHoldError,
    Withdrawal,
)
from atm.accounts.ledger import Ledger
from atm.accounts.ledger_rows import LedgerRows
from atm.accounts.money import LARGEST_MINOR
from credentials.sealed.database import connect
from credentials.sealed.seal import Seal

ROOT = Path(__file__).parents[3]
EAST = timezone(timedelta(hours=2))
SEAL = Seal(b"s" * 32)

# Takes 10.00 again and again until the ledger says no, and prints how often it got it.
WITHDRAW_ALL = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from atm.accounts.accounts import DayLimitError, InsufficientFundsError
from atm.accounts.ledger import Ledger
from credentials.sealed.seal import Seal
noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
ledger = Ledger(Path(sys.argv[1]), Seal(b"s" * 32), clock=lambda: noon)
print("ready", flush=True)
sys.stdin.readline()
count = 0
try:
    while True:
        hold = ledger.hold(
            "alice", 1000, smallest_note_minor=1000, day_limit_minor=int(sys.argv[2]))
        time.sleep(0.005)  # SQLite is not fair: let the other one in
        ledger.book(hold)
        time.sleep(0.005)
        count += 1
        if count == 1:  # so that the other one comes to it too
            print("one", flush=True)
            sys.stdin.readline()
except (InsufficientFundsError, DayLimitError):
    print(count)
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
    made = Ledger(path, SEAL, clock=clock)
    made.open_account("alice", 135000)
    return made


def take(ledger: Ledger, amount_minor: int, customer_id: str = "alice") -> Withdrawal:
    """Hold and book, with the notes and the day limit of the default settings."""
    return ledger.book(keep(ledger, amount_minor, customer_id))


def keep(ledger: Ledger, amount_minor: int, customer_id: str = "alice") -> Hold:
    """Hold, with the notes and the day limit of the default settings."""
    return ledger.hold(customer_id, amount_minor, smallest_note_minor=1000, day_limit_minor=100000)


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start Python on *code*."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def remaining(ledger: Ledger, customer_id: str = "alice") -> int:
    """Return what may still be withdrawn today, as the refusal says it."""
    with pytest.raises(DayLimitError) as caught:
        keep(ledger, ledger.available(customer_id), customer_id)
    return caught.value.remaining_minor


def stored_sum(path: Path, customer_id: str) -> int:
    """Add up the account's transactions without the ledger's code."""
    connection = connect(path, SEAL)
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
    assert caught.value.available_minor == 0


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
    take(ledger, 10000)
    assert remaining(ledger) == 0


def test_day_is_the_local_calendar_day(ledger: Ledger, clock: Clock) -> None:
    ledger.open_account("bob", 500000)
    clock.now = datetime(2026, 11, 23, 23, 59, tzinfo=EAST)
    take(ledger, 100000, "bob")
    # One minute later it is another day here, though in UTC it is still the 23rd.
    clock.now = datetime(2026, 11, 24, 0, 0, tzinfo=EAST)
    assert clock.now.astimezone(UTC).date() == date(2026, 11, 23)
    take(ledger, 1000, "bob")
    clock.now = datetime(2026, 11, 24, 23, 59, tzinfo=EAST)
    assert remaining(ledger, "bob") == 99000


def test_what_is_on_hold_is_neither_available_nor_booked(ledger: Ledger) -> None:
    hold = keep(ledger, 30000)
    assert ledger.open_holds() == [hold]
    assert (hold.customer_id, hold.amount_minor) == ("alice", 30000)
    assert hold.at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert (ledger.balance("alice"), ledger.available("alice")) == (135000, 105000)
    assert [each.kind for each in ledger.transactions("alice")] == ["opening"]
    ledger.check()


def test_a_day_limit_that_was_lowered_leaves_nothing_and_not_less(ledger: Ledger) -> None:
    keep(ledger, 50000)
    with pytest.raises(DayLimitError) as caught:
        ledger.hold("alice", 1000, smallest_note_minor=1000, day_limit_minor=10000)
    assert caught.value.remaining_minor == 0


def test_an_account_is_there_from_its_opening_to_its_end(ledger: Ledger) -> None:
    assert not ledger.has_account("bob")
    ledger.open_account("bob", 0)
    assert ledger.has_account("bob")
    ledger.remove_account("bob")
    assert not ledger.has_account("bob") and ledger.has_account("alice")


def test_the_lock_of_withdrawals_is_the_owners_only_or_a_sentence(
    ledger: Ledger, path: Path
) -> None:
    lock = path.with_name("ledger.sqlite.lock")
    with ledger.paying_out():
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    lock.unlink()
    lock.mkdir()
    with pytest.raises(LedgerError, match="cannot be used"), ledger.paying_out():
        pass


def test_holds_count_against_balance_and_day_limit(ledger: Ledger) -> None:
    ledger.open_account("bob", 50000)
    keep(ledger, 40000, "bob")
    with pytest.raises(InsufficientFundsError) as short:
        keep(ledger, 11000, "bob")
    assert short.value.available_minor == 10000
    hold = keep(ledger, 60000)
    assert remaining(ledger) == 40000
    ledger.book(hold)
    assert remaining(ledger) == 40000


def test_booking_takes_the_amount_under_the_reference_of_the_hold(ledger: Ledger) -> None:
    hold = keep(ledger, 30000)
    assert ledger.book(hold) == Withdrawal(hold.reference, 30000, 105000)
    assert ledger.transactions("alice")[0].reference == hold.reference
    assert ledger.open_holds() == []
    assert ledger.balance("alice") == ledger.available("alice") == 105000


def test_releasing_gives_balance_and_day_limit_back(ledger: Ledger) -> None:
    ledger.release(keep(ledger, 100000))
    assert ledger.open_holds() == []
    assert ledger.balance("alice") == ledger.available("alice") == 135000
    assert take(ledger, 100000).balance_minor == 35000
    ledger.check()


def test_a_booking_after_midnight_counts_for_the_day_of_the_hold(
    ledger: Ledger, clock: Clock
) -> None:
    clock.now = datetime(2026, 11, 23, 23, 59, tzinfo=EAST)
    hold = keep(ledger, 20000)
    clock.now = datetime(2026, 11, 24, 0, 1, tzinfo=EAST)
    ledger.book(hold)
    assert remaining(ledger) == 100000
    clock.now = datetime(2026, 11, 23, 23, 59, tzinfo=EAST)
    assert remaining(ledger) == 80000


@pytest.mark.parametrize("first", ["book", "release", "paid", "unpaid"])
def test_a_hold_is_settled_once(ledger: Ledger, path: Path, first: str) -> None:
    ways: dict[str, Callable[[Ledger, Hold], object]] = {
        "book": Ledger.book,
        "release": Ledger.release,
        "paid": lambda ledger, hold: ledger.settle(hold, paid=True),
        "unpaid": lambda ledger, hold: ledger.settle(hold, paid=False),
    }
    hold = keep(ledger, 30000)
    ways[first](ledger, hold)
    left = 105000 if first in ("book", "paid") else 135000
    for again in (ledger, Ledger(path, SEAL)):
        for way in ways.values():
            with pytest.raises(SettledHoldError) as caught:
                way(again, hold)
            booked = Withdrawal(hold.reference, 30000, 105000)
            assert caught.value.booked == (booked if left == 105000 else None)
        assert again.balance("alice") == again.available("alice") == left
    ledger.check()


def test_a_reference_that_is_sent_again_finds_its_hold(ledger: Ledger) -> None:
    def ask(amount_minor: int, customer_id: str = "alice", reference: str = "MYKEY234") -> Hold:
        return ledger.hold(
            customer_id, amount_minor, smallest_note_minor=1000, day_limit_minor=100000,
            reference=reference,
        )  # fmt: skip

    hold = ask(30000)
    assert ask(30000) == hold
    assert ledger.available("alice") == 105000
    ledger.open_account("bob", 50000)
    (opening,) = ledger.transactions("bob")
    for other in (
        lambda: ask(31000), lambda: ask(30000, "bob"), lambda: ask(1000, reference="mykey234"),
        lambda: ask(1000, reference=opening.reference),
    ):  # fmt: skip
        with pytest.raises(InvalidReferenceError):
            other()
    ledger.release(hold)
    with pytest.raises(SettledHoldError):
        ask(30000)
    ledger.check()


@pytest.mark.parametrize("number", [0, -1, 2, 2**63, 10**30])
def test_an_unknown_hold_is_an_error(ledger: Ledger, number: int) -> None:
    keep(ledger, 1000)
    for way in (ledger.book, ledger.release):
        with pytest.raises(UnknownHoldError):
            way(Hold(number, "alice", 1000, datetime.now(UTC), "AAAAAAAA"))
    assert ledger.available("alice") == 134000


def test_staff_settle_nothing_while_money_is_being_paid_out(ledger: Ledger, path: Path) -> None:
    hold = keep(ledger, 30000)
    with ledger.paying_out(), Ledger(path, SEAL).paying_out(), pytest.raises(PayingOutError):
        Ledger(path, SEAL).settle(hold, paid=False)
    assert ledger.open_holds() == [hold]
    ledger.settle(hold, paid=False)
    assert ledger.open_holds() == []


def test_an_account_with_a_hold_is_not_closed(ledger: Ledger) -> None:
    hold = keep(ledger, 30000)
    with pytest.raises(OpenHoldError):
        ledger.remove_account("alice")
    assert ledger.balance("alice") == 135000
    ledger.release(hold)
    ledger.remove_account("alice")
    ledger.check()


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
        lambda: ledger.available("bob"),
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
    ledger = Ledger(path, SEAL, new_reference=lambda: next(proposals))
    ledger.open_account("alice", 5000)
    assert take(ledger, 1000).reference == "BBBBBBBB"
    references = {take(Ledger(path, SEAL), 1000).reference for _ in range(3)}
    assert len(references) == 3
    assert all(
        len(each) == 8 and set(each) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        for each in references
    )


def test_transactions_cannot_be_changed_or_deleted(ledger: Ledger, path: Path) -> None:
    connection = connect(path, SEAL)
    take(ledger, 1000)
    for statement in (
        "UPDATE transactions SET amount_minor = 0",
        "DELETE FROM transactions",
        "UPDATE holds SET state = 'open'",
        "DELETE FROM holds",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    connection.close()


def test_database_itself_refuses_a_negative_balance(ledger: Ledger, path: Path) -> None:
    connection = connect(path, SEAL)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute("UPDATE accounts SET balance_minor = -1")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE accounts SET balance_minor = 0.5")
    connection.close()


@pytest.mark.parametrize(("opening", "day_limit"), [(100000, 10**9), (10**9, 100000)])
def test_two_processes_withdrawing_at_once_get_no_more_than_there_is(
    path: Path, opening: int, day_limit: int
) -> None:
    Ledger(path, SEAL).open_account("alice", opening)
    processes = [start(WITHDRAW_ALL, path, day_limit) for _ in range(2)]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for word in ("one\n", None):
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert word is None or (process.stdout and process.stdout.readline() == word)
    counts = [int(process.communicate()[0]) for process in processes]
    assert sum(counts) == 100
    assert Ledger(path, SEAL).balance("alice") == opening - 100000 == stored_sum(path, "alice")


@pytest.mark.parametrize("method", ["add", "settle"])
def test_crash_between_the_writes_of_a_booking_undoes_them_all(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def written_then_lost(*arguments: object, **options: object) -> None:
        real(*arguments, **options)
        raise KeyboardInterrupt

    hold = keep(ledger, 1000)
    real = getattr(LedgerRows, method)
    monkeypatch.setattr(LedgerRows, method, written_then_lost)
    with pytest.raises(KeyboardInterrupt):
        ledger.book(hold)
    monkeypatch.undo()
    again = Ledger(path, SEAL)
    again.check()
    assert again.balance("alice") == 135000 == stored_sum(path, "alice")
    assert again.open_holds() == [hold]


def test_file_is_the_owners_only_and_commits_are_synced(ledger: Ledger, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with ledger._database.transaction() as rows:
        file = rows._connection
        assert file.execute("PRAGMA synchronous").fetchone() == (2,)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("truncate",)


def test_damaged_ledger_is_named_and_kept(path: Path) -> None:
    path.write_bytes(b"no database " * 500)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"ledger\.sqlite"):
        Ledger(path, SEAL)
    assert path.read_bytes() == before


def test_full_disk_is_a_ledger_error_and_nothing_is_taken(path: Path) -> None:
    code = """
import resource, signal, sys
from pathlib import Path
from atm.accounts.accounts import LedgerError
from atm.accounts.ledger import Ledger
from credentials.sealed.seal import Seal
ledger = Ledger(Path(sys.argv[1]), Seal(b"s" * 32))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    ledger.hold("alice", 1000, smallest_note_minor=1000, day_limit_minor=10**6)
except LedgerError as error:
    print(error)
"""
    Ledger(path, SEAL).open_account("alice", 5000)
    said = start(code, path).communicate()[0]
    assert said.startswith(f"The file {path} cannot be used: ")
    assert Ledger(path, SEAL).balance("alice") == 5000 == stored_sum(path, "alice")
    names = {path.name, f"{path.name}-journal"}
    assert {each.name for each in path.parent.iterdir()} == names
