"""Questions that wait for a while before anybody answers them."""

from alembic import op
from sqlalchemy import Column, DateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a question be due later; those that are there are due."""
    op.add_column("questions", Column("due_at", DateTime(timezone=True), nullable=True))
