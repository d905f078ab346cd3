"""What `check` says of model hosts, their models and the languages they speak."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.errors import BotError
from bot.core.model import EmbeddingSpec, Generation, Language
from bot.core.ports import Embedder
from bot.core.reports import CloudState, HostReport, ModelReport
from bot.ingest.probe import UNSPOKEN, alpha
from bot.ops.check import Finding, Level, Speaker, fault, size
from bot.ops.samples import SAMPLES
from bot.text import findings as say
from bot.text.phrases import Phrase

TRYING: Final = 7.0
"""Seconds for trying a model out: less than a look may take."""

_SHOWN = 19  # characters of a digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A configured host: which engine it is said to run, and which models it has.

    `others_write` and `others_embed` say whether another host has the same task.
    """

    engine: str
    chat: str | None
    embed: str | None
    others_write: bool = False
    others_embed: bool = False


def host_findings(
    asked: Asked, report: HostReport, language: Language, /
) -> Iterator[Finding]:
    """Say how a host stands, and each model that it has to have."""
    speaker = Speaker(language)
    if not report.reachable:
        yield _down(asked, report, speaker)
        return
    if report.cloud is CloudState.UNKNOWN:
        version = f" {report.version}" if report.version else ""
        yield speaker.ok(
            say.HOST_UP_PLAIN, url=report.url, engine=asked.engine, version=version
        )
    else:
        yield speaker.ok(
            say.HOST_UP,
            url=report.url,
            engine=asked.engine,
            version=report.version,
            cloud=report.cloud,
        )
    for warning in report.warnings:
        yield speaker.warning(say.FAULT, problem=warning)
    for model in report.models:
        yield from _model(model, speaker)
        yield from _task(asked, model, speaker)


def sameness_findings(
    digests: Iterable[tuple[str, str, str]], language: Language, /
) -> Iterator[Finding]:
    """Say which models differ between hosts, from (model, host, digest)."""
    hosts: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for model, host, digest in digests:
        hosts[model].setdefault(digest, []).append(host)
    for model, found in hosts.items():
        if len(found) > 1:
            told = "; ".join(
                f"{', '.join(names)}: {_short(digest)}"
                for digest, names in found.items()
            )
            yield Speaker(language).warning(
                say.DIGESTS_DIFFER, model=model, digests=told
            )


def vectors_finding(
    generation: Generation | None, spec: EmbeddingSpec, language: Language, /
) -> Finding:
    """Say which vectors a model makes, and whether the index holds such ones."""
    before = generation.spec.embedding if generation else None
    speaker = Speaker(language)
    if before is not None and before != spec:
        return speaker.warning(
            say.OTHER_VECTORS,
            model=spec.model,
            before=_described(before),
            now=_described(spec),
        )
    phrase = say.NEW_VECTORS if before is None else say.SAME_VECTORS
    return speaker.ok(phrase, model=spec.model, dimensions=spec.dimensions)


def known_findings(generation: Generation, language: Language, /) -> list[Finding]:
    """Say which languages the model of an index speaks, as its documents told."""
    embedding = generation.spec.embedding
    if embedding is None:
        return []
    speaker = Speaker(language)
    return [*_spoken(embedding.model, generation.alpha, say.BY_DOCUMENTS, speaker)]


async def trial_findings(
    generation: Generation | None, embedder: Embedder, language: Language, /
) -> Sequence[Finding]:
    """Say which languages a model speaks that documents have not told yet.

    There were none, or too few of them: it is tried with samples of ours.
    """
    spec = await embedder.spec()
    known: Mapping[Language, float] = {}
    if generation is not None and generation.spec.embedding == spec:
        known = generation.alpha
    unknown = {name: SAMPLES[name] for name in Language if name not in known}
    if not unknown:
        return ()
    speaker = Speaker(language)
    try:
        async with asyncio.timeout(TRYING):
            tried = await alpha(unknown, embedder)
    except TimeoutError:
        return [
            speaker.warning(
                say.TOO_SLOW_TO_TRY, model=spec.model, seconds=f"{TRYING:g}"
            )
        ]
    except BotError as error:
        return [fault(error, language, level=Level.WARNING)]
    return [*_spoken(spec.model, tried, say.BY_SAMPLES, speaker)]


def _down(asked: Asked, report: HostReport, speaker: Speaker) -> Finding:
    """Say what a host that is away means for those who ask."""
    if asked.chat and not asked.others_write:
        phrase = say.HOST_DOWN
    elif asked.embed and not asked.others_embed:
        phrase = say.EMBEDDER_DOWN
    else:
        phrase = say.ONE_HOST_DOWN
    return speaker.warning(phrase, problem=report.problem)


def _model(model: ModelReport, speaker: Speaker) -> Iterator[Finding]:
    if model.problem:
        yield speaker.error(say.FAULT, problem=model.problem)
        return
    dimensions = ""
    if model.dimensions:
        dimensions = say.DIMENSIONS.say(speaker.language, count=model.dimensions)
    yield speaker.ok(
        say.MODEL,
        model=model.model,
        digest=_short(model.digest or "?"),
        context=model.context or "?",
        capabilities=", ".join(sorted(model.capabilities)) or "–",
        dimensions=dimensions,
    )
    if model.size:
        yield speaker.ok(
            say.IN_MEMORY,
            model=model.model,
            size=size(model.size),
            share=100 * model.size_vram // model.size,
            context=model.running_context or "?",
        )
    elif not model.loaded:
        yield speaker.ok(say.NOT_IN_MEMORY, model=model.model)


def _task(asked: Asked, model: ModelReport, speaker: Speaker) -> Iterator[Finding]:
    """Find a model that was set for what it cannot do."""
    able = model.capabilities
    if able and model.model == asked.chat and "completion" not in able:
        yield speaker.error(say.NO_WRITER, model=model.model)
    if able and model.model == asked.embed and "embedding" not in able:
        yield speaker.warning(say.NO_EMBEDDER, model=model.model)


def _spoken(
    model: str,
    weights: Mapping[Language, float],
    proof: Phrase,
    speaker: Speaker,
) -> Iterator[Finding]:
    told = proof.say(speaker.language)
    speaks = [str(name) for name, weight in weights.items() if weight != UNSPOKEN]
    mute = [str(name) for name, weight in weights.items() if weight == UNSPOKEN]
    if speaks:
        yield speaker.ok(
            say.SPEAKS, model=model, languages=", ".join(speaks), proof=told
        )
    if mute:
        yield speaker.warning(
            say.SPEAKS_NOT, model=model, languages=", ".join(mute), proof=told
        )


def _described(spec: EmbeddingSpec) -> str:
    return f"{spec.model} {_short(spec.digest)}, {spec.dimensions}"


def _short(digest: str) -> str:
    return digest[:_SHOWN]
