"""What is said of model hosts and of their models, from plain facts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.backends.memory_models import MemoryEmbedder
from bot.core.errors import Unavailable
from bot.core.model import EmbeddingSpec, Generation, Language, Vector
from bot.core.reports import CloudState, HostReport, ModelReport
from bot.ops.check import Level
from bot.ops.models import (
    Asked,
    host_findings,
    known_findings,
    sameness_findings,
    trial_findings,
    vectors_finding,
)
from bot.ops.samples import SAMPLES
from tests.contracts.index_records import a_generation

WRITER = ModelReport(
    model="作文",
    digest="sha256:0123456789abcdef0123456789abcdef",
    context=32768,
    capabilities=frozenset({"completion", "thinking"}),
    loaded=True,
    running_context=16384,
    size=16_400_000_000,
    size_vram=12_300_000_000,
    warning="only 75 % of 作文 fits the graphics card",
)
EMBEDDER = ModelReport(
    model="埋込",
    digest="sha256:fedcba",
    context=512,
    capabilities=frozenset({"embedding"}),
    dimensions=384,
)
UP = HostReport(
    url="http://gpu:11434",
    reachable=True,
    version="0.24.0",
    cloud=CloudState.OFF,
    models=(WRITER, EMBEDDER),
    warnings=("only 75 % of 作文 fits the graphics card",),
)
DOWN = HostReport(url="http://gpu:11434", reachable=False, problem="gpu is away")
ASKED = Asked(engine="Ollama", chat="作文", embed="埋込")
SPEC = EmbeddingSpec(model="埋込", digest="w1", dimensions=2, prefix="none")


def levels_and_texts(asked: Asked, report: HostReport) -> list[tuple[Level, str]]:
    found = host_findings(asked, report, Language.EN)
    return [(finding.level, finding.text) for finding in found]


def test_a_host_is_shown_with_all_that_matters() -> None:
    assert levels_and_texts(ASKED, UP) == [
        (Level.OK, "http://gpu:11434: Ollama 0.24.0, cloud off."),
        (Level.WARNING, "only 75 % of 作文 fits the graphics card."),
        (
            Level.OK,
            "作文: sha256:0123456789ab, context 32768, completion, thinking.",
        ),
        (Level.OK, "作文: 16.4 GB in memory (75 % on the GPU), context 16384."),
        (Level.OK, "埋込: sha256:fedcba, context 512, embedding, 384 dimensions."),
        (
            Level.OK,
            "埋込: not in memory now; the next question waits until it is loaded.",
        ),
    ]


def test_a_server_that_says_nothing_of_clouds_is_shown_without() -> None:
    report = replace(UP, cloud=CloudState.UNKNOWN, version=None, models=(), warnings=())
    asked = replace(ASKED, engine="OpenAI-compatible")

    assert levels_and_texts(asked, report) == [
        (Level.OK, "http://gpu:11434: OpenAI-compatible.")
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (ASKED, "gpu is away; until then answers are quotations."),
        (replace(ASKED, others_write=True), "search is by words only."),
        (
            replace(ASKED, others_write=True, others_embed=True),
            "the other hosts stand in until then.",
        ),
        (replace(ASKED, chat=None), "search is by words only."),
    ],
)
def test_a_host_that_is_away_is_a_warning_that_says_what_it_means(
    asked: Asked, said: str
) -> None:
    [(level, text)] = levels_and_texts(asked, DOWN)

    assert (level, text.endswith(said)) == (Level.WARNING, True), text


def test_models_that_cannot_do_their_task_are_named() -> None:
    swapped = Asked(engine="Ollama", chat="埋込", embed="作文")
    bad = [(level, text) for level, text in levels_and_texts(swapped, UP) if level]
    errors = [text for level, text in bad if level is Level.ERROR]
    warnings = [text for level, text in bad if level is Level.WARNING]

    assert errors == [
        "埋込 cannot write answers; set ollama.chat_model to another model."
    ]
    assert warnings[1].startswith("作文 is not made for embeddings")


def test_a_model_that_differs_between_hosts_is_a_warning() -> None:
    digests = [
        ("作文", "gpu1", "aaa"),
        ("作文", "gpu2", "bbb"),
        ("作文", "gpu3", "aaa"),
        ("埋込", "gpu1", "ccc"),
        ("埋込", "gpu2", "ccc"),
    ]
    [finding] = sameness_findings(digests, Language.JA)

    assert finding.level is Level.WARNING
    assert (
        "作文 の中身がホストによって違います（gpu1, gpu3: aaa; gpu2: bbb）"
        in finding.text
    )


def with_vectors(spec: EmbeddingSpec | None, **alpha: float) -> Generation:
    generation = a_generation()
    return replace(
        generation,
        spec=replace(generation.spec, embedding=spec),
        alpha={Language(name): weight for name, weight in alpha.items()},
    )


def test_other_vectors_than_those_of_the_index_are_a_warning() -> None:
    now = replace(SPEC, digest="w2")
    same = vectors_finding(with_vectors(SPEC), SPEC, Language.EN)
    other = vectors_finding(with_vectors(SPEC), now, Language.EN)

    assert same.text == "埋込 makes the vectors that the index holds (2 dimensions)."
    assert (other.level, "(埋込 w1, 2 there, 埋込 w2, 2 now)" in other.text) == (
        Level.WARNING,
        True,
    )
    for generation in (None, with_vectors(None)):
        found = vectors_finding(generation, SPEC, Language.EN)
        assert found.text == "埋込 makes vectors of 2 dimensions."


def test_the_documents_have_told_which_languages_are_spoken() -> None:
    spoken, mute = known_findings(with_vectors(SPEC, en=0.5, ja=0), Language.JA)

    assert known_findings(with_vectors(None, en=0.5), Language.JA) == []
    assert spoken.text == "埋込 は en を扱えます（自分たちの文書で試した結果）。"
    assert (mute.level, "ja を扱えない" in mute.text) == (Level.WARNING, True)


class Monoglot(MemoryEmbedder):
    """Sees all Japanese as one, and counts what it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded: list[str] = []

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        self.embedded += texts
        return await super().embed_documents([_alike(text) for text in texts])

    async def embed_query(self, text: str, /) -> Vector:
        return await super().embed_query(_alike(text))


def _alike(text: str) -> str:
    return text if text.isascii() else "日本語"


async def test_without_documents_a_model_is_tried_with_samples() -> None:
    spoken, mute = await trial_findings(None, Monoglot(), Language.EN)

    assert (spoken.level, "speaks en (tried with built-in" in spoken.text) == (
        Level.OK,
        True,
    )
    assert (mute.level, "does not speak ja" in mute.text) == (Level.WARNING, True)


async def test_only_what_the_documents_have_not_told_is_tried() -> None:
    embedder = Monoglot()
    spec = await embedder.spec()
    [finding] = await trial_findings(with_vectors(spec, ja=0), embedder, Language.EN)
    nothing = await trial_findings(
        with_vectors(spec, ja=0, en=0.5), embedder, Language.EN
    )

    assert ("speaks en" in finding.text, nothing) == (True, ())
    assert embedder.embedded[:20] == [text for _, text in SAMPLES[Language.EN]]
    assert all(text.isascii() for text in embedder.embedded)


async def test_a_model_that_fails_the_trial_is_a_warning() -> None:
    class Ill(Monoglot):
        async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
            raise Unavailable(f"{len(texts)} 件を埋め込めない")

    [finding] = await trial_findings(None, Ill(), Language.JA)

    assert (finding.level, finding.text) == (
        Level.WARNING,
        "20 件を埋め込めない。",
    )
