"""What questions were answered with, and what people think of the answers."""

from alembic import op
from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables; of questions that have ended already nothing is known."""
    op.create_table(
        "provenances",
        Column("question", String(32), nullable=False),
        Column("reason", String(20)),
        Column("answer", String(20)),
        Column("generation", String(20)),
        Column("model", Text()),
        Column("digest", Text()),
        Column("prompt", String(40)),
        Column("revisions", Text(), nullable=False),
        ForeignKeyConstraint(
            ["question"], ["questions.id"], name="fk_provenances_question"
        ),
        PrimaryKeyConstraint("question", name="pk_provenances"),
    )
    op.create_table(
        "judgements",
        Column("number", Integer(), nullable=False),
        Column("question", String(32), nullable=False),
        Column("person", _KEY, nullable=False),
        Column("verdict", String(20), nullable=False),
        Column("complaint", String(20)),
        Column("note", Text(), nullable=False),
        Column("given_at", DateTime(timezone=True), nullable=False),
        ForeignKeyConstraint(
            ["question"], ["questions.id"], name="fk_judgements_question"
        ),
        PrimaryKeyConstraint("number", name="pk_judgements"),
        UniqueConstraint("question", "person", name="uq_judgements_question_person"),
    )
