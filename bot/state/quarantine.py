"""What could not be read, and when to try again: the port `Quarantine`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from bot.core.model import RunId
from bot.core.sync import Failure
from bot.state.database import Database, uninterrupted
from bot.state.rows import fetched, many, open_run, remember_documents
from bot.state.schema import documents

DELAYS = tuple(timedelta(hours=hours) for hours in (1, 4, 16, 64, 168))
"""How long to wait after the first failure, the second, and so on."""


def delay(attempts: int, /) -> timedelta:
    """Return how long to wait after so many failures; in the end, a week."""
    return DELAYS[min(attempts, len(DELAYS)) - 1]


class SqlQuarantine:
    """Keeps failures with their documents in the state database."""

    def __init__(self, database: Database, /) -> None:
        self._database = database

    @uninterrupted
    async def failed(
        self, run: RunId, failures: Sequence[Failure], /, *, now: datetime
    ) -> None:
        """Count one more failure of each document; what is live stays live."""
        failed = {each.document: each for each in failures if each.document is not None}
        async with self._database.writing() as connection:
            mine = await open_run(connection, run)
            mine.owns(failed)
            await remember_documents(connection, mine.source, failed)
            rows = await fetched(
                connection,
                select(documents.c.id, documents.c.attempts),
                documents.c.id,
                failed,
            )
            await many(
                connection,
                update(documents).where(documents.c.id == bindparam("document_")),
                [
                    {
                        "document_": name,
                        "attempts": attempts + 1,
                        "retry_at": now + delay(attempts + 1),
                        "error": f"{failed[name].reason}: {failed[name].detail}",
                        "failed_version": failed[name].version,
                    }
                    for name, attempts in rows
                ],
            )
