"""The promises of the state ports, as tests that every database passes.

A database subclasses `StateContract` and gives one fixture, `state`.
"""

from array import array

import pytest

from bot.core.model import ConversationId, Outcome, Turn
from tests.contracts.state_catalogue import CatalogueContract, GenerationsContract
from tests.contracts.state_feedback import FeedbackContract
from tests.contracts.state_ledger import LedgerContract
from tests.contracts.state_projection import ProjectionContract
from tests.contracts.state_questions import (
    QuestionsContract,
    a_question,
    a_turn,
    at_work,
)
from tests.contracts.state_records import Ports
from tests.contracts.state_runs import QuarantineContract, RunsContract
from tests.contracts.state_threads import ThreadsContract


class VectorCacheContract:
    """What every `VectorCache` does."""

    async def test_vectors_come_back_exactly(self, state: Ports) -> None:
        vector = array("f", [0.1, -0.5, 3.4e38, 1e-45])
        await state.vectors.put({"鍵": vector})

        found = await state.vectors.get(["鍵", "無い"])

        assert found == {"鍵": vector}
        assert found["鍵"].typecode == "f"

    async def test_a_key_keeps_its_vector(self, state: Ports) -> None:
        await state.vectors.put({"a": array("f", [1.0])})
        await state.vectors.put({"a": array("f", [2.0]), "b": array("f", [3.0])})

        assert await state.vectors.get(["a", "b"]) == {
            "a": array("f", [1.0]),
            "b": array("f", [3.0]),
        }

    async def test_any_number_is_stored_and_asked_at_once(self, state: Ports) -> None:
        many = {f"鍵{n}": array("f", [float(n)]) for n in range(1200)}
        await state.vectors.put(many)

        assert await state.vectors.get(many.keys()) == many
        await state.vectors.put({})
        assert await state.vectors.get([]) == {}


THREAD = ConversationId("slack:総務:1712")


class ConversationsContract:
    """What every `Conversations` does."""

    async def test_the_last_answered_turns_come_oldest_first(
        self, state: Ports
    ) -> None:
        turns = [a_turn(f"質問{n}", minute=n) for n in range(5)]
        for turn in reversed(turns):
            await record(state, turn)

        assert await state.conversations.turns(THREAD, limit=3) == tuple(turns[2:])
        assert await state.conversations.turns(THREAD, limit=9) == tuple(turns)
        assert await state.conversations.turns(ConversationId("他"), limit=9) == ()

    async def test_turns_of_one_moment_keep_their_order(self, state: Ports) -> None:
        turns = [a_turn(f"質問{n}") for n in range(3)]
        for turn in turns:
            await record(state, turn)

        assert await state.conversations.turns(THREAD, limit=9) == tuple(turns)


class StateContract(
    CatalogueContract,
    GenerationsContract,
    RunsContract,
    LedgerContract,
    ProjectionContract,
    QuarantineContract,
    VectorCacheContract,
    ConversationsContract,
    QuestionsContract,
    ThreadsContract,
    FeedbackContract,
):
    """What all the state ports promise together."""

    @pytest.fixture
    def state(self) -> Ports:
        """Return the ports, open on an empty database."""
        raise NotImplementedError


async def record(
    state: Ports, turn: Turn, *, conversation: ConversationId = THREAD
) -> None:
    """Have a question asked and answered."""
    text = turn.question
    claim = await at_work(
        state,
        a_question(text, conversation=conversation, text=text, asked_at=turn.asked_at),
    )
    await state.questions.finish(claim, Outcome.ANSWERED, now=turn.asked_at, turn=turn)
