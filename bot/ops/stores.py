"""What `check` says of the state database, the index, and the keys to it."""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, assert_never

from bot.core.model import Generation, Language
from bot.core.reports import DatabaseReport, IndexReport, Node, Rights
from bot.ops.check import Finding, Speaker, size
from bot.text import findings as say

EACH: Final = 9
"""Connections that one process holds at most: eight, and that of a lock."""

_NAMED = 3


class Use(Enum):
    """What a key of the index is set for."""

    READING = auto()
    WRITING = auto()
    BOTH = auto()


def database_findings(
    report: DatabaseReport, language: Language, /
) -> Iterator[Finding]:
    """Say what the state database is, and whether it can go on."""
    speaker = Speaker(language)
    yield speaker.ok(
        say.DATABASE,
        engine=report.engine,
        schema=report.schema,
        size=size(report.size),
        place=report.place,
    )
    if report.read_only:
        yield speaker.error(say.DATABASE_READ_ONLY, place=report.place)
    if report.connections is not None:
        used, most = report.connections.used, report.connections.most
        if most - used < EACH:
            yield speaker.warning(
                say.FEW_CONNECTIONS, left=most - used, used=used, most=most, each=EACH
            )
        else:
            yield speaker.ok(say.CONNECTIONS, used=used, most=most)


def engine_findings(
    report: IndexReport, language: Language, /, *, copies: int
) -> Iterator[Finding]:
    """Say what the engine is and how it keeps the index; `copies` are wanted."""
    speaker = Speaker(language)
    details = ""
    if report.size is not None:
        details += say.SIZE.say(language, size=size(report.size))
    if report.copies is not None:
        details += say.COPIES.say(language, copies=report.copies, shards=report.shards)
    yield speaker.ok(
        say.ENGINE, engine=report.engine, place=report.place, details=details
    )
    if report.read_only:
        yield speaker.error(say.INDEX_READ_ONLY, place=report.place)
    # A node that has been away for some seconds is not in the list any more.
    expected = max(len(report.nodes), report.copies or 1)
    if report.nodes and expected > 1:
        yield from _nodes(report.nodes, expected, speaker)
    yield from _copies(report, copies, speaker)
    if report.clouds:
        yield speaker.warning(
            say.CLOUD_MODULES,
            count=len(report.clouds),
            names=", ".join(report.clouds[:_NAMED]),
        )


def key_finding(
    setting: str, rights: Rights, use: Use, language: Language, /
) -> Finding:
    """Say what a key may do, as far as it matters for what it is set for."""
    lacks = rights.lacks_writing if use is Use.WRITING else rights.lacks_reading
    speaker = Speaker(language)
    if lacks:
        return speaker.error(
            say.KEY_LACKS, setting=setting, permissions=", ".join(lacks)
        )
    match use:
        case Use.READING:
            more = ", ".join(rights.beyond_reading)
            if more:
                return speaker.warning(
                    say.KEY_DOES_TOO_MUCH, setting=setting, permissions=more
                )
            return speaker.ok(say.KEY_READS, setting=setting)
        case Use.WRITING:
            return speaker.ok(say.KEY_WRITES, setting=setting)
        case Use.BOTH:
            missing = ", ".join(rights.lacks_writing)
            if missing:
                return speaker.warning(
                    say.KEY_CANNOT_WRITE, setting=setting, permissions=missing
                )
            return speaker.ok(say.KEY_DOES_BOTH, setting=setting)
        case _:
            assert_never(use)


def generation_finding(
    generation: Generation, language: Language, /, *, documents: int, chunks: int
) -> Finding:
    """Say what the index was built with, and how much is in it."""
    spec = generation.spec
    vectors = say.NO_VECTORS.say(language)
    if spec.embedding is not None:
        vectors = say.VECTORS.say(
            language,
            model=spec.embedding.model,
            dimensions=spec.embedding.dimensions,
        )
    return Speaker(language).ok(
        say.GENERATION,
        generation=generation.id,
        analyzer=spec.analyzer,
        chunker=spec.chunker,
        vectors=vectors,
        documents=documents,
        chunks=chunks,
    )


def _nodes(
    nodes: tuple[Node, ...], expected: int, speaker: Speaker
) -> Iterator[Finding]:
    healthy = [node for node in nodes if node.healthy]
    names = ", ".join(node.name for node in nodes if not node.healthy)
    if len(nodes) < expected:
        known = ", ".join(node.name for node in healthy)
        names = say.ALL_BUT.say(speaker.language, names=known)
    counts = {"all": expected, "healthy": len(healthy), "names": names}
    if len(healthy) == expected:
        yield speaker.ok(say.NODES, all=expected)
    elif 2 * len(healthy) > expected:
        yield speaker.warning(say.NODES_AWAY, **counts)
    else:
        yield speaker.error(say.NO_MAJORITY, **counts)
    versions = sorted({node.version for node in healthy})
    if len(versions) > 1:
        yield speaker.warning(say.VERSIONS_DIFFER, versions=", ".join(versions))


def _copies(report: IndexReport, wanted: int, speaker: Speaker) -> Iterator[Finding]:
    if report.copies is None:
        return
    if report.copies != wanted:
        yield speaker.warning(say.COPIES_DIFFER, copies=report.copies, wanted=wanted)
    elif report.copies == 1 and len(report.nodes) > 1:
        yield speaker.warning(say.ONE_COPY, all=len(report.nodes))
