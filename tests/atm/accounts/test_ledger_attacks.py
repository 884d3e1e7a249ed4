"""Attacks on the ledger's file: it is refused, or its answers are still true."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from atm.accounts.accounts import LedgerError
from atm.accounts.ledger import Ledger
from credentials.sealed.database import connect
from credentials.sealed.resealing import reseal_database
from credentials.sealed.seal import Seal
from credentials.sealed.transaction import Transaction
from tests.atm.accounts.ledger_attacks import (
    SEAL,
    all_rows,
    answers,
    busy_ledger,
    flip_bits,
    forge_rows,
    forging,
)

ALICE, BOB = f"{0:032x}", f"{1:032x}"
DAMAGED = "damaged or was altered"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    made = tmp_path_factory.mktemp("busy") / "ledger.sqlite"
    busy_ledger(made)
    return made.read_bytes()


@pytest.fixture
def path(tmp_path: Path, busy: bytes) -> Path:
    made = tmp_path / "ledger.sqlite"
    made.write_bytes(busy)
    return made


def test_no_flipped_bit_changes_an_answer(path: Path) -> None:
    harmless = flip_bits(path, count=400, seed=6)
    assert harmless < 300  # what lies in unused parts of pages


def test_no_edited_swapped_copied_deleted_or_rolled_back_row_is_accepted(path: Path) -> None:
    older = all_rows(path)
    ledger = Ledger(path, SEAL)
    for hold in ledger.open_holds()[:5]:
        ledger.release(hold)
    for customer_id in sorted(ledger.customer_ids())[:5]:
        hold = ledger.hold(customer_id, 1000, smallest_note_minor=1, day_limit_minor=10**9)
        ledger.book(hold)
    forge_rows(path, count=60, seed=6, older=older)


def test_a_released_hold_put_back_cannot_be_booked_even_while_the_ledger_is_open(
    path: Path,
) -> None:
    ledger = Ledger(path, SEAL)
    hold = ledger.open_holds()[0]
    (row,) = [each for each in all_rows(path)["holds"] if each[0] == hold.hold_id]
    ledger.release(hold)
    with forging(path) as connection:
        connection.execute("REPLACE INTO holds VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    with pytest.raises(LedgerError, match=DAMAGED):
        ledger.book(hold)


def test_an_earlier_file_put_back_is_refused_while_open_and_told_by_its_generation(
    path: Path,
) -> None:
    earlier = path.read_bytes()
    ledger = Ledger(path, SEAL)
    before = ledger.generation
    ledger.release(ledger.open_holds()[0])
    assert ledger.generation == before + 1
    path.write_bytes(earlier)
    with pytest.raises(LedgerError, match=DAMAGED):
        ledger.balance(ALICE)
    assert Ledger(path, SEAL).generation == before


@pytest.mark.parametrize(
    "statement",
    [
        # Each would leave every row and its MAC as they are, for the time being.
        "CREATE TRIGGER undo AFTER UPDATE ON accounts BEGIN"
        " UPDATE accounts SET balance_minor = OLD.balance_minor, mac = OLD.mac"
        " WHERE customer_id = OLD.customer_id; END",
        "DROP TRIGGER holds_settle_once",
        "DROP INDEX open_holds_of",
        "ALTER TABLE holds RENAME TO others; CREATE VIEW holds AS SELECT * FROM others",
        "CREATE TABLE strange (x)",
        "DELETE FROM seal",
        "PRAGMA ignore_check_constraints = ON;"
        " INSERT INTO seal SELECT 2, generation, nonce, rows, mac FROM seal",
        "UPDATE seal SET generation = generation + 1",
        "PRAGMA user_version = 1",
    ],
)
def test_a_changed_schema_or_seal_is_refused(path: Path, statement: str) -> None:
    with contextlib.closing(connect(path, SEAL)) as connection:
        connection.executescript(statement)
    with pytest.raises(LedgerError, match=DAMAGED):
        Ledger(path, SEAL)


def test_an_index_that_hides_rows_is_refused(path: Path) -> None:
    """Without its entry in the index, a hold would count neither for the balance nor the day."""
    with contextlib.closing(connect(path, SEAL)) as connection:
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'open_holds_of'"
        ).fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        update = "UPDATE sqlite_master SET sql = ? WHERE name = 'open_holds_of'"
        connection.execute(update, (sql.replace("'open'", "'none'"),))
        connection.commit()
    with contextlib.closing(connect(path, SEAL)) as connection:
        connection.execute("REINDEX open_holds_of")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(update, (sql,))
        connection.commit()
    with contextlib.closing(connect(path, SEAL)) as connection:
        count = "SELECT count(*) FROM {} WHERE customer_id = ? AND state = 'open'"
        assert connection.execute(count.format("holds"), (ALICE,)).fetchone() == (0,)
        whole = count.format("holds NOT INDEXED")
        assert connection.execute(whole, (ALICE,)).fetchone() == (1,)
    with pytest.raises(LedgerError, match=DAMAGED):
        Ledger(path, SEAL)


def test_another_key_opens_nothing(path: Path) -> None:
    with pytest.raises(LedgerError, match=DAMAGED):
        Ledger(path, Seal(b"t" * 32))


def test_under_a_changed_key_the_ledger_says_the_same(path: Path) -> None:
    truth, new = answers(path), Seal(b"n" * 32)
    reseal_database(path, SEAL, new)
    found = answers(path, new)
    assert found.pop("generation") == truth.pop("generation") + 1
    assert found == truth
    with pytest.raises(LedgerError, match=DAMAGED):
        Ledger(path, SEAL)


def test_answers_are_worth_comparing(path: Path) -> None:
    found = answers(path)
    assert len(found["customers"]) > 20
    assert found["holds"] and found["balances"] != found["available"]


def test_books_that_do_not_add_up_are_told(path: Path) -> None:
    """What a fault of this program would leave: rows with good MACs and the wrong sums."""

    def wrong(change: Callable[[Transaction], None]) -> None:
        good = path.read_bytes()
        ledger = Ledger(path, SEAL)
        ledger.check()
        with ledger._database.transaction() as rows:
            change(rows)
        with pytest.raises(LedgerError, match="do not add up"):
            Ledger(path, SEAL).check()
        path.write_bytes(good)

    def richer(rows: Transaction) -> None:
        customer_id, balance, opened_by = rows.get("accounts", ALICE)
        rows.put("accounts", customer_id, balance + 1, opened_by)

    def lost(rows: Transaction) -> None:
        rows.remove("accounts", ALICE)

    def unbooked(rows: Transaction) -> None:
        (held,) = rows.select("SELECT * FROM holds WHERE state = 'open' LIMIT 1")
        rows.put("holds", *held[:-2], "booked")

    def unheld(rows: Transaction) -> None:
        _, balance, opened_by = rows.get("accounts", ALICE)
        number = 10**6
        day = "2026-11-23"
        rows.put("transactions", number, ALICE, "withdrawal", -5, balance - 5, day, day, "UNHELD22")
        rows.put("accounts", ALICE, balance - 5, opened_by)

    def wrongly_noted(rows: Transaction) -> None:
        _, balance, _ = rows.get("accounts", ALICE)
        day = "2026-11-23"
        rows.put("holds", 10**6, ALICE, 5, day, day, "NOTED222", "booked")
        rows.put("transactions", 10**6, ALICE, "withdrawal", -5, balance, day, day, "NOTED222")

    def uncovered(rows: Transaction) -> None:
        day = "2026-11-23"
        rows.put("holds", 10**6, ALICE, 10**9, day, day, "TOOMUCH2", "open")

    for change in (richer, lost, unbooked, unheld, wrongly_noted, uncovered):
        wrong(change)
