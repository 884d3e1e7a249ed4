"""Third version of the schema: what two members of staff allowed a kiosk besides the usual."""

from alembic import op

revision = "0003"
down_revision = "0002"

ROLE = "atm_service"


def upgrade() -> None:
    """Add the column; a kiosk that was registered before counts as live, with a challenge."""
    op.execute("ALTER TABLE kiosks ADD COLUMN allows text")
    op.execute(f"GRANT UPDATE (allows) ON kiosks TO {ROLE}")
