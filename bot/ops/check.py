"""What `shirube check` finds, and how the index stands against the catalogue."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.core.model import Generation, Language, Revision
from bot.core.ports import IndexGenerations, Projection
from bot.ingest.projecting import cut
from bot.text import phrases


class Level(StrEnum):
    """How bad a finding is; an error makes `check` fail."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence about one thing, with what to do if something is wrong."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How the index differs from the catalogue, in revisions; chunks in all."""

    chunks: int
    lacking: int
    orphans: int


async def drift(
    generation: Generation, /, *, index: IndexGenerations, projection: Projection
) -> Drift:
    """Walk the whole index and compare it with what is live and staged.

    A live document without text has no chunks and does not count as lacking.
    """
    chunks = 0
    stored: set[Revision] = set()
    async for _, revision in index.scan(generation):
        chunks += 1
        stored.add(revision)
    live = {revision async for revision in projection.live(generation.id)}
    kept = await projection.kept(generation.id, stored)
    lacking = [
        revision for revision in live - stored if await _text(revision, projection)
    ]
    return Drift(chunks=chunks, lacking=len(lacking), orphans=len(stored - kept))


def index_findings(
    generation: Generation, found: Drift, language: Language, /
) -> Iterator[Finding]:
    """Say how the index stands."""
    yield Finding(
        level=Level.OK,
        text=phrases.CHECK_INDEX.say(
            language,
            generation=generation.id,
            backend=generation.spec.backend,
            analyzer=generation.spec.analyzer,
            chunks=found.chunks,
        ),
    )
    if found.lacking:
        text = phrases.CHECK_INDEX_LACKS.say(language, count=found.lacking)
        yield Finding(level=Level.ERROR, text=text)
    if found.orphans:
        text = phrases.CHECK_INDEX_ORPHANS.say(language, count=found.orphans)
        yield Finding(level=Level.WARNING, text=text)
    silent = [str(name) for name, alpha in generation.alpha.items() if not alpha]
    if generation.spec.embedding is None:
        text = phrases.CHECK_NO_VECTORS.say(language)
        yield Finding(level=Level.OK, text=text)
    elif silent:
        text = phrases.CHECK_ALPHA.say(language, languages=", ".join(silent))
        yield Finding(level=Level.WARNING, text=text)


async def _text(revision: Revision, projection: Projection) -> bool:
    state = await projection.staged(revision)
    return state is not None and bool(cut(revision, state))
