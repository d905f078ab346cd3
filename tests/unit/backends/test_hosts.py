"""Several model hosts behind one port, some of them not well."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.backends.hosts import (
    Health,
    HostedEmbedder,
    HostedLanguageModel,
    ModelHost,
)
from bot.backends.memory_models import MemoryEmbedder, MemoryLanguageModel, Script
from bot.backends.refusals import Rejection, TextRejected
from bot.core.errors import (
    BotError,
    ConfigError,
    ContextOverflow,
    Interrupted,
    Unavailable,
)
from bot.core.model import EmbeddingSpec, Profile, Vector
from bot.core.ports import (
    TICKET,
    Completion,
    Embedder,
    LanguageModel,
    Message,
    ModelSpec,
    Role,
    Ticket,
    Token,
)

PROMPT = (Message(role=Role.USER, text="有給休暇は何日ですか？"),)
DOWN = Unavailable("落ちている")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(name: str, *scripts: Script, context: int = 100) -> MemoryLanguageModel:
    """Return a model that says the name of its host unless a script says else."""
    return MemoryLanguageModel([*scripts, name], context=context, output=20)


def hosted(
    *models: LanguageModel, clock: Clock | None = None, slots: int = 1
) -> HostedLanguageModel:
    hosts = [
        ModelHost(name=f"gpu{number}", model=model, slots=slots)
        for number, model in enumerate(models, 1)
    ]
    return HostedLanguageModel(hosts, clock=clock or Clock())


async def ask(model: LanguageModel, conversation: str = "") -> str:
    before = TICKET.set(Ticket(conversation=conversation))
    text = ""
    try:
        async for event in model.generate(PROMPT, profile=Profile.FAQ):
            text += event.text if isinstance(event, Token) else ""
    finally:
        TICKET.reset(before)
    return text


class Hanging:
    """Says what it is, and then nothing more."""

    def __init__(self) -> None:
        self.left = 0

    async def describe(self) -> ModelSpec:
        return ModelSpec(model="m", digest="d", context=100, output=20)

    def measure(self, text: str, /) -> int:
        return len(text)

    async def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncGenerator[Token | Completion, None]:
        try:
            await asyncio.Event().wait()
            yield Token(text=f"{profile}{messages}")
        finally:
            self.left += 1


# --- writing -----------------------------------------------------------------


def test_no_host_is_the_operators_business() -> None:
    with pytest.raises(ConfigError, match="configure one"):
        HostedLanguageModel([])
    with pytest.raises(ConfigError, match="configure one"):
        HostedEmbedder([])


async def test_a_conversation_stays_with_its_host_and_all_hosts_are_used() -> None:
    model = hosted(*(told(f"{n}号機") for n in range(3)))

    homes = {f"c{n}": await ask(model, f"c{n}") for n in range(60)}

    assert {name: await ask(model, name) for name in homes} == homes
    assert all(count >= 10 for count in Counter(homes.values()).values())
    assert len(set(homes.values())) == 3


async def test_a_host_without_a_free_slot_is_left_to_those_it_works_for() -> None:
    model = hosted(told("一号機"), told("二号機"))
    home = await ask(model, "c")

    async with aclosing(model.generate(PROMPT, profile=Profile.FAQ)) as first:
        await anext(first)
        busy = [one.name for one in model.standings() if one.busy]
        texts = {await ask(model, f"c{n}") for n in range(9)}

    assert home in {"一号機", "二号機"}
    assert texts == ({"二号機"} if busy == ["gpu1"] else {"一号機"})
    assert not any(standing.busy for standing in model.standings())


async def test_what_does_not_begin_is_asked_of_another_host() -> None:
    for models in ([told("一号機", DOWN), told("二号機")], [told("一号機")] * 2):
        assert await ask(hosted(*models), "c") in {"一号機", "二号機"}


async def test_what_has_begun_is_never_begun_again() -> None:
    """The reader would see two beginnings."""
    model = hosted(*[told("号機", ["有給は", DOWN])] * 2)

    with pytest.raises(Interrupted):
        await ask(model)


async def test_after_a_failure_the_other_host_is_asked_first() -> None:
    clock = Clock()
    model = hosted(
        told("一号機", ["あ", DOWN]), told("二号機", ["あ", DOWN]), clock=clock
    )
    with pytest.raises(Interrupted):
        await ask(model, "c")
    [broken] = [one.name for one in model.standings() if one.health is Health.DOUBTFUL]
    other = model.standings()[0 if broken == "gpu2" else 1].name

    with pytest.raises(Interrupted):
        await ask(model, "c")

    assert {one.name: one.health for one in model.standings()} == {
        broken: Health.DOUBTFUL,
        other: Health.DOUBTFUL,
    }


async def test_a_host_that_keeps_failing_is_left_alone() -> None:
    ill, clock = told("一号機", *[DOWN] * 9), Clock()
    model = hosted(ill, told("二号機"), clock=clock)
    with capture_logs() as logs:
        for number in range(60):
            assert await ask(model, f"c{number}") == "二号機"
            clock.now += 10
        [first, _] = model.standings()

    assert 3 < len(ill.prompts) < 9, "three, and trials ever more seldom"
    assert first.problem == "落ちている"
    assert "models.host_set_aside" in {entry["event"] for entry in logs}


async def test_without_a_watch_a_question_tries_the_ill_host_out() -> None:
    clock = Clock()
    ill = told("一号機", DOWN, DOWN, DOWN)
    model = hosted(ill, clock=clock)
    for _ in range(3):
        with pytest.raises(Unavailable, match="落ちている"):
            await ask(model)
    with pytest.raises(Unavailable) as caught:
        await ask(model)
    assert caught.value.retry_after == 15.0
    assert len(ill.prompts) == 3

    clock.now += 15

    assert await ask(model) == "一号機"
    assert model.standings()[0].health is Health.WELL
    assert model.standings()[0].problem is None


async def test_a_prompt_that_is_too_long_is_no_illness() -> None:
    model = hosted(*(told("号機", context=5) for _ in range(2)))

    for _ in range(5):
        with pytest.raises(ContextOverflow):
            await ask(model)

    assert {one.health for one in model.standings()} == {Health.WELL}


async def test_a_host_whose_model_disappears_is_set_aside_at_once() -> None:
    gone = ConfigError("モデルがありません")
    model = hosted(told("一号機", gone, gone), told("二号機", gone, gone))

    with pytest.raises(ConfigError, match=r"gpu1.*gpu2"):
        await ask(model)

    assert {one.health for one in model.standings()} == {Health.ILL}
    assert {one.problem for one in model.standings()} == {"モデルがありません"}


async def test_limits_are_those_of_the_smallest_host() -> None:
    model = hosted(told("一号機", context=100), told("二号機", context=60))

    spec = await model.describe()

    assert (spec.context, spec.model) == (60, "memory")
    assert model.measure("有給") == 2
    assert model.slots == 2


class Broken(MemoryLanguageModel):
    """Does not even say what it is."""

    def __init__(self, error: BotError) -> None:
        super().__init__([error])
        self.error = error

    async def describe(self) -> ModelSpec:
        raise self.error


async def test_one_host_that_is_away_does_not_hide_the_others() -> None:
    spec = await hosted(Broken(DOWN), told("二号機", context=60)).describe()

    assert spec.context == 60


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([DOWN, DOWN], Unavailable),
        ([DOWN, ConfigError("無い")], Unavailable),
        ([ConfigError("無い"), ConfigError("無い")], ConfigError),
    ],
)
async def test_the_operator_is_called_where_nobody_else_can_help(
    errors: list[BotError], kind: type[BotError]
) -> None:
    model = hosted(*map(Broken, errors))

    with pytest.raises(kind, match="no model host can be used"):
        await model.describe()


async def test_the_deadline_holds_for_all_hosts_together() -> None:
    hanging = [Hanging(), Hanging()]
    hosts: list[ModelHost[LanguageModel]] = [
        ModelHost(name=f"gpu{n}", model=model) for n, model in enumerate(hanging)
    ]
    model = HostedLanguageModel(hosts, deadline=0.1)

    with pytest.raises(Unavailable, match="used up"):
        await ask(model)

    assert sum(one.left for one in hanging) == 1


async def test_who_leaves_frees_the_host_and_harms_it_not() -> None:
    model = hosted(told("一号機", "長い答えです" * 9))

    for _ in range(5):
        async with aclosing(model.generate(PROMPT, profile=Profile.FAQ)) as events:
            await anext(events)

    [standing] = model.standings()
    assert (standing.health, standing.busy) == (Health.WELL, 0)


# --- the watch ---------------------------------------------------------------


async def watched(model: HostedLanguageModel, clock: Clock, seconds: list[int]) -> None:
    """Let the watch look as often as there are pauses, that long apart."""
    pauses = iter(seconds)
    done = asyncio.Event()

    async def pause(_: float) -> None:
        step = next(pauses, None)
        if step is None:
            done.set()
            await asyncio.Event().wait()
        else:
            clock.now += step
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(model.watch(pause=pause))
        await done.wait()
        task.cancel()


async def test_the_watch_tries_an_ill_host_out_before_any_question_does() -> None:
    clock = Clock()
    ill = told("一号機", *[DOWN] * 4)
    model = hosted(ill, clock=clock)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await ask(model)

    await watched(model, clock, [10])
    assert len(ill.prompts) == 3
    await watched(model, clock, [6, 15])
    assert len(ill.prompts) == 4, "it failed again, and now has twice the time"
    assert model.standings()[0].health is Health.ILL
    await watched(model, clock, [16, 1])

    assert model.standings()[0].health is Health.WELL
    assert await ask(model) == "一号機"


async def test_the_watch_revives_a_host_that_had_its_second_chance_in_vain() -> None:
    clock = Clock()
    stuck = told("一号機", *[DOWN] * 9)
    revived = []

    async def revive() -> None:
        revived.append(len(stuck.prompts))
        raise Unavailable("また落ちている")

    host: ModelHost[LanguageModel] = ModelHost(name="gpu1", model=stuck, revive=revive)
    model = HostedLanguageModel([host], clock=clock)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await ask(model)

    await watched(model, clock, [16, 1])

    assert revived == [4], "once, after the watch had tried it out"


async def test_the_watch_tells_the_operator_once_what_a_host_warns_of() -> None:
    clock = Clock()

    async def look() -> Sequence[str]:
        return ["モデルが入れ替わり続けています"]

    host: ModelHost[LanguageModel] = ModelHost(
        name="gpu1", model=told("一号機"), look=look
    )
    model = HostedLanguageModel([host], clock=clock)
    with capture_logs() as logs:
        await watched(model, clock, [15, 15, 15])

    assert [entry["event"] for entry in logs] == ["models.host_warning"]
    assert model.standings()[0].warnings == ("モデルが入れ替わり続けています",)


class Silent(Broken):
    """Does not answer when it is asked what it is."""

    async def describe(self) -> ModelSpec:
        await asyncio.Event().wait()
        return await super().describe()


async def test_a_silent_host_delays_the_look_at_no_other() -> None:
    clock = Clock()
    model = hosted(Silent(DOWN), told("二号機", *[DOWN] * 3), clock=clock)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await ask(model)
    clock.now += 16

    await watched(model, clock, [1])

    assert model.standings()[1].health is Health.WELL


# --- embedding ---------------------------------------------------------------


class Weights(MemoryEmbedder):
    """Has weights of its own, and fails as it is told to."""

    def __init__(self, digest: str = "weights-1", *errors: BotError) -> None:
        super().__init__(dimensions=64)
        self.digest = digest
        self.errors = list(errors)
        self.batches = 0

    async def spec(self) -> EmbeddingSpec:
        return replace(await super().spec(), digest=self.digest)

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        self.batches += 1
        if self.errors:
            raise self.errors.pop(0)
        return await super().embed_documents(texts)


class Asleep(Weights):
    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def embed_documents(self, texts: Sequence[str], /) -> list[Vector | None]:
        self.batches += 1
        self.begun.set()
        await asyncio.Event().wait()
        return await super().embed_documents(texts)


def embedding(
    *models: Embedder,
    clock: Clock | None = None,
    digest: str | None = None,
    patience: float = 1.5,
) -> HostedEmbedder:
    hosts = [
        ModelHost(name=f"gpu{number}", model=model)
        for number, model in enumerate(models, 1)
    ]
    return HostedEmbedder(
        hosts, clock=clock or Clock(), digest=digest, patience=patience
    )


async def test_what_one_host_does_not_embed_another_one_does() -> None:
    one, other = Weights("w", DOWN), Weights("w")
    embedder = embedding(one, other)

    vectors = await embedder.embed_documents(["有給休暇", "経費"])

    assert vectors == await other.embed_documents(["有給休暇", "経費"])
    assert one.batches == 1
    assert (await embedder.spec()).digest == "w"


async def test_a_busy_host_is_left_to_work() -> None:
    asleep, awake = Asleep(), Weights()
    embedder = embedding(asleep, awake)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(embedder.embed_documents(["有給休暇"]))
        await asleep.begun.wait()
        for _ in range(3):
            await embedder.embed_documents(["経費"])
        first.cancel()

    assert (asleep.batches, awake.batches) == (1, 3)


async def test_a_host_with_other_weights_embeds_nothing() -> None:
    one, other = Weights("w1"), Weights("w2")
    embedder = embedding(one, other)

    for _ in range(6):
        await embedder.embed_query("有給休暇は？")

    assert (one.batches, other.batches) == (6, 0)
    with pytest.raises(ConfigError, match=r"gpu2.*vectors do not mix.*pull the same"):
        await embedder.spec()


async def test_the_weights_of_the_index_count_where_they_are_known() -> None:
    one, other = Weights("w1"), Weights("w2")
    embedder = embedding(one, other, digest="w2")

    await embedder.embed_query("有給休暇は？")
    other.errors = [DOWN]
    with pytest.raises(Unavailable):
        await embedder.embed_query("有給休暇は？")

    assert (one.batches, other.batches) == (0, 2)


async def test_a_host_that_gets_other_weights_is_found_out() -> None:
    clock = Clock()
    one, other = Weights(), Weights()
    embedder = embedding(one, other, clock=clock)
    await embedder.embed_query("有給休暇は？")
    one.digest = "weights-2"
    clock.now += 61
    before = one.batches

    for _ in range(4):
        await embedder.embed_query("有給休暇は？")

    assert one.batches == before
    one.digest = "weights-1"
    clock.now += 16
    await embedder.embed_query("有給休暇は？")
    assert {standing.health for standing in embedder.standings()} == {Health.WELL}


async def test_a_question_does_not_wait_long_for_a_sleeping_host() -> None:
    asleep, awake = Asleep(), Weights()
    embedder = embedding(asleep, awake, patience=0.05)

    for _ in range(3):
        await embedder.embed_query("有給休暇は？")

    assert (asleep.batches, awake.batches) == (1, 3)


async def test_a_question_without_a_vector_is_no_illness() -> None:
    empty = TextRejected("空です", reason=Rejection.NOT_FINITE)
    one, other = Weights("w", *[empty] * 5), Weights("w", *[empty] * 5)
    embedder = embedding(one, other)

    for _ in range(5):
        with pytest.raises(TextRejected):
            await embedder.embed_query("　")

    assert one.batches + other.batches == 5
    assert {standing.health for standing in embedder.standings()} == {Health.WELL}


async def test_when_all_are_ill_the_error_says_why_and_until_when() -> None:
    embedder = embedding(*(Weights("w", *[DOWN] * 9) for _ in range(2)))

    for _ in range(4):
        with pytest.raises(Unavailable) as caught:
            await embedder.embed_documents(["有給休暇"])

    assert caught.value.retry_after == 15.0
    assert "gpu1: 落ちている" in str(caught.value)


async def test_what_the_only_host_says_is_told_as_it_is() -> None:
    embedder = embedding(Weights("w", *[DOWN] * 9))

    for _ in range(4):
        with pytest.raises(Unavailable) as caught:
            await embedder.embed_documents(["有給休暇"])

    assert (str(caught.value), caught.value.retry_after) == ("落ちている", 15.0)
