"""Documents that somebody has looked through and found right."""

from alembic import op
from sqlalchemy import Boolean, Column, false

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a date be that of a review; those that are there are of changes."""
    op.add_column(
        "revisions",
        Column("reviewed", Boolean(), nullable=False, server_default=false()),
    )
