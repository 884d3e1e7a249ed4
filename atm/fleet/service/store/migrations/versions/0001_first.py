"""First version of the schema: tables, the service's role with its rights, and triggers.

It is plain SQL that PostgreSQL, Citus, CockroachDB and YugabyteDB share, except for the triggers in
the last block. They refuse changes that the program never makes; a database without them loses that
second line of defence and nothing else.
"""

from alembic import op

revision = "0001"
down_revision = None

ROLE = "atm_service"

TABLES = """
CREATE TABLE customers (
    customer_id uuid PRIMARY KEY,
    username text, full_name text, pin_hash text, template_id text,
    consent_at text, created_at text, excused text, folded text,
    mac bytea NOT NULL
);
CREATE TABLE attempts (
    customer_id uuid PRIMARY KEY,
    wrong bigint NOT NULL, wrong_forgiven bigint NOT NULL,
    open bigint NOT NULL, open_forgiven bigint NOT NULL,
    foreign_faces bigint NOT NULL, foreign_faces_forgiven bigint NOT NULL,
    waits bigint NOT NULL, waits_forgiven bigint NOT NULL,
    wait_s double precision NOT NULL, since double precision NOT NULL,
    mac bytea NOT NULL,
    CHECK (0 <= wrong_forgiven AND wrong_forgiven <= wrong),
    CHECK (0 <= open_forgiven AND open_forgiven <= open),
    CHECK (0 <= foreign_faces_forgiven AND foreign_faces_forgiven <= foreign_faces),
    CHECK (0 <= waits_forgiven AND waits_forgiven <= waits)
);
CREATE TABLE logins (
    customer_id uuid, login_id uuid,
    kiosk_id uuid NOT NULL,
    begun_at timestamptz NOT NULL, ended_at timestamptz,
    PRIMARY KEY (customer_id, login_id)
);
CREATE TABLE faces (
    customer_id uuid, template_id text,
    template bytea, captures bytea, mean bytea,
    PRIMARY KEY (customer_id, template_id)
);
CREATE TABLE accounts (
    customer_id uuid PRIMARY KEY,
    balance_minor bigint NOT NULL, held_minor bigint NOT NULL,
    day text NOT NULL, day_minor bigint NOT NULL,
    opened_by bigint, transactions bigint NOT NULL, holds bigint NOT NULL,
    mac bytea NOT NULL,
    CHECK (0 <= held_minor AND held_minor <= balance_minor),
    CHECK (0 <= day_minor)
);
CREATE TABLE transactions (
    customer_id uuid, n bigint,
    kind text NOT NULL CHECK (kind IN ('opening', 'withdrawal', 'closing')),
    amount_minor bigint NOT NULL,
    balance_minor bigint NOT NULL CHECK (0 <= balance_minor),
    at timestamptz NOT NULL, reference text NOT NULL,
    mac bytea NOT NULL,
    PRIMARY KEY (customer_id, n)
);
CREATE UNIQUE INDEX transactions_by_reference ON transactions (customer_id, reference);
CREATE TABLE holds (
    customer_id uuid, reference text,
    n bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (0 < amount_minor),
    at timestamptz NOT NULL, day text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'booked', 'released')),
    mac bytea NOT NULL,
    PRIMARY KEY (customer_id, reference)
);
CREATE INDEX holds_open ON holds (at) WHERE state = 'open';
CREATE TABLE staff (
    name_key text PRIMARY KEY,
    staff_id uuid, name text, pin_hash text,
    mac bytea NOT NULL
);
CREATE TABLE staff_attempts (
    staff_id uuid PRIMARY KEY,
    wrong bigint NOT NULL, wrong_forgiven bigint NOT NULL,
    mac bytea NOT NULL,
    CHECK (0 <= wrong_forgiven AND wrong_forgiven <= wrong)
);
CREATE TABLE kiosks (
    kiosk_id uuid PRIMARY KEY,
    name text NOT NULL, fingerprint text NOT NULL, revoked_at timestamptz,
    mac bytea NOT NULL
);
CREATE INDEX kiosks_by_fingerprint ON kiosks (fingerprint);
CREATE TABLE audit (
    kiosk_id uuid, n bigint,
    at timestamptz NOT NULL, kind text NOT NULL, fields text NOT NULL,
    previous bytea NOT NULL, mac bytea NOT NULL,
    PRIMARY KEY (kiosk_id, n)
);
CREATE INDEX audit_by_kind ON audit (kiosk_id, kind, n);
"""

CHANGES = {
    "customers": "username, full_name, pin_hash, template_id, consent_at, created_at, excused,"
    " folded, mac",
    "attempts": "wrong, wrong_forgiven, open, open_forgiven, foreign_faces,"
    " foreign_faces_forgiven, waits, waits_forgiven, wait_s, since, mac",
    "logins": "ended_at",
    "faces": "template, captures, mean",
    "accounts": "balance_minor, held_minor, day, day_minor, opened_by, transactions, holds, mac",
    "transactions": "",
    "holds": "state, mac",
    "staff": "staff_id, name, pin_hash, mac",
    "staff_attempts": "wrong, wrong_forgiven, mac",
    "kiosks": "name, fingerprint, revoked_at, mac",
    "audit": "",
}
"""Columns that the service's role may change; it may add rows to every table and delete none."""

RISING = {
    "attempts": "wrong, wrong_forgiven, open, open_forgiven, foreign_faces,"
    " foreign_faces_forgiven, waits, waits_forgiven",
    "staff_attempts": "wrong, wrong_forgiven",
    "accounts": "transactions, holds",
}
"""Columns whose values may only rise."""

ONCE = {
    "holds": "OLD.state <> 'open' AND NEW.state <> OLD.state",
    "logins": "OLD.ended_at IS NOT NULL",
}
"""Conditions under which a row may not be changed any more."""


def upgrade() -> None:
    """Create everything; a role that exists is kept."""
    _all(TABLES)
    op.execute(
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}')"
        f" THEN CREATE ROLE {ROLE} NOLOGIN; END IF; END $$"
    )
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    database = op.get_bind().exec_driver_sql("SELECT current_database()").scalar_one()
    quoted = op.get_bind().dialect.identifier_preparer.quote(database)
    op.execute(f"REVOKE TEMPORARY ON DATABASE {quoted} FROM PUBLIC")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    op.execute(f"GRANT SELECT ON alembic_version TO {ROLE}")
    for table, columns in CHANGES.items():
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
        if columns:
            op.execute(f"GRANT UPDATE ({columns}) ON {table} TO {ROLE}")
    for table, columns in RISING.items():
        falls = " OR ".join(f"NEW.{each} < OLD.{each}" for each in columns.split(", "))
        _refuse(table, falls, "a counter never falls")
    for table, settled in ONCE.items():
        _refuse(table, settled, "what is settled stays so")


def _all(statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)


def _refuse(table: str, condition: str, sentence: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {condition} THEN RAISE EXCEPTION '{sentence}'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_keep BEFORE UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_keep()"
    )
