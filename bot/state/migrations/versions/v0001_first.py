"""Documents, generations, runs and conversations."""

from typing import Any

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    false,
    table,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Ordered by code point on every engine, whatever the language of the server.
_KEY = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make every table, and the rows of those that have exactly one."""
    _generations()
    _documents()
    _revisions()
    _projections()
    _runs()
    _conversations()


def _must(name: str, kind: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **options)


def _moment(name: str, *, nullable: bool) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _generations() -> None:
    op.create_table(
        "generations",
        _must("number", Integer()),
        _must("spec", Text()),
        _must("alpha", Text()),
        _moment("created_at", nullable=False),
        _moment("retired_at", nullable=True),
        PrimaryKeyConstraint("number", name="pk_generations"),
    )
    op.create_table(
        "active_generation",
        _must("id", Integer()),
        Column("generation", String(20)),
        PrimaryKeyConstraint("id", name="pk_active_generation"),
    )
    one = table("active_generation", Column("id", Integer))
    op.bulk_insert(one, [{"id": 1}])


def _documents() -> None:
    op.create_table(
        "accesses",
        _must("digest", String(32)),
        _must("layers", Text()),
        PrimaryKeyConstraint("digest", name="pk_accesses"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "documents",
        _must("id", _KEY),
        _must("source", _KEY),
        Column("access", String(32)),
        _must("next_revision", Integer()),
        _moment("removed_at", nullable=True),
        _must("attempts", Integer(), server_default="0"),
        _moment("retry_at", nullable=True),
        Column("error", Text()),
        Column("failed_version", Text()),
        ForeignKeyConstraint(["access"], ["accesses.digest"], "fk_documents_access"),
        PrimaryKeyConstraint("id", name="pk_documents"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_documents_access", "documents", ["access"])
    op.create_index("ix_documents_source", "documents", ["source"])


def _revisions() -> None:
    op.create_table(
        "revisions",
        _must("document", _KEY),
        _must("revision", Integer(), autoincrement=False),
        _must("version", Text()),
        _must("content", Text()),
        _must("access", String(32)),
        _must("title", Text()),
        _must("path", Text()),
        Column("link_page", Text()),
        Column("link_lines", Text()),
        Column("link_heading", Text()),
        _moment("updated_at", nullable=True),
        Column("author", Text()),
        _must("labels", Text()),
        _must("language", String(10)),
        ForeignKeyConstraint(["access"], ["accesses.digest"], "fk_revisions_access"),
        ForeignKeyConstraint(["document"], ["documents.id"], "fk_revisions_document"),
        PrimaryKeyConstraint("document", "revision", name="pk_revisions"),
    )
    op.create_index("ix_revisions_access", "revisions", ["access"])
    op.create_table(
        "texts",
        _must("document", _KEY),
        _must("revision", Integer(), autoincrement=False),
        _must("markdown", LargeBinary()),
        ForeignKeyConstraint(
            ["document", "revision"],
            ["revisions.document", "revisions.revision"],
            "fk_texts_document_revision",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("document", "revision", name="pk_texts"),
    )


def _projections() -> None:
    op.create_table(
        "projections",
        _must("document", _KEY),
        _must("generation", String(20)),
        Column("live", Integer()),
        Column("staged", Integer()),
        Column("indexed_access", String(32)),
        _must("embedded", Boolean(), server_default=false()),
        *(
            ForeignKeyConstraint(
                ["document", which],
                ["revisions.document", "revisions.revision"],
                f"fk_projections_document_{which}",
            )
            for which in ("live", "staged")
        ),
        PrimaryKeyConstraint("document", "generation", name="pk_projections"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "garbage",
        _must("generation", String(20)),
        _must("document", _KEY),
        _must("revision", Integer(), autoincrement=False),
        PrimaryKeyConstraint("generation", "document", "revision", name="pk_garbage"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalogue_changes",
        _must("id", Integer()),
        _must("number", Integer()),
        PrimaryKeyConstraint("id", name="pk_catalogue_changes"),
    )
    counter = table(
        "catalogue_changes", Column("id", Integer), Column("number", Integer)
    )
    op.bulk_insert(counter, [{"id": 1, "number": 0}])


def _runs() -> None:
    op.create_table(
        "sources",
        _must("name", _KEY),
        Column("checkpoint", Text()),
        _moment("last_success", nullable=True),
        PrimaryKeyConstraint("name", name="pk_sources"),
    )
    op.create_table(
        "sync_runs",
        _must("number", Integer()),
        _must("source", _KEY),
        _must("generation", String(20)),
        _must("state", String(20)),
        _moment("started_at", nullable=False),
        _moment("finished_at", nullable=True),
        Column("report", Text()),
        ForeignKeyConstraint(["source"], ["sources.name"], "fk_sync_runs_source"),
        PrimaryKeyConstraint("number", name="pk_sync_runs"),
    )
    op.create_index("ix_sync_runs_source", "sync_runs", ["source"])


def _conversations() -> None:
    op.create_table(
        "conversations",
        _must("id", _KEY),
        _moment("started_at", nullable=False),
        PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_table(
        "turns",
        _must("number", Integer()),
        _must("question", _KEY),
        _must("conversation", _KEY),
        _must("outcome", String(20)),
        _moment("asked_at", nullable=False),
        _must("text", Text()),
        _must("answer", Text()),
        _must("documents", Text()),
        ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], "fk_turns_conversation"
        ),
        PrimaryKeyConstraint("number", name="pk_turns"),
        UniqueConstraint("question", name="uq_turns_question"),
    )
    op.create_index("ix_turns_conversation", "turns", ["conversation"])
