"""How the values of the house are written into columns and read back."""

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from bot.core.access import Access, Principal
from bot.core.model import (
    DocumentId,
    EmbeddingSpec,
    Generation,
    GenerationId,
    GenerationSpec,
    Language,
    Link,
    LiveDocument,
    Revision,
    RunId,
)
from bot.core.sync import Failure, RunState, Staged, SyncReport, SyncRun
from bot.state.schema import generations, revisions, sync_runs

# --- access ------------------------------------------------------------------


def layers(access: Access, /) -> str:
    """Write the layers of an access as JSON."""
    return json.dumps([sorted(layer) for layer in access.layers])


@lru_cache(maxsize=16_384)
def access(text: str, /) -> Access:
    """Read the layers of an access; few texts stand for many documents."""
    return Access(
        layers=tuple(
            frozenset(Principal(name) for name in layer) for layer in json.loads(text)
        )
    )


# --- documents ---------------------------------------------------------------

METADATA = (
    revisions.c.title,
    revisions.c.path,
    revisions.c.link_page,
    revisions.c.link_lines,
    revisions.c.link_heading,
    revisions.c.updated_at,
    revisions.c.reviewed,
    revisions.c.author,
    revisions.c.labels,
    revisions.c.language,
)
"""The columns that `described` reads, to be selected in this order."""


def described(row: Sequence[Any], /) -> dict[str, Any]:
    """Return the metadata of a document as keyword arguments."""
    title, path, page, lines, heading, updated_at, reviewed, *more = row
    author, labels, language = more
    return {
        "title": title,
        "path": path,
        "link": Link(page=page, lines=lines, heading=heading),
        "updated_at": updated_at,
        "reviewed": reviewed,
        "author": author,
        "labels": labels,
        "language": Language(language),
    }


def description(staged: Staged, /) -> dict[str, Any]:
    """Return what `touch` takes over, by column: all but content and access."""
    return {
        "version": staged.version,
        "title": staged.title,
        "path": staged.path,
        "link_page": staged.link.page,
        "link_lines": staged.link.lines,
        "link_heading": staged.link.heading,
        "updated_at": staged.updated_at,
        "reviewed": staged.reviewed,
        "author": staged.author,
        "labels": staged.labels,
        "language": staged.language.value,
    }


def live_document(row: Sequence[Any], /) -> LiveDocument:
    """Read (document, revision, layers, *METADATA)."""
    document, revision, text, *metadata = row
    return LiveDocument(
        id=DocumentId(document),
        revision=revision,
        access=access(text),
        **described(metadata),
    )


def revision(row: Sequence[Any], /) -> Revision:
    """Read (document, revision)."""
    return DocumentId(row[0]), row[1]


def packed(markdown: str, /) -> bytes:
    """Compress a document's text."""
    return zlib.compress(markdown.encode())


def unpacked(blob: bytes, /) -> str:
    """Return the text that was compressed."""
    return zlib.decompress(blob).decode()


# --- generations -------------------------------------------------------------

GENERATION = (
    generations.c.number,
    generations.c.spec,
    generations.c.alpha,
    generations.c.rebuild,
)


def generation_id(number: int, /) -> GenerationId:
    """Return the name of the generation with this number."""
    return GenerationId(f"g{number}")


def numbered(name: str, /) -> int:
    """Return the number in the id of a generation or run; -1 where there is none."""
    digits = name[1:]
    return int(digits) if digits.isascii() and digits.isdigit() else -1


def generation(row: Sequence[Any], /) -> Generation:
    """Read the columns of GENERATION."""
    number, spec, alpha, rebuild = row
    values = json.loads(spec)
    embedding = values.pop("embedding")
    return Generation(
        id=generation_id(number),
        spec=GenerationSpec(
            **values, embedding=EmbeddingSpec(**embedding) if embedding else None
        ),
        alpha=MappingProxyType(weights(alpha)),
        rebuild=rebuild,
    )


def specified(spec: GenerationSpec, /) -> str:
    """Write what a generation is made with."""
    return json.dumps(asdict(spec))


def weights(text: str, /) -> dict[Language, float]:
    """Read the weights of the vector leg."""
    return {Language(key): value for key, value in json.loads(text).items()}


# --- runs --------------------------------------------------------------------

RUN = (
    sync_runs.c.number,
    sync_runs.c.source,
    sync_runs.c.started_at,
    sync_runs.c.finished_at,
    sync_runs.c.state,
    sync_runs.c.report,
)


def run_id(number: int, /) -> RunId:
    """Return the name of the run with this number."""
    return RunId(f"r{number}")


def run(row: Sequence[Any], /) -> SyncRun:
    """Read the columns of RUN."""
    number, source, started_at, finished_at, state, text = row
    return SyncRun(
        id=run_id(number),
        source=source,
        started_at=started_at,
        finished_at=finished_at,
        state=RunState(state),
        report=None if text is None else _report(text),
    )


def reported(report: SyncReport, /) -> str:
    """Write a report."""
    # asdict makes a Counter of pairs out of a Counter.
    values = asdict(report) | {"warnings": dict(report.warnings)}
    return json.dumps(values, ensure_ascii=False)


def _report(text: str) -> SyncReport:
    # A report of another release may have fields that this one does not know.
    values = json.loads(text)
    known = {
        field.name: values[field.name]
        for field in fields(SyncReport)
        if field.name in values
    }
    return SyncReport(
        **known
        | {
            "state": RunState(values["state"]),
            "failures": tuple(Failure(**each) for each in values["failures"]),
            "held": tuple(values["held"]),
            "warnings": Counter(values["warnings"]),
        }
    )
