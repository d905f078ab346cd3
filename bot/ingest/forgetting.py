"""Takes a source that nobody configures any more out of the answers."""

import contextlib
from collections.abc import Callable
from datetime import datetime

from bot.core.errors import Unavailable
from bot.core.model import Generation
from bot.core.sync import RunState, SyncReport
from bot.ingest.enforcing import Enforcer, collect
from bot.ingest.sync import Stores


async def forget(
    source: str,
    generation: Generation,
    stores: Stores,
    /,
    *,
    clock: Callable[[], datetime],
) -> SyncReport:
    """Hide every document of a source at once, and collect its chunks.

    An index that is down keeps chunks that nobody is shown; the next sync collects
    them.
    """
    run = await stores.runs.begin(source, generation=generation.id, now=clock())
    known = await stores.ledger.known(run)
    enforcer = Enforcer(
        run=run,
        ledger=stores.ledger,
        projection=stores.projection,
        chunks=stores.chunks,
        generation=generation,
        known=known,
    )
    await enforcer.remove(tuple(known))
    live = sum(row.revision is not None for row in known.values())
    report = SyncReport(source=source, state=RunState.FINISHED, removed=live)
    await stores.runs.finish(run, report, checkpoint=None, now=clock())
    with contextlib.suppress(Unavailable):
        await collect(
            generation=generation, projection=stores.projection, chunks=stores.chunks
        )
    return report
