"""Tables of the shared store; the versions in `migrations` create them.

In every table of customers the key begins with the customer's id, and no transaction touches two
customers; audit and kiosks use the kiosk's id. So each table can be distributed by its first
column. There are no sequences and no foreign keys. Triggers refuse changes that the program never
makes, so it runs without them too.

A `mac` covers all other columns of its row, in their order; see `sealed_table`.
"""

import uuid
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

METADATA: Final = MetaData()
OPTIONAL: Final = "optional"
"""Mark of a column that older rows lack: NULL leaves it out of the MAC. One a table: two of them
could be taken for each other."""


class HexId(TypeDecorator[str]):
    """A UUID column, which the program reads and writes as 32 hexadecimal digits."""

    impl = Uuid
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> uuid.UUID | None:
        """Return the value that the database stores."""
        return None if value is None else uuid.UUID(hex=value)

    def process_result_value(self, value: uuid.UUID | None, dialect: Dialect) -> str | None:
        """Return the value that the program reads."""
        return None if value is None else value.hex

    def process_literal_param(self, value: str | None, dialect: Dialect) -> str:
        """Return the value as it is printed in a statement."""
        return repr(value)


def _id(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, HexId, nullable=nullable)


def _key(name: str, kind: type[TypeEngine[str]] | type[HexId] = HexId) -> Column[str]:
    return Column(name, kind, primary_key=True)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _mac() -> Column[bytes]:
    return Column("mac", LargeBinary, nullable=False)


CUSTOMERS: Final = Table(
    "customers",
    METADATA,
    _key("customer_id"),
    Column("username", Text),  # NULL, as all the rest, once the customer is deleted
    Column("full_name", Text),
    Column("pin_hash", Text),
    Column("template_id", Text),
    Column("consent_at", Text),
    Column("created_at", Text),
    Column("excused", Text),
    Column("folded", Text),  # both names as a search compares them
    _mac(),
)

ATTEMPTS: Final = Table(
    "attempts",
    METADATA,
    _key("customer_id"),
    # What was ever counted, and how much of it is forgiven: both only rise.
    *(
        _number(name)
        for counter in ("wrong", "open", "foreign_faces", "waits")
        for name in (counter, f"{counter}_forgiven")
    ),
    Column("wait_s", Double, nullable=False),
    Column("since", Double, nullable=False),  # seconds of the database's clock
    _mac(),
    *(
        CheckConstraint(f"0 <= {counter}_forgiven AND {counter}_forgiven <= {counter}")
        for counter in ("wrong", "open", "foreign_faces", "waits")
    ),
)

LOGINS: Final = Table(
    "logins",
    METADATA,
    _key("customer_id"),
    _key("login_id"),
    _id("kiosk_id"),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)

FACES: Final = Table(
    "faces",
    METADATA,
    _key("customer_id"),
    _key("template_id", Text),
    # Encrypted for this place; NULL once removed.
    Column("template", LargeBinary),
    Column("captures", LargeBinary),
    Column("mean", LargeBinary),
)

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    _key("customer_id"),
    _number("balance_minor"),
    _number("held_minor"),
    Column("day", Text, nullable=False),  # the last one with a withdrawal, an ISO date
    _number("day_minor"),  # withdrawn or put on hold on it
    Column("opened_by", BigInteger),  # number of the opening; NULL while there is no account
    _number("transactions"),
    _number("holds"),
    _mac(),
    CheckConstraint("0 <= held_minor AND held_minor <= balance_minor"),
    CheckConstraint("0 <= day_minor"),
)

TRANSACTIONS: Final = Table(
    "transactions",
    METADATA,
    _key("customer_id"),
    Column("n", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    _number("amount_minor"),
    _number("balance_minor"),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reference", Text, nullable=False),
    _mac(),
    CheckConstraint("kind IN ('opening', 'withdrawal', 'closing')"),
    CheckConstraint("0 <= balance_minor"),
    Index("transactions_by_reference", "customer_id", "reference", unique=True),
)

HOLDS: Final = Table(
    "holds",
    METADATA,
    _key("customer_id"),
    _key("reference", Text),
    _number("n"),
    _number("amount_minor"),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("day", Text, nullable=False),
    Column("state", Text, nullable=False),
    _mac(),
    CheckConstraint("0 < amount_minor"),
    CheckConstraint("state IN ('open', 'booked', 'released')"),
    Index("holds_open", "at", postgresql_where=text("state = 'open'")),
)

STAFF: Final = Table(
    "staff",
    METADATA,
    _key("name_key", Text),
    _id("staff_id", nullable=True),  # NULL, as the rest, once removed
    Column("name", Text),
    Column("pin_hash", Text),
    _mac(),
)

STAFF_ATTEMPTS: Final = Table(
    "staff_attempts",
    METADATA,
    _key("staff_id"),
    _key("kiosk_id"),
    _key("place", Text),  # the screen, or the command line of the closed kiosk
    _number("wrong"),
    _number("wrong_forgiven"),
    Column("since", Double, nullable=False),  # seconds of the database's clock
    _mac(),
    CheckConstraint("0 <= wrong_forgiven AND wrong_forgiven <= wrong"),
)

KIOSKS: Final = Table(
    "kiosks",
    METADATA,
    _key("kiosk_id"),
    Column("name", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    # What two of the bank's staff allowed it besides; NULL for a live kiosk with a challenge.
    Column("allows", Text, info={OPTIONAL: True}),
    _mac(),
    Index("kiosks_by_fingerprint", "fingerprint"),
)

AUDIT: Final = Table(
    "audit",
    METADATA,
    _key("kiosk_id"),
    Column("n", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("fields", Text, nullable=False),  # JSON
    Column("previous", LargeBinary, nullable=False),  # the mac of entry n - 1
    _mac(),
    Index("audit_by_kind", "kiosk_id", "kind", "n"),
)
