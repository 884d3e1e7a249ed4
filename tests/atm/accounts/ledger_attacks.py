"""Attacks on the ledger's file by somebody who has it, with SQLite, but not the key."""

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlite3

from atm.accounts.accounts import LedgerError
from atm.accounts.ledger import Ledger
from credentials.sealed.database import connect
from credentials.sealed.seal import Seal
from tests.attacks import flips

SEAL = Seal(b"s" * 32)
TABLES = {"accounts": "customer_id", "transactions": "id", "holds": "id"}

Answers = dict[str, object]
Rows = dict[str, list[tuple[object, ...]]]


def busy_ledger(path: Path) -> None:
    """Make a ledger in which each table has rows enough to be worth attacking."""
    ledger = Ledger(path, SEAL)
    terms = {"smallest_note_minor": 1, "day_limit_minor": 10**9}
    for number in range(30):
        customer_id = f"{number:032x}"
        ledger.open_account(customer_id, 10**6 + number)
        for amount in range(1, 4):
            hold = ledger.hold(customer_id, 100 * amount + number, **terms)
            if amount == 1:
                ledger.release(hold)
            elif amount == 2 or number % 3:
                ledger.book(hold)
    for number in range(25, 30):
        with contextlib.suppress(LedgerError):  # some still have a hold
            ledger.remove_account(f"{number:032x}")


def answers(path: Path, seal: Seal = SEAL) -> Answers:
    """Open the ledger afresh and ask it everything that it can be asked.

    Raises:
        LedgerError: If it is refused.
    """
    ledger = Ledger(path, seal)
    customers = sorted(ledger.customer_ids())
    return {
        "customers": customers,
        "balances": [ledger.balance(each) for each in customers],
        "available": [ledger.available(each) for each in customers],
        "transactions": [ledger.transactions(each, limit=100) for each in customers],
        "holds": ledger.open_holds(),
        "generation": ledger.generation,
    }


def flip_bits(path: Path, count: int, seed: int) -> int:
    """Flip *count* bits of a ledger, each alone; returns how many made no difference at all.

    Raises:
        AssertionError: If an answer differs from the true one.
    """
    truth = answers(path)

    def read() -> None:
        assert answers(path) == truth

    return len(flips(path, read, count, random.Random(seed)))


def forge_rows(path: Path, count: int, seed: int, older: Rows) -> None:
    """Edit, swap, copy, delete or roll back rows *count* times, each alone.

    Args:
        path: The ledger; afterwards it is as it was.
        count: How many times.
        seed: Of what is done.
        older: Rows as they were, with MACs that were good then; see `all_rows`.

    Raises:
        AssertionError: If a forged ledger is opened.
    """
    rng = random.Random(seed)
    good = path.read_bytes()
    kinds = [_edit, _swap, _copy, _delete, _roll_back]
    for _ in range(count):
        kind, table = rng.choice(kinds), rng.choice(sorted(TABLES))
        with forging(path) as connection:
            kind(connection, table, rng, older)
        assert path.read_bytes() != good
        try:
            answers(path)
        except LedgerError:
            pass
        else:
            raise AssertionError(f"{kind.__name__} of {table} was not seen")
        path.write_bytes(good)
    answers(path)


def all_rows(path: Path) -> Rows:
    """Return every row of every table, MAC included."""
    with contextlib.closing(connect(path, SEAL)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


@contextlib.contextmanager
def forging(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file with its triggers out of the way; they are back afterwards, word for word."""
    with contextlib.closing(connect(path, SEAL)) as connection:
        connection.execute("BEGIN")
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT * FROM {table}").fetchall()


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info ({table})")]


def _edit(connection: sqlite3.Connection, table: str, rng: random.Random, _older: Rows) -> None:
    row = rng.choice(_rows(connection, table))
    while True:
        place = rng.randrange(len(row))
        old = row[place]
        new: object = old
        if isinstance(old, int):
            new = max(0, old + rng.choice([-1, 1, 10**6]))
        elif isinstance(old, bytes):
            new = rng.randbytes(len(old))
        elif old in ("open", "booked", "released"):
            new = rng.choice(["open", "booked", "released"])
        elif len(str(old)) > 10:
            new = str(old)[:-1] + rng.choice("0123456789")
        column = _columns(connection, table)[place]
        if new != old:
            with contextlib.suppress(sqlite3.IntegrityError):
                connection.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {TABLES[table]} = ?", (new, row[0])
                )
                return


def _swap(connection: sqlite3.Connection, table: str, rng: random.Random, _older: Rows) -> None:
    one, other = rng.sample(_rows(connection, table), 2)
    marks = _marks(_columns(connection, table))
    _remove(connection, table, one, other)
    last = rng.choice([len(one), -1])  # with the MACs, or each MAC where it was
    for kept, taken in ((one, other), (other, one)):
        values = (kept[0], *taken[1:last], *kept[len(taken[:last]) :])
        connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)


def _copy(connection: sqlite3.Connection, table: str, rng: random.Random, _older: Rows) -> None:
    row = rng.choice(_rows(connection, table))
    columns = _columns(connection, table)
    key: object = "f" * 32 if table == "accounts" else 10**6
    values = [key, *row[1:]]
    if "reference" in columns:
        values[columns.index("reference")] = "COPIED22"
    connection.execute(f"INSERT INTO {table} VALUES ({_marks(columns)})", values)


def _delete(connection: sqlite3.Connection, table: str, rng: random.Random, _older: Rows) -> None:
    rows = _rows(connection, table)
    _remove(connection, table, *rng.sample(rows, rng.randint(1, min(3, len(rows)))))


def _roll_back(connection: sqlite3.Connection, table: str, rng: random.Random, older: Rows) -> None:
    now = _rows(connection, table)
    changed = [row for row in older[table] if row not in now]
    if not changed:  # transactions never change: go back to fewer of them
        _remove(connection, table, *(row for row in now if row not in older[table]))
        return
    row = rng.choice(changed)
    marks = _marks(_columns(connection, table))
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)


def _remove(connection: sqlite3.Connection, table: str, *rows: tuple[object, ...]) -> None:
    for row in rows:
        connection.execute(f"DELETE FROM {table} WHERE {TABLES[table]} = ?", (row[0],))


def _marks(columns: list[str]) -> str:
    return ", ".join("?" * len(columns))
