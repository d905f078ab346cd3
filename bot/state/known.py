"""Reads everything that is known of a source's documents in one statement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, bindparam, false, func, select

from bot.core.access import NOBODY
from bot.core.sync import Known
from bot.state.schema import accesses, documents, projections, revisions
from bot.state.stored import access

_live = revisions.alias("live")
_staged = revisions.alias("staged")
_enforced = accesses.alias("enforced")
_wanted = accesses.alias("wanted")

KNOWN: Select[Any] = (
    select(
        documents.c.id,
        _live.c.version,
        _live.c.content,
        func.coalesce(_enforced.c.layers, _wanted.c.layers),
        projections.c.live,
        projections.c.indexed_access,
        func.coalesce(projections.c.embedded, false()),
        projections.c.staged,
        _staged.c.content,
        _staged.c.version,
        documents.c.attempts,
        documents.c.retry_at,
        documents.c.error,
        documents.c.failed_version,
    )
    .select_from(documents)
    .outerjoin(
        projections,
        and_(
            projections.c.document == documents.c.id,
            projections.c.generation == bindparam("generation"),
        ),
    )
    .outerjoin(
        _live,
        and_(
            _live.c.document == projections.c.document,
            _live.c.revision == projections.c.live,
        ),
    )
    .outerjoin(
        _staged,
        and_(
            _staged.c.document == projections.c.document,
            _staged.c.revision == projections.c.staged,
        ),
    )
    .outerjoin(_enforced, _enforced.c.digest == documents.c.access)
    .outerjoin(_wanted, _wanted.c.digest == _staged.c.access)
    .where(documents.c.source == bindparam("source"), documents.c.removed_at.is_(None))
)
"""Takes `source` and `generation`; gives the rows that `known` reads."""


def known(row: Sequence[Any], /) -> Known:
    """Read a row of KNOWN."""
    document, version, content, layers, live, indexed, embedded, *rest = row
    staged, staged_content, staged_version, *trouble = rest
    attempts, retry_at, error, failed_version = trouble
    return Known(
        document=document,
        version=version,
        content=content,
        access=NOBODY if layers is None else access(layers),
        revision=live,
        indexed_access=indexed,
        embedded=bool(embedded),
        staged=staged,
        staged_content=staged_content,
        staged_version=staged_version,
        attempts=attempts,
        retry_at=retry_at,
        error=error,
        failed_version=failed_version,
    )
