"""Fair waiting in front of the slots of a model."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from bot.backends.gate import FairGate
from bot.backends.line import FairLine
from bot.backends.memory_models import MemoryLanguageModel
from bot.backends.ollama import OllamaHost, OllamaLanguageModel
from bot.core.errors import Unavailable
from bot.core.model import Profile
from bot.core.ports import (
    TICKET,
    Completion,
    Ending,
    Message,
    ModelSpec,
    Place,
    Role,
    Ticket,
    Token,
)
from tests.conftest import ScriptedModel
from tests.fakes import ollama_shaped
from tests.fakes.scripted_http import ScriptedHTTP, Take, ndjson_reply

ASKERS = ("佐藤", "suzuki", "高橋")
END = Completion(ending=Ending.STOP, prompt_tokens=1, output_tokens=1)


class HeldModel:
    """Begins to answer at once, and ends when it is told to."""

    def __init__(self) -> None:
        self.begun: dict[str, asyncio.Event] = {}
        self.history: list[str] = []
        self.most = 0

    async def describe(self) -> ModelSpec:
        return ModelSpec(model="held", digest="held-1", context=100, output=10)

    def measure(self, text: str, /) -> int:
        return len(text)

    async def generate(
        self, messages: Sequence[Message], /, *, profile: Profile
    ) -> AsyncGenerator[Token | Completion, None]:
        name = messages[0].text
        end = self.begun[name] = asyncio.Event()
        self.history.append(name)
        self.most = max(self.most, len(self.begun))
        try:
            yield Token(text=str(profile))
            await end.wait()
            yield END
        finally:
            del self.begun[name]

    def end(self, name: str) -> None:
        self.begun[name].set()


@contextmanager
def holding(ticket: Ticket) -> Iterator[None]:
    before = TICKET.set(ticket)
    try:
        yield
    finally:
        TICKET.reset(before)


async def ask(gate: FairGate, name: str, ticket: Ticket | None = None) -> None:
    prompt = (Message(role=Role.USER, text=name),)
    with holding(ticket or Ticket(asker=name)):
        async for _ in gate.generate(prompt, profile=Profile.DOCS):
            pass


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def leave(task: "asyncio.Task[None]", moments: int) -> None:
    """Cancel a task after some steps of the loop."""
    for _ in range(moments):
        await asyncio.sleep(0)
    task.cancel()


# --- the line ----------------------------------------------------------------

COMERS = st.lists(st.sampled_from(ASKERS), max_size=20)


@settings(deadline=None)
@given(COMERS)
def test_the_order_that_is_told_is_the_order_that_comes(askers: list[str]) -> None:
    line: FairLine[tuple[str, int]] = FairLine()
    for number, asker in enumerate(askers):
        line.join(asker, (asker, number))

    told = list(line.order())
    came = [line.next() for _ in askers]

    assert told == came
    assert len(line) == 0
    assert line.next() is None


@settings(deadline=None)
@given(COMERS)
def test_askers_take_turns_and_each_has_its_own_in_order(askers: list[str]) -> None:
    line: FairLine[tuple[str, int]] = FairLine()
    for number, asker in enumerate(askers):
        line.join(asker, (asker, number))

    order = list(line.order())

    for asker in set(askers):
        own = [number for name, number in order if name == asker]
        assert own == sorted(own)
    seen: Counter[str] = Counter()
    left = Counter(askers)
    for asker, _ in order:
        behind = [other for other in left if left[other] and seen[other] < seen[asker]]
        assert not behind, "nobody has two turns before another had one"
        seen[asker] += 1
        left[asker] -= 1


@settings(deadline=None)
@given(COMERS, st.data())
def test_who_leaves_changes_the_order_of_nobody_else_of_theirs(
    askers: list[str], data: st.DataObject
) -> None:
    line: FairLine[int] = FairLine()
    for number, asker in enumerate(askers):
        line.join(asker, number)
    gone = data.draw(st.sets(st.sampled_from(range(len(askers) + 1)), max_size=8))

    for number in gone:
        line.leave(number)

    assert set(line.order()) == set(range(len(askers))) - gone


# --- the gate, whatever happens ----------------------------------------------


@dataclass(slots=True)
class Asked:
    """A question that the machine asked, and the turns others had before it."""

    asker: str
    task: "asyncio.Task[None]"
    places: list[Place] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)


class GateMachine(RuleBasedStateMachine):
    """People ask, leave and get their answers in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = HeldModel()
        self.slots = 2
        self.gate = FairGate(self.model, slots=self.slots, most_waiting=12)
        self.asked: dict[str, Asked] = {}
        self.seen = 0

    def teardown(self) -> None:
        for one in self.asked.values():
            one.task.cancel()
        self.loop.run_until_complete(settle())
        assert self.gate.running == 0
        assert self.gate.waiting == 0
        self.loop.close()

    @rule(asker=st.sampled_from(ASKERS))
    def somebody_asks(self, asker: str) -> None:
        name = f"{asker}{len(self.asked)}"
        places: list[Place] = []
        ticket = Ticket(asker=asker, conversation=name, moved=places.append)
        task = self.loop.create_task(ask(self.gate, name, ticket))
        self.asked[name] = Asked(asker=asker, task=task, places=places)
        self.go()

    @precondition(lambda self: self.model.begun)
    @rule(data=st.data())
    def an_answer_ends(self, data: st.DataObject) -> None:
        self.model.end(data.draw(st.sampled_from(sorted(self.model.begun))))
        self.go()

    @precondition(lambda self: self.open)
    @rule(data=st.data(), moments=st.integers(min_value=0, max_value=4))
    def somebody_leaves(self, data: st.DataObject, moments: int) -> None:
        """Also in the very moment in which a slot is handed over."""
        name = data.draw(st.sampled_from(sorted(self.open)))
        if self.model.begun:
            self.model.end(min(self.model.begun))
        for one in self.open.values():
            if one.asker == self.asked[name].asker:  # this may have used their turn up
                one.passed[one.asker] += 1
        self.loop.run_until_complete(leave(self.asked[name].task, moments))
        self.go()

    @invariant()
    def slots_are_never_exceeded_and_never_idle(self) -> None:
        running = len(self.model.begun)
        assert running == self.gate.running <= self.slots
        if self.gate.waiting:
            assert running == self.slots

    @invariant()
    def nobody_is_passed_twice_by_the_same_asker(self) -> None:
        for one in self.asked.values():
            for other, turns in one.passed.items():
                assert other == one.asker or turns <= self.own_before(one) + 1

    @invariant()
    def places_are_told_and_true(self) -> None:
        waiting = [one for name, one in self.open.items() if not self.begun(name)]
        assert sorted(one.places[-1].position for one in waiting) == list(
            range(1, len(waiting) + 1)
        )
        for name, one in self.open.items():
            if self.begun(name):
                assert one.places[-1].position == 0

    @property
    def open(self) -> dict[str, Asked]:
        return {name: one for name, one in self.asked.items() if not one.task.done()}

    def begun(self, name: str) -> bool:
        return name in self.model.begun

    def own_before(self, one: Asked) -> int:
        return one.passed[one.asker]

    def go(self) -> None:
        """Run, and note for all who wait whose turn came meanwhile."""
        waiting = [one for name, one in self.open.items() if not self.begun(name)]
        self.loop.run_until_complete(settle())
        for name in self.model.history[self.seen :]:
            for one in waiting:
                if not one.task.done() and one is not self.asked[name]:
                    one.passed[self.asked[name].asker] += 1
        self.seen = len(self.model.history)


GateMachine.TestCase.settings = settings(
    deadline=None, max_examples=60, stateful_step_count=40
)
TestGate = GateMachine.TestCase


# --- one by one --------------------------------------------------------------


async def test_it_answers_as_the_model_behind_it() -> None:
    model = MemoryLanguageModel(["有給休暇は年20日です[1]。"])
    gate = FairGate(model, slots=1)
    prompt = (Message(role=Role.USER, text="有給は？"),)

    events = [event async for event in gate.generate(prompt, profile=Profile.FAQ)]

    assert "".join(e.text for e in events if isinstance(e, Token)) == (
        "有給休暇は年20日です[1]。"
    )
    assert isinstance(events[-1], Completion)
    assert await gate.describe() == await model.describe()
    assert gate.measure("有給") == model.measure("有給")
    assert (gate.running, gate.waiting) == (0, 0)


async def test_trap_47_who_asks_much_does_not_keep_the_others_waiting() -> None:
    model = HeldModel()
    gate = FairGate(model, slots=1)
    async with asyncio.TaskGroup() as group:
        for number in range(5):
            ticket = Ticket(asker="佐藤", conversation=str(number))
            group.create_task(ask(gate, f"佐藤{number}", ticket))
        await settle()
        group.create_task(ask(gate, "鈴木"))
        await settle()
        while model.begun:
            model.end(min(model.begun))
            await settle()

    assert model.history[:3] == ["佐藤0", "佐藤1", "鈴木"]


async def test_a_question_that_is_asked_again_goes_ahead() -> None:
    """A prompt that was too long has waited already."""
    model = HeldModel()
    gate = FairGate(model, slots=1)
    again = Ticket(asker="佐藤", conversation="c1")
    async with asyncio.TaskGroup() as group:
        group.create_task(ask(gate, "佐藤", again))
        await settle()
        for name in ("鈴木", "高橋"):
            group.create_task(ask(gate, name))
            await settle()
        model.end("佐藤")
        await settle()
        group.create_task(ask(gate, "佐藤二度目", again))
        await settle()
        while model.begun:
            model.end(min(model.begun))
            await settle()

    assert model.history == ["佐藤", "鈴木", "佐藤二度目", "高橋"]


async def test_the_next_question_of_a_conversation_waits_like_any_other() -> None:
    model = HeldModel()
    gate = FairGate(model, slots=1)
    async with asyncio.TaskGroup() as group:
        group.create_task(ask(gate, "佐藤", Ticket(asker="佐藤", conversation="c1")))
        await settle()
        for name in ("鈴木", "高橋"):
            group.create_task(ask(gate, name, Ticket(asker=name)))
            await settle()
        model.end("佐藤")
        await settle()
        group.create_task(ask(gate, "続き", Ticket(asker="佐藤", conversation="c1")))
        await settle()
        while model.begun:
            model.end(min(model.begun))
            await settle()

    assert model.history == ["佐藤", "鈴木", "高橋", "続き"]


async def test_the_estimate_follows_how_long_answers_take() -> None:
    model, now = HeldModel(), [0.0]
    gate = FairGate(model, slots=2, first_guess=10.0, clock=lambda: now[0])
    places: list[Place] = []
    async with asyncio.TaskGroup() as group:
        for name in ("佐藤", "鈴木"):
            group.create_task(ask(gate, name))
        await settle()
        group.create_task(ask(gate, "高橋", Ticket(asker="高橋", moved=places.append)))
        await settle()
        now[0] = 60.0
        model.end("佐藤")
        await settle()
        for name in ("鈴木", "高橋"):
            model.end(name)

    assert places == [Place(position=1, wait=5.0), Place(position=0, wait=0.0)]
    assert gate.answer_seconds > 20.0


async def test_a_reader_that_leaves_in_mid_answer_frees_the_slot() -> None:
    model = HeldModel()
    gate = FairGate(model, slots=1)
    prompt = (Message(role=Role.USER, text="有給は？"),)

    async with aclosing(gate.generate(prompt, profile=Profile.DOCS)) as events:
        await anext(events)
        assert gate.running == 1

    assert (gate.running, model.begun) == (0, {})


async def test_a_model_that_fails_frees_the_slot() -> None:
    gate = FairGate(MemoryLanguageModel([Unavailable("落ちた"), "はい"]), slots=1)

    with pytest.raises(Unavailable, match="落ちた"):
        await ask(gate, "佐藤")
    await ask(gate, "佐藤")

    assert gate.running == 0


async def test_a_line_that_is_too_long_is_refused_with_an_honest_wait() -> None:
    model = HeldModel()
    gate = FairGate(model, slots=1, most_waiting=1, first_guess=10.0)
    async with asyncio.TaskGroup() as group:
        for name in ("佐藤", "鈴木"):
            group.create_task(ask(gate, name))
            await settle()
        with pytest.raises(Unavailable) as caught:
            await ask(gate, "高橋")
        model.end("佐藤")
        await settle()
        model.end("鈴木")

    assert caught.value.retry_after == 20.0
    assert model.most == 1


async def test_nobody_waits_for_ever() -> None:
    model = HeldModel()
    gate = FairGate(model, slots=1, longest_wait=0.05)
    async with asyncio.TaskGroup() as group:
        group.create_task(ask(gate, "佐藤"))
        await settle()
        with pytest.raises(Unavailable, match=r"within 0\.05 s"):
            await ask(gate, "鈴木")
        model.end("佐藤")

    assert (gate.running, gate.waiting) == (0, 0)


# --- in front of model hosts -------------------------------------------------


async def test_fifty_askers_at_once_wait_no_longer_than_is_fair(
    scripted_http: ScriptedHTTP,
) -> None:
    """Somebody else asks sixty times, and got there first."""
    ollama_shaped.teach(scripted_http, loaded=[ollama_shaped.MODEL])
    slow = ndjson_reply(
        ollama_shaped.said("はい[1]。"), Take(0.02), ollama_shaped.done()
    )
    scripted_http.on("/api/chat", slow)
    slots, clock = 2, time.monotonic
    waits: dict[str, float] = {}
    async with OllamaHost(scripted_http.url) as host:
        model = OllamaLanguageModel(host, model=ollama_shaped.MODEL)
        gate = FairGate(model, slots=slots, most_waiting=200)
        began = clock()

        def ticket(asker: str, number: int) -> Ticket:
            def moved(place: Place) -> None:
                if place.position == 0:
                    waits.setdefault(asker, clock() - began)

            return Ticket(asker=asker, conversation=str(number), moved=moved)

        async with asyncio.TaskGroup() as group:
            for number in range(60):
                group.create_task(ask(gate, "質問", ticket("欲張り", number)))
            for number in range(50):
                group.create_task(ask(gate, "質問", ticket(f"{number}人目", number)))
        each = (clock() - began) * slots / 110

    assert len(waits) == 51
    assert max(waits.values()) <= 1.5 * 50 * each / slots


@pytest.mark.ollama
async def test_cancelling_frees_a_real_slot_within_a_second(
    ollama_url: str, scripted_model: ScriptedModel
) -> None:
    name = scripted_model("endless", ["あい", "うえ"], endless=True)
    async with OllamaHost(ollama_url) as host:
        model = OllamaLanguageModel(host, model=name, num_ctx=4096)
        await model.warm_up()
        gate = FairGate(model, slots=1)
        began, next_began = asyncio.Event(), asyncio.Event()

        async def hold(event: asyncio.Event) -> None:
            prompt = (Message(role=Role.USER, text="続けて"),)
            async for _ in gate.generate(prompt, profile=Profile.DOCS):
                event.set()

        async with asyncio.TaskGroup() as group:
            running = group.create_task(hold(began))
            await began.wait()
            waiting = group.create_task(hold(next_began))
            await settle()
            assert gate.waiting == 1
            cancelled = time.monotonic()
            running.cancel()
            await next_began.wait()
            took = time.monotonic() - cancelled
            waiting.cancel()

    assert took < 1
    assert (gate.running, gate.waiting) == (0, 0)
