"""Wrong PINs of staff are counted for each kiosk and place, and make wait instead of locking.

What was counted before is forgiven: nobody is locked any more.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

ROLE = "atm_service"

STATEMENTS = (
    "DROP TABLE staff_attempts",
    """
    CREATE TABLE staff_attempts (
        staff_id uuid, kiosk_id uuid, place text,
        wrong bigint NOT NULL, wrong_forgiven bigint NOT NULL,
        since double precision NOT NULL,
        mac bytea NOT NULL,
        PRIMARY KEY (staff_id, kiosk_id, place),
        CHECK (0 <= wrong_forgiven AND wrong_forgiven <= wrong)
    )
    """,
    f"GRANT SELECT, INSERT ON staff_attempts TO {ROLE}",
    f"GRANT UPDATE (wrong, wrong_forgiven, since, mac) ON staff_attempts TO {ROLE}",
    "CREATE TRIGGER staff_attempts_keep BEFORE UPDATE ON staff_attempts"
    " FOR EACH ROW EXECUTE FUNCTION staff_attempts_keep()",
)


def upgrade() -> None:
    """Replace the table; the function of its trigger stays."""
    for statement in STATEMENTS:
        op.execute(statement)
