"""What every language model promises, whatever runs it."""

import asyncio
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing

import pytest

from bot.backends.gate import FairGate
from bot.backends.hosts import HostedLanguageModel, ModelHost
from bot.backends.memory_models import MemoryLanguageModel
from bot.backends.ollama import OllamaHost, OllamaLanguageModel, Timeouts
from bot.backends.ollama.models import canonical
from bot.backends.ollama.wire import Running
from bot.backends.openai import OpenAIHost, OpenAILanguageModel
from bot.core.errors import ConfigError, ContextOverflow, Unavailable
from bot.core.model import Profile
from bot.core.ports import (
    Completion,
    Ending,
    LanguageModel,
    Message,
    Role,
    Token,
)
from tests.conftest import LlamaModel, ScriptedModel
from tests.fakes.ollama_server import RunningOllama

ANSWER = "社内規程では、有給休暇は年20日です[1]。Unused days expire in March [2]."
RULES = Message(role=Role.SYSTEM, text="資料だけから答えてください。")
QUESTION = (RULES, Message(role=Role.USER, text="有給休暇は何日ですか？"))
CONTEXT = 1024

Speaker = Callable[[str], LanguageModel]


def long_prompt(model: LanguageModel, *, tokens: int) -> tuple[Message, ...]:
    """Sources in Japanese that the model itself measures as longer than that."""
    text = ""
    while model.measure(text) <= tokens:
        text += "第3条 年次有給休暇は、勤続6か月で10日を付与する。"
    return (RULES, Message(role=Role.USER, text=text))


async def read(
    model: LanguageModel,
    prompt: Sequence[Message] = QUESTION,
    profile: Profile = Profile.DOCS,
) -> tuple[str, list[Completion]]:
    text = ""
    endings: list[Completion] = []
    async for event in model.generate(prompt, profile=profile):
        match event:
            case Token():
                assert not endings, "nothing comes after the completion"
                assert event.text
                text += event.text
            case Completion():
                endings.append(event)
    return text, endings


class LanguageModelContract:
    """Subclass it and give two fixtures; the context is `CONTEXT` tokens."""

    @pytest.fixture
    def speaker(self) -> Speaker:
        """Return a function that makes a model which always says a text."""
        raise NotImplementedError

    @pytest.fixture
    def endless(self) -> LanguageModel:
        """Return a model that never stops by itself."""
        raise NotImplementedError

    async def test_the_text_comes_in_pieces_and_ends_with_one_completion(
        self, speaker: Speaker
    ) -> None:
        text, [completion] = await read(speaker(ANSWER))

        assert text == ANSWER
        assert completion.ending is Ending.STOP
        assert completion.prompt_tokens > 0
        assert completion.output_tokens > 1

    async def test_a_model_may_say_nothing(self, speaker: Speaker) -> None:
        text, [completion] = await read(speaker(""))

        assert text == ""
        assert completion.ending is Ending.STOP

    @pytest.mark.parametrize("profile", Profile)
    async def test_every_profile_is_understood(
        self, speaker: Speaker, profile: Profile
    ) -> None:
        text, _ = await read(speaker(ANSWER), profile=profile)

        assert text == ANSWER

    async def test_the_same_model_answers_one_after_the_other_and_side_by_side(
        self, speaker: Speaker
    ) -> None:
        model = speaker(ANSWER)
        await read(model)

        async with asyncio.TaskGroup() as group:
            both = [group.create_task(read(model)) for _ in range(2)]

        assert [task.result()[0] for task in both] == [ANSWER, ANSWER]

    async def test_it_says_what_it_is_and_how_much_it_takes(
        self, speaker: Speaker
    ) -> None:
        model = speaker(ANSWER)

        spec = await model.describe()

        assert spec == await model.describe()
        assert spec.model
        assert spec.digest
        assert spec.context == CONTEXT
        assert 0 < spec.output < spec.context

    async def test_an_endless_answer_ends_at_the_output_limit(
        self, endless: LanguageModel
    ) -> None:
        spec = await endless.describe()

        text, [completion] = await read(endless)

        assert text
        assert completion.ending is Ending.OUTPUT_LIMIT
        assert completion.output_tokens == spec.output

    async def test_a_reader_that_leaves_frees_the_model(
        self, endless: LanguageModel
    ) -> None:
        async with aclosing(generation(endless)) as events:
            first = await anext(events)

        text, _ = await read(endless)

        assert isinstance(first, Token)
        assert text.startswith(first.text)

    async def test_a_prompt_that_is_too_long_is_refused_before_the_first_token(
        self, speaker: Speaker
    ) -> None:
        model = speaker(ANSWER)
        prompt = long_prompt(model, tokens=CONTEXT)

        with pytest.raises(ContextOverflow) as caught:
            await read(model, prompt)

        assert caught.value.context == CONTEXT
        assert caught.value.prompt is not None
        assert caught.value.prompt > CONTEXT

    async def test_measuring_finds_a_prompt_that_fits_within_a_few_refusals(
        self, speaker: Speaker
    ) -> None:
        model = speaker(ANSWER)
        spec = await model.describe()
        prompt = long_prompt(model, tokens=spec.context - spec.output)
        for _ in range(6):
            try:
                text, _ = await read(model, prompt)
            except ContextOverflow:
                while model.measure(prompt[1].text) > spec.context - spec.output:
                    shorter = prompt[1].text[: len(prompt[1].text) * 9 // 10]
                    prompt = (RULES, Message(role=Role.USER, text=shorter))
            else:
                break

        assert text == ANSWER

    async def test_longer_texts_measure_more_and_nothing_measures_nothing(
        self, speaker: Speaker
    ) -> None:
        model = speaker(ANSWER)

        assert model.measure("") == 0
        assert 0 < model.measure("有給休暇") < model.measure("有給休暇の申請期限")
        assert 0 < model.measure("paid leave") < model.measure("paid leave of absence")


async def gone(host: OllamaHost, name: str) -> None:
    """Return once a model is in no memory there; Ollama takes its time for that."""
    async with asyncio.timeout(20):
        while True:
            places = await host.get("/api/ps", Running)
            if canonical(name) not in {canonical(p.name) for p in places.models}:
                return
            await asyncio.sleep(0.05)


def generation(model: LanguageModel) -> AsyncGenerator[Token | Completion, None]:
    events = model.generate(QUESTION, profile=Profile.DOCS)
    assert isinstance(events, AsyncGenerator), "a reader must be able to close it"
    return events


class TestMemoryLanguageModel(LanguageModelContract):
    @pytest.fixture
    def speaker(self) -> Speaker:
        return lambda text: MemoryLanguageModel([text], context=CONTEXT, output=256)

    @pytest.fixture
    def endless(self) -> LanguageModel:
        return MemoryLanguageModel(["あいうえお" * 999], context=CONTEXT, output=256)


def gated(*models: LanguageModel) -> LanguageModel:
    """Put models behind one port, and a gate before them."""
    hosts = [ModelHost(name=f"gpu{n}", model=model) for n, model in enumerate(models)]
    hosted = HostedLanguageModel(hosts)
    return FairGate(hosted, slots=hosted.slots)


class TestGatedLanguageModel(LanguageModelContract):
    @pytest.fixture
    def speaker(self) -> Speaker:
        return lambda text: gated(
            MemoryLanguageModel([text], context=CONTEXT, output=256),
            MemoryLanguageModel([text], context=CONTEXT, output=256),
        )

    @pytest.fixture
    def endless(self) -> LanguageModel:
        return gated(
            MemoryLanguageModel(["あいうえお" * 999], context=CONTEXT, output=256)
        )


@pytest.mark.ollama
class TestOllamaLanguageModel(LanguageModelContract):
    @pytest.fixture
    async def host(self, ollama_url: str) -> AsyncIterator[OllamaHost]:
        async with OllamaHost(ollama_url) as host:
            yield host

    @pytest.fixture
    def speaker(self, host: OllamaHost, scripted_model: ScriptedModel) -> Speaker:
        def speak(text: str) -> LanguageModel:
            model = scripted_model("speaker" if text else "silent", text)
            return OllamaLanguageModel(host, model=model, num_ctx=CONTEXT)

        return speak

    @pytest.fixture
    def endless(self, host: OllamaHost, scripted_model: ScriptedModel) -> LanguageModel:
        model = scripted_model("endless", ["あい", "うえ"], endless=True)
        return OllamaLanguageModel(host, model=model, num_ctx=CONTEXT)

    async def test_a_model_that_was_unloaded_is_loaded_again(
        self, host: OllamaHost, scripted_model: ScriptedModel
    ) -> None:
        name = scripted_model("unloaded", "有給休暇は20日です。")
        model = OllamaLanguageModel(host, model=name, num_ctx=CONTEXT)
        first, _ = await read(model)

        await model.unload()

        await gone(host, name)
        assert (await read(model))[0] == first

    async def test_an_unknown_model_is_the_operators_business(
        self, host: OllamaHost
    ) -> None:
        model = OllamaLanguageModel(host, model="gemma4:26b")

        with pytest.raises(ConfigError, match="`ollama pull gemma4:26b`"):
            await read(model)

    async def test_a_warm_model_knows_how_it_counts_and_has_nothing_to_warn_of(
        self, host: OllamaHost, scripted_model: ScriptedModel
    ) -> None:
        name = scripted_model("speaker", ANSWER)
        model = OllamaLanguageModel(host, model=name, num_ctx=CONTEXT)

        assert await model.warm_up() == ()
        assert model.measure("有給休暇") >= len("有給休暇".encode())
        assert model.measure("paid leave policy") > 3 * 3

    async def test_a_model_that_thinks_aloud_shows_only_its_answer(
        self, host: OllamaHost, scripted_model: ScriptedModel
    ) -> None:
        pieces = [
            "<think>",
            "規程を",
            "読もう",
            "</think>",
            "\n\n",
            "20日",
            "です[1]。",
        ]
        name = scripted_model("thinker", pieces)

        text, _ = await read(OllamaLanguageModel(host, model=name, num_ctx=CONTEXT))

        assert text == "20日です[1]。"

    async def test_a_model_process_that_died_is_started_again(
        self, ollama: RunningOllama, speaker: Speaker
    ) -> None:
        model = speaker(ANSWER)
        await read(model)

        ollama.signal_runners(signal.SIGKILL)

        text, _ = await read(model)
        assert text == ANSWER

    async def test_a_model_process_that_hangs_is_given_up_and_may_recover(
        self, ollama: RunningOllama, scripted_model: ScriptedModel
    ) -> None:
        name = scripted_model("speaker", ANSWER)
        limits = Timeouts(first_token=0.2)
        async with OllamaHost(ollama.url, timeouts=limits) as host:
            model = OllamaLanguageModel(host, model=name, num_ctx=CONTEXT)
            await model.warm_up()

            ollama.signal_runners(signal.SIGSTOP)
            try:
                with pytest.raises(Unavailable, match="did not begin to answer"):
                    await read(model)
            finally:
                ollama.signal_runners(signal.SIGCONT)

        async with OllamaHost(ollama.url) as host:
            model = OllamaLanguageModel(host, model=name, num_ctx=CONTEXT)
            text, _ = await read(model)
        assert text == ANSWER


@pytest.mark.ollama
class TestOpenAILanguageModelOnOllama(LanguageModelContract):
    """A server that cuts what is too long, and does not say how much it takes."""

    @pytest.fixture
    async def host(self, ollama_url: str) -> AsyncIterator[OpenAIHost]:
        async with OpenAIHost(f"{ollama_url}/v1") as host:
            yield host

    @pytest.fixture
    def speaker(self, host: OpenAIHost, scripted_model: ScriptedModel) -> Speaker:
        def speak(text: str) -> LanguageModel:
            name = "narrow-speaker" if text else "narrow-silent"
            model = scripted_model(name, text, context=CONTEXT)
            return OpenAILanguageModel(host, model=model, context=CONTEXT)

        return speak

    @pytest.fixture
    def endless(self, host: OpenAIHost, scripted_model: ScriptedModel) -> LanguageModel:
        pieces = ["あい", "うえ"]
        model = scripted_model("narrow-endless", pieces, endless=True, context=CONTEXT)
        return OpenAILanguageModel(host, model=model, context=CONTEXT)

    async def test_warming_up_warns_that_the_server_cuts(
        self, host: OpenAIHost, scripted_model: ScriptedModel
    ) -> None:
        name = scripted_model("narrow-speaker", ANSWER, context=CONTEXT)
        model = OpenAILanguageModel(host, model=name, context=CONTEXT)

        [warning] = await model.warm_up()

        assert "does not refuse a prompt that is too long" in warning
        assert model.measure("有給休暇") >= len("有給休暇".encode())

    async def test_a_context_that_nobody_says_is_the_operators_business(
        self, host: OpenAIHost, scripted_model: ScriptedModel
    ) -> None:
        name = scripted_model("narrow-speaker", ANSWER, context=CONTEXT)

        with pytest.raises(ConfigError, match="set the context"):
            await OpenAILanguageModel(host, model=name).describe()

    async def test_an_unknown_model_is_the_operators_business(
        self, host: OpenAIHost, scripted_model: ScriptedModel
    ) -> None:
        scripted_model("narrow-speaker", ANSWER, context=CONTEXT)
        model = OpenAILanguageModel(host, model="社内-llm", context=CONTEXT)

        with pytest.raises(ConfigError, match=r"社内-llm.*narrow-speaker"):
            await read(model)


class TestOpenAILanguageModelOnLlama(LanguageModelContract):
    """A server that refuses what is too long, and says how much it takes."""

    @pytest.fixture
    async def hosts(self) -> AsyncIterator[AsyncExitStack]:
        async with AsyncExitStack() as stack:
            yield stack

    @pytest.fixture
    def speaker(self, hosts: AsyncExitStack, llama_model: LlamaModel) -> Speaker:
        def speak(text: str) -> LanguageModel:
            name = "speaker" if text else "silent"
            host = OpenAIHost(llama_model(name, text))
            hosts.push_async_callback(host.aclose)
            return OpenAILanguageModel(host, model=name)

        return speak

    @pytest.fixture
    def endless(self, hosts: AsyncExitStack, llama_model: LlamaModel) -> LanguageModel:
        host = OpenAIHost(llama_model("endless", ["あい", "うえ"], endless=True))
        hosts.push_async_callback(host.aclose)
        return OpenAILanguageModel(host, model="endless")

    async def test_a_warm_model_knows_how_it_counts_and_has_nothing_to_warn_of(
        self, llama_model: LlamaModel
    ) -> None:
        async with OpenAIHost(llama_model("speaker", ANSWER)) as host:
            model = OpenAILanguageModel(host, model="speaker")

            assert await model.warm_up() == ()
            assert model.measure("有給休暇") >= len("有給休暇".encode())

    async def test_a_setting_narrows_the_context_and_never_widens_it(
        self, llama_model: LlamaModel
    ) -> None:
        async with OpenAIHost(llama_model("speaker", ANSWER)) as host:
            narrow = OpenAILanguageModel(host, model="speaker", context=600)
            wide = OpenAILanguageModel(host, model="speaker", context=9000)

            assert (await narrow.describe()).context == 600
            assert (await wide.describe()).context == CONTEXT
