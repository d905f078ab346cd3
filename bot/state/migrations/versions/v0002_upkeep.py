"""The lease of the process that serves, and why a generation is built anew."""

from alembic import op
from sqlalchemy import Column, DateTime, PrimaryKeyConstraint, Text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and a column that is empty as a rule."""
    key = Text().with_variant(Text(collation="C"), "postgresql")
    op.create_table(
        "leases",
        Column("name", key, nullable=False),
        Column("holder", Text(), nullable=False),
        Column("until", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.add_column("generations", Column("rebuild", Text()))
