"""The tables of the state database, for SQLite and PostgreSQL alike.

Documents, their access and their counters belong to no generation, so that what is
removed or revoked is so everywhere at once. A projection says which revision of a
document one generation shows; garbage, which others its index may still hold.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from bot.state.columns import Key, Strings, UtcDateTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _document(**options: Any) -> Column[str]:
    return Column("document", Key, **options)


# --- generations -------------------------------------------------------------

generations = Table(
    "generations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("spec", Text, nullable=False),
    Column("alpha", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
    Column("rebuild", Text),
)

# One row, made by the migration; `id` is always 1.
active_generation = Table(
    "active_generation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("generation", String(20)),
)

# --- documents ---------------------------------------------------------------

accesses = Table(
    "accesses",
    metadata,
    Column("digest", String(32), primary_key=True),
    Column("layers", Text, nullable=False),
    sqlite_with_rowid=False,
)

# `access` is what the catalogue enforces; null until the first publication.
documents = Table(
    "documents",
    metadata,
    Column("id", Key, primary_key=True),
    Column("source", Key, nullable=False, index=True),
    Column("access", String(32), ForeignKey(accesses.c.digest), index=True),
    Column("next_revision", Integer, nullable=False),
    Column("removed_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime),
    Column("error", Words),
    Column("failed_version", Text),
    sqlite_with_rowid=False,
)

# A row stands exactly as long as the revision is live or staged somewhere; `access`
# is what the source wanted when it was staged.
revisions = Table(
    "revisions",
    metadata,
    _document(primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("version", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("access", String(32), ForeignKey(accesses.c.digest), nullable=False),
    Column("title", Words, nullable=False),
    Column("path", Strings, nullable=False),
    Column("link_page", Words),
    Column("link_lines", Words),
    Column("link_heading", Words),
    Column("updated_at", UtcDateTime),
    Column("reviewed", Boolean, nullable=False, server_default=false()),
    Column("author", Words),
    Column("labels", Strings, nullable=False),
    Column("language", String(10), nullable=False),
    ForeignKeyConstraint(["document"], [documents.c.id]),
    Index(None, "access"),
)

# Apart from the revision, so that listing documents does not read their texts.
texts = Table(
    "texts",
    metadata,
    _document(primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("markdown", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["document", "revision"],
        [revisions.c.document, revisions.c.revision],
        ondelete="CASCADE",
    ),
)

# --- what a generation shows -------------------------------------------------

projections = Table(
    "projections",
    metadata,
    _document(primary_key=True),
    Column("generation", String(20), primary_key=True),
    Column("live", Integer),
    Column("staged", Integer),
    Column("indexed_access", String(32)),
    Column("embedded", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(
        ["document", "live"], [revisions.c.document, revisions.c.revision]
    ),
    ForeignKeyConstraint(
        ["document", "staged"], [revisions.c.document, revisions.c.revision]
    ),
    sqlite_with_rowid=False,
)

garbage = Table(
    "garbage",
    metadata,
    Column("generation", String(20), primary_key=True),
    _document(primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# One row, as above: counts what may change the principals in use.
catalogue_changes = Table(
    "catalogue_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
)

# --- runs --------------------------------------------------------------------

sources = Table(
    "sources",
    metadata,
    Column("name", Key, primary_key=True),
    Column("checkpoint", Text),
    Column("last_success", UtcDateTime),
)

sync_runs = Table(
    "sync_runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source", Key, ForeignKey(sources.c.name), nullable=False, index=True),
    Column("generation", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("report", Text),
)

# --- who serves --------------------------------------------------------------

leases = Table(
    "leases",
    metadata,
    Column("name", Key, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

# --- conversations -----------------------------------------------------------

conversations = Table(
    "conversations",
    metadata,
    Column("id", Key, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("hushed_at", UtcDateTime),
)

turns = Table(
    "turns",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("question", Key, nullable=False, unique=True),
    Column(
        "conversation",
        Key,
        ForeignKey(conversations.c.id),
        nullable=False,
        index=True,
    ),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("text", Words, nullable=False),
    Column("answer", Words, nullable=False),
    Column("documents", Strings, nullable=False),
)

# --- questions ---------------------------------------------------------------

# Open while `outcome` is null. `leased_until` is the end of the claim that `attempt`
# counts; `gone_at` is null unless only one process can show the answer, and then when
# that process counts as gone. Before `due_at` nobody answers it.
questions = Table(
    "questions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("surface", Key, nullable=False),
    Column("event", Key, nullable=False),
    Column("workspace", Key, nullable=False),
    Column("channel", Key, nullable=False),
    Column("thread", Text),
    Column("message", Key),
    Column("asker", Key, nullable=False),
    Column("conversation", Key, ForeignKey(conversations.c.id), nullable=False),
    Column("text", Words, nullable=False),
    Column("language", String(10), nullable=False),
    Column("hints", Text, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("gone_at", UtcDateTime),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("worker", Text),
    Column("leased_until", UtcDateTime),
    Column("staged", Words),
    Column("outcome", String(20)),
    Column("ended_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    UniqueConstraint("surface", "event"),
    UniqueConstraint("surface", "workspace", "channel", "message"),
)

# What is looked at all the time is few rows, however many have ended.
Index(
    "ix_questions_open",
    questions.c.asked_at,
    questions.c.number,
    sqlite_where=questions.c.outcome.is_(None),
    postgresql_where=questions.c.outcome.is_(None),
)

# Messages of ours that show an answer.
posts = Table(
    "posts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("question", String(32), ForeignKey(questions.c.id), nullable=False),
    Column("message", Key, nullable=False, index=True),
    UniqueConstraint("question", "message"),
)

# What a question was answered with: no text, so that it outlives the texts.
provenances = Table(
    "provenances",
    metadata,
    Column("question", String(32), ForeignKey(questions.c.id), primary_key=True),
    Column("reason", String(20)),
    Column("answer", String(20)),
    Column("generation", String(20)),
    Column("model", Words),
    Column("digest", Text),
    Column("prompt", String(40)),
    Column("revisions", Text, nullable=False),
)

judgements = Table(
    "judgements",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("question", String(32), ForeignKey(questions.c.id), nullable=False),
    Column("person", Key, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("complaint", String(20)),
    Column("note", Words, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    UniqueConstraint("question", "person"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key", Key, nullable=False, unique=True),
    Column("surface", Key, nullable=False),
    Column("content", Words, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("done_at", UtcDateTime),
)

Index(
    "ix_outbox_waiting",
    outbox.c.due_at,
    outbox.c.number,
    sqlite_where=outbox.c.done_at.is_(None),
    postgresql_where=outbox.c.done_at.is_(None),
)

Clock = Callable[[], datetime]
"""Tells the time, with a time zone."""
