"""The models without a host, as far as their contract does not say it."""

import pytest

from bot.backends.memory_models import MemoryEmbedder, MemoryLanguageModel
from bot.core.errors import BotError, ConfigError, Interrupted, Unavailable
from bot.core.model import Profile
from bot.core.ports import Completion, Ending, Message, Role, Token

QUESTION = (Message(role=Role.USER, text="有給休暇は何日ですか？"),)


async def read(model: MemoryLanguageModel) -> str:
    text = ""
    async for event in model.generate(QUESTION, profile=Profile.FAQ):
        text += event.text if isinstance(event, Token) else ""
    return text


async def test_scripts_are_played_in_turn_and_the_last_one_again() -> None:
    model = MemoryLanguageModel(["一つ目です。", "NO_ANSWER"])

    said = [await read(model) for _ in range(3)]

    assert said == ["一つ目です。", "NO_ANSWER", "NO_ANSWER"]
    assert model.prompts == [QUESTION] * 3
    assert model.profiles == [Profile.FAQ] * 3


async def test_an_error_is_raised_in_place_of_an_answer() -> None:
    model = MemoryLanguageModel([Unavailable("停止中"), "復旧しました[1]。"])

    with pytest.raises(Unavailable, match="停止中"):
        await read(model)

    assert await read(model) == "復旧しました[1]。"


@pytest.mark.parametrize(
    ("error", "kind"),
    [(Unavailable("切断"), Interrupted), (ConfigError("設定"), ConfigError)],
)
async def test_an_error_after_the_first_token_interrupts(
    error: BotError, kind: type[BotError]
) -> None:
    model = MemoryLanguageModel([["有給", error]])
    events = model.generate(QUESTION, profile=Profile.DOCS)

    assert await anext(events) == Token(text="有給")
    with pytest.raises(kind):
        await anext(events)


async def test_a_reader_that_leaves_is_counted() -> None:
    model = MemoryLanguageModel(["有給休暇は年20日です。"])
    events = model.generate(QUESTION, profile=Profile.DOCS)

    await anext(events)
    await events.aclose()

    assert model.closed == 1


async def test_a_small_context_ends_an_answer() -> None:
    model = MemoryLanguageModel(["あ" * 50], context=20)

    events = [e async for e in model.generate(QUESTION, profile=Profile.DOCS)]

    assert events[-1] == Completion(
        ending=Ending.CONTEXT_LIMIT, prompt_tokens=11, output_tokens=9
    )


async def test_embedded_texts_are_kept_for_the_test() -> None:
    embedder = MemoryEmbedder(dimensions=64)

    await embedder.embed_documents(["有給休暇"])
    vector = await embedder.embed_query("休暇")

    assert embedder.asked == ["有給休暇", "休暇"]
    assert len(vector) == 64
