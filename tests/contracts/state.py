"""The promises of the state ports, as tests that every database passes.

A database subclasses `StateContract` and gives one fixture, `state`.
"""

from array import array
from datetime import timedelta

import pytest

from bot.core.model import (
    ConversationId,
    Outcome,
    Turn,
)
from tests.contracts.state_catalogue import CatalogueContract, GenerationsContract
from tests.contracts.state_ledger import LedgerContract
from tests.contracts.state_projection import ProjectionContract
from tests.contracts.state_records import (
    LEAVE,
    NOW,
    TRAVEL,
    Ports,
)
from tests.contracts.state_runs import QuarantineContract, RunsContract


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

    @pytest.mark.parametrize(
        "outcome", [each for each in Outcome if each is not Outcome.ANSWERED]
    )
    async def test_what_was_not_answered_is_no_turn(
        self, state: Ports, outcome: Outcome
    ) -> None:
        await record(state, a_turn("質問"), outcome=outcome)

        assert await state.conversations.turns(THREAD, limit=9) == ()

    async def test_a_question_ends_once(self, state: Ports) -> None:
        first, second = a_turn("質問", answer="一"), a_turn("質問", answer="二")
        await record(state, first)
        await record(state, second)
        await record(state, second, outcome=Outcome.FAILED)

        assert await state.conversations.turns(THREAD, limit=9) == (first,)

    async def test_what_no_database_can_store_is_left_out(self, state: Ports) -> None:
        """A person pasted it; the rest of the question is kept."""
        await record(state, a_turn("休暇\0は\ud83d何日?", answer="\0二十日です[1]。"))

        [turn] = await state.conversations.turns(THREAD, limit=9)

        assert (turn.question, turn.answer) == ("休暇は?何日?", "二十日です[1]。")

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
):
    """What all the state ports promise together."""

    @pytest.fixture
    def state(self) -> Ports:
        """Return the ports, open on an empty database."""
        raise NotImplementedError


def a_turn(question: str, *, answer: str = "二十日です[1]。", minute: int = 0) -> Turn:
    return Turn(
        question=question,
        answer=answer,
        documents=(LEAVE, TRAVEL),
        asked_at=NOW + timedelta(minutes=minute),
    )


async def record(
    state: Ports, turn: Turn, *, outcome: Outcome = Outcome.ANSWERED
) -> None:
    await state.conversations.record(
        THREAD, f"id of {turn.question!r}", turn, outcome=outcome
    )
