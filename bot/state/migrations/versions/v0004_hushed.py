"""Conversations that the bot stays out of until somebody mentions it."""

from alembic import op
from sqlalchemy import Column, DateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a conversation be hushed."""
    op.add_column(
        "conversations", Column("hushed_at", DateTime(timezone=True), nullable=True)
    )
