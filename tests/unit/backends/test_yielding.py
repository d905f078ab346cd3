"""A sync embeds only while nobody waits for an answer."""

from collections.abc import Callable, Sequence

import pytest

from bot.backends.memory_models import MemoryEmbedder
from bot.backends.yielding import MemoryOpenQuestions, YieldingEmbedder
from bot.core.errors import Unavailable
from bot.core.model import Vector

TEXTS = [f"第{number}条 休暇の規程" for number in range(40)]


class Scene:
    """An embedder that yields, on a clock that its own pauses move."""

    def __init__(self, *, longest: float = 30.0) -> None:
        self.now = 0.0
        self.questions = MemoryOpenQuestions()
        self.inner = MemoryEmbedder()
        self.looks: list[Callable[[], None]] = []
        self.embedder = YieldingEmbedder(
            self.inner,
            questions=self.questions,
            look_every=0.5,
            longest=longest,
            clock=lambda: self.now,
            pause=self.pause,
        )

    async def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.looks:
            self.looks.pop(0)()


class Unreadable:
    async def any(self) -> bool:
        raise Unavailable("状態が読めません")


async def test_without_questions_nothing_waits() -> None:
    scene = Scene()

    vectors = await scene.embedder.embed_documents(TEXTS)

    assert vectors == await MemoryEmbedder().embed_documents(TEXTS)
    assert scene.now == 0


async def test_a_batch_waits_until_the_question_is_answered() -> None:
    scene = Scene()
    question = scene.questions.asked()
    question.__enter__()
    embedded: list[int] = []

    def still_open() -> None:
        embedded.append(len(scene.inner.asked))

    def answered() -> None:
        question.__exit__(None, None, None)

    scene.looks = [still_open, still_open, answered]

    await scene.embedder.embed_documents(TEXTS)

    assert embedded == [0, 0]
    assert scene.now == 1.5
    assert len(scene.inner.asked) == len(TEXTS)


async def test_a_question_waits_for_one_batch_at_most() -> None:
    """It is asked while the first of three batches is at the model."""
    scene = Scene()
    question = scene.questions.asked()
    at_answer: list[int] = []

    class Asking(MemoryEmbedder):
        async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
            if not self.asked:
                question.__enter__()
            return await super().embed_documents(texts)

    def answered() -> None:
        at_answer.append(len(inner.asked))
        question.__exit__(None, None, None)

    scene.looks = [lambda: None, lambda: None, answered]
    inner = Asking()
    embedder = YieldingEmbedder(
        inner,
        questions=scene.questions,
        clock=lambda: scene.now,
        pause=scene.pause,
    )

    await embedder.embed_documents(TEXTS)

    assert at_answer == [16]
    assert len(inner.asked) == len(TEXTS)


async def test_a_busy_day_makes_a_sync_slow_and_does_not_stop_it() -> None:
    scene = Scene(longest=5)

    with scene.questions.asked():
        vectors = await scene.embedder.embed_documents(TEXTS)

    assert len(vectors) == len(TEXTS)
    assert scene.now == 15, "three batches, each after its longest wait"


async def test_a_question_is_embedded_at_once() -> None:
    scene = Scene()

    with scene.questions.asked():
        vector = await scene.embedder.embed_query("休暇は？")

    assert vector == await MemoryEmbedder().embed_query("休暇は？")
    assert scene.now == 0


async def test_a_state_that_cannot_be_read_holds_nothing_up() -> None:
    embedder = YieldingEmbedder(MemoryEmbedder(), questions=Unreadable())

    assert len(await embedder.embed_documents(TEXTS)) == len(TEXTS)
    assert (await embedder.spec()).model == "memory"


@pytest.mark.parametrize("depth", [1, 3])
async def test_questions_are_open_until_the_last_one_ends(depth: int) -> None:
    questions = MemoryOpenQuestions()

    async def nested(left: int) -> None:
        if left:
            with questions.asked():
                assert await questions.any()
                await nested(left - 1)
                assert await questions.any()

    await nested(depth)

    assert not await questions.any()
