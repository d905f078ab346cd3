"""The promises of `Feedback`, as tests that every database passes."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core.feedback import (
    NOTE,
    Complaint,
    Judged,
    Judgement,
    Provenance,
    Unmet,
    Verdict,
)
from bot.core.inbox import Incoming, Kind, QuestionId
from bot.core.model import AnswerKind, GenerationId, Outcome, Reason
from tests.contracts.state_questions import (
    a_question,
    a_turn,
    accepted,
    at,
    at_work,
)
from tests.contracts.state_records import LEAVE, NOW, TRAVEL, Ports

CHANNELS = frozenset({Kind.MENTION, Kind.FOLLOW_UP})
STAGED = '{"text": "二十日です[1]。"}'
MADE = Provenance(
    kind=AnswerKind.GENERATED,
    generation=GenerationId("g2"),
    model="gemma4:26b",
    digest="sha256:標",
    prompt="fenced-v1",
    revisions=((LEAVE, 3), (TRAVEL, 12)),
)
NOWHERE = Provenance(reason=Reason.NOT_FOUND)


def a_judgement(question: QuestionId, **other: Any) -> Judgement:
    given = Judgement(
        question=question, person="U山田", verdict=Verdict.GOOD, given_at=at(60)
    )
    return replace(given, **other)


async def ended(
    state: Ports,
    incoming: Incoming | None = None,
    *,
    made: Provenance = MADE,
    seconds: float = 0,
) -> QuestionId:
    """Have a question asked, staged and answered."""
    claim = await at_work(state, incoming)
    await state.questions.stage(claim, STAGED)
    outcome = Outcome.REFUSED if made.reason else Outcome.ANSWERED
    turn = a_turn(claim.incoming.text)
    await state.questions.finish(
        claim,
        outcome,
        now=at(seconds),
        turn=replace(turn, asked_at=claim.incoming.asked_at),
        made=made,
    )
    return claim.question


async def judged(
    state: Ports,
    *,
    since: datetime = NOW,
    given_since: datetime | None = None,
    kinds: frozenset[Kind] = CHANNELS,
) -> list[Judged]:
    found = state.feedback.judged(
        kinds=kinds, ended_since=since, given_since=given_since
    )
    return [each async for each in found]


async def unmet(state: Ports, *, since: datetime = NOW) -> list[QuestionId]:
    found = await state.feedback.unmet(kinds=CHANNELS, ended_since=since)
    return [each.question for each in found]


class JudgementsContract:
    """What every `Feedback` keeps."""

    async def test_a_verdict_comes_back_with_all_that_led_to_it(
        self, state: Ports
    ) -> None:
        question = await ended(state)
        given = a_judgement(
            question,
            verdict=Verdict.BAD,
            complaint=Complaint.OUTDATED,
            note="去年の規程です 👩‍💻",
        )

        assert await state.feedback.record(given)

        assert await judged(state) == [
            Judged(
                question=question,
                incoming=a_question(),
                outcome=Outcome.ANSWERED,
                provenance=MADE,
                judgements=(given,),
                staged=STAGED,
            )
        ]

    async def test_a_second_verdict_replaces_the_first(self, state: Ports) -> None:
        question = await ended(state)
        bad = a_judgement(question, verdict=Verdict.BAD, complaint=Complaint.WRONG)
        await state.feedback.record(bad)
        good = a_judgement(question, given_at=at(61))

        assert await state.feedback.record(good)

        [found] = await judged(state)
        assert found.judgements == (good,)

    async def test_a_thumb_pressed_twice_takes_no_complaint_back(
        self, state: Ports
    ) -> None:
        question = await ended(state)
        thumb = a_judgement(question, verdict=Verdict.BAD)
        why = replace(
            thumb, complaint=Complaint.WRONG, note="十日です", given_at=at(70)
        )
        for each in (thumb, thumb, why, why, replace(thumb, given_at=at(71))):
            assert await state.feedback.record(each)

        [found] = await judged(state)
        assert found.judgements == (why,)

    async def test_what_was_given_earlier_and_comes_late_changes_nothing(
        self, state: Ports
    ) -> None:
        question = await ended(state)
        first = a_judgement(question)
        second = a_judgement(question, verdict=Verdict.BAD, given_at=at(61))
        for each in (second, first):
            assert await state.feedback.record(each)

        [found] = await judged(state)
        assert found.judgements == (second,)

    async def test_everybody_has_a_verdict(self, state: Ports) -> None:
        question = await ended(state)
        asker = a_judgement(question)
        reader = a_judgement(
            question, person="U佐藤", verdict=Verdict.BAD, given_at=at(61)
        )
        for each in (reader, asker):
            await state.feedback.record(each)

        [found] = await judged(state)
        assert found.judgements == (asker, reader), "in the order of giving"

    async def test_only_what_has_ended_is_judged(self, state: Ports) -> None:
        [open_] = await accepted(state, a_question())

        assert not await state.feedback.record(a_judgement(open_))
        assert not await state.feedback.record(a_judgement(QuestionId("無い")))

        await state.questions.end(open_, Outcome.CANCELLED, now=NOW)
        assert await judged(state) == []

    async def test_a_question_that_nothing_is_known_of_is_judged_all_the_same(
        self, state: Ports
    ) -> None:
        """It may have ended under an earlier release."""
        [question] = await accepted(state, a_question())
        await state.questions.end(question, Outcome.FAILED, now=NOW)
        await state.feedback.record(a_judgement(question))

        [found] = await judged(state)

        assert found.provenance == Provenance()
        assert found.staged is None

    async def test_a_note_is_as_long_as_it_may_be(self, state: Ports) -> None:
        question = await ended(state)
        await state.feedback.record(a_judgement(question, note="あ\0" * NOTE))

        [found] = await judged(state)

        assert set(found.judgements[0].note) == {"あ"}
        assert len(found.judgements[0].note) <= NOTE


class ReadingContract:
    """What every `Feedback` gives out."""

    async def test_what_was_said_before_comes_with_a_follow_up(
        self, state: Ports
    ) -> None:
        await ended(state, a_question("1", text="有給は何日？"))
        private = a_question("2", text="私の有給は？", asked=1, kind=Kind.DIRECT)
        await ended(state, private)
        last = a_question("3", text="半休は？", asked=2, kind=Kind.FOLLOW_UP)
        await state.feedback.record(a_judgement(await ended(state, last)))

        [found] = await judged(state)

        assert [turn.question for turn in found.history] == ["有給は何日？"]

    async def test_only_the_kinds_that_are_asked_for_are_read(
        self, state: Ports
    ) -> None:
        private = await ended(state, a_question(kind=Kind.DIRECT), made=NOWHERE)
        await state.feedback.record(a_judgement(private))

        assert await judged(state) == []
        assert await unmet(state) == []
        assert await judged(state, kinds=frozenset(Kind))
        assert await state.feedback.unmet(kinds=frozenset(Kind), ended_since=NOW)

    async def test_what_ended_or_was_given_too_long_ago_is_not_read(
        self, state: Ports
    ) -> None:
        question = await ended(state, made=NOWHERE, seconds=10)
        await state.feedback.record(a_judgement(question, given_at=at(60)))

        assert await judged(state, since=at(10), given_since=at(60))
        assert await judged(state, since=at(10), given_since=at(61)) == []
        assert await judged(state, since=at(11)) == []
        assert await unmet(state, since=at(10)) == [question]
        assert await unmet(state, since=at(11)) == []

    async def test_any_number_is_read(self, state: Ports) -> None:
        questions = [
            await ended(state, a_question(f"{n}", asked=n, thread=f"{n}"))
            for n in range(102)
        ]
        for question in questions:
            await state.feedback.record(a_judgement(question))

        found = await judged(state)

        assert [each.question for each in found] == questions

    async def test_what_is_not_found_is_unmet_and_what_its_asker_says_is_not(
        self, state: Ports
    ) -> None:
        nowhere = await ended(state, a_question("1"), made=NOWHERE)
        down = Provenance(reason=Reason.SEARCH_DOWN)
        await ended(state, a_question("2", asked=1), made=down)
        vain = await ended(state, a_question("3", asked=2))
        other = await ended(state, a_question("4", asked=3))
        for question, person in ((vain, "U山田"), (other, "U佐藤")):
            await state.feedback.record(
                a_judgement(
                    question,
                    person=person,
                    verdict=Verdict.BAD,
                    complaint=Complaint.NOT_FOUND,
                )
            )

        assert await unmet(state) == [nowhere, vain]
        [first, _] = await state.feedback.unmet(kinds=CHANNELS, ended_since=NOW)
        assert first == Unmet(question=nowhere, incoming=a_question("1"))

    async def test_what_is_forgotten_is_not_read(self, state: Ports) -> None:
        """The verdict stays, without a word that anybody wrote."""
        question = await ended(state, made=NOWHERE)
        await state.feedback.record(a_judgement(question, note="無い"))

        await state.inbox_upkeep.purge(before=at(1))

        assert await judged(state) == []
        assert await unmet(state) == []
        assert await state.feedback.record(a_judgement(question, given_at=at(99)))


class FeedbackContract(JudgementsContract, ReadingContract):
    """All of it."""
