"""The durable inbox, with what was posted and what is still to be told."""

from typing import Any

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
    column,
    delete,
    table,
    text,
)
from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = Text().with_variant(Text(collation="C"), "postgresql")

_KEYS_OF_QUESTIONS = (
    ForeignKeyConstraint(
        ["conversation"], ["conversations.id"], "fk_questions_conversation"
    ),
    PrimaryKeyConstraint("number", name="pk_questions"),
    UniqueConstraint("id", name="uq_questions_id"),
    UniqueConstraint("surface", "event", name="uq_questions_surface_event"),
    UniqueConstraint(
        "surface",
        "workspace",
        "channel",
        "message",
        name="uq_questions_surface_workspace_channel_message",
    ),
)


def _must(name: str, kind: TypeEngine[Any]) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _moment(name: str, *, nullable: bool) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make the tables; a turn is an answered question from now on."""
    _make_questions()
    _make_posts()
    _make_outbox()
    turns = table("turns", column("outcome"))
    op.execute(delete(turns).where(turns.c.outcome != "answered"))
    op.drop_column("turns", "outcome")


def _make_questions() -> None:
    op.create_table(
        "questions",
        _must("number", Integer()),
        _must("id", String(32)),
        _must("kind", String(20)),
        _must("surface", _KEY),
        _must("event", _KEY),
        _must("workspace", _KEY),
        _must("channel", _KEY),
        Column("thread", Text()),
        Column("message", _KEY),
        _must("asker", _KEY),
        _must("conversation", _KEY),
        _must("text", Text()),
        _must("language", String(10)),
        _must("hints", Text()),
        _moment("asked_at", nullable=False),
        _moment("received_at", nullable=False),
        _moment("expires_at", nullable=False),
        _moment("gone_at", nullable=True),
        Column("attempt", Integer(), server_default="0", nullable=False),
        Column("worker", Text()),
        _moment("leased_until", nullable=True),
        Column("staged", Text()),
        Column("outcome", String(20)),
        _moment("ended_at", nullable=True),
        *_KEYS_OF_QUESTIONS,
    )
    op.create_index(
        "ix_questions_open",
        "questions",
        ["asked_at", "number"],
        sqlite_where=text("outcome IS NULL"),
        postgresql_where=text("outcome IS NULL"),
    )


def _make_posts() -> None:
    op.create_table(
        "posts",
        _must("number", Integer()),
        _must("question", String(32)),
        _must("message", _KEY),
        ForeignKeyConstraint(["question"], ["questions.id"], name="fk_posts_question"),
        PrimaryKeyConstraint("number", name="pk_posts"),
        UniqueConstraint("question", "message", name="uq_posts_question_message"),
    )
    op.create_index("ix_posts_message", "posts", ["message"])


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        _must("number", Integer()),
        _must("key", _KEY),
        _must("surface", _KEY),
        _must("content", Text()),
        _moment("due_at", nullable=False),
        Column("attempt", Integer(), server_default="0", nullable=False),
        _moment("done_at", nullable=True),
        PrimaryKeyConstraint("number", name="pk_outbox"),
        UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["due_at", "number"],
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    )
