"""The promises of the durable inbox, as tests that every database passes."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.errors import Conflict
from bot.core.inbox import (
    Accepted,
    Claim,
    Incoming,
    Kind,
    Limit,
    Load,
    Notice,
    Origin,
    QuestionId,
)
from bot.core.model import ConversationId, Language, Outcome, Turn
from tests.contracts.state_records import LEAVE, NOW, TRAVEL, Ports

SLACK = "slack"
SURFACES = frozenset({SLACK})
LEASE = timedelta(seconds=30)
DEADLINE = timedelta(minutes=15)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_question(
    message: str = "1712.1",
    *,
    asked: float = 0,
    thread: str = "1712.1",
    **other: Any,
) -> Incoming:
    """Return a mention in a channel of the personnel department."""
    question = Incoming(
        event=f"Ev{message}",
        kind=Kind.MENTION,
        origin=Origin(
            surface=SLACK,
            workspace="T1",
            channel="C総務",
            thread=thread,
            message=message,
        ),
        asker="U山田",
        conversation=ConversationId(f"slack:T1:C総務:{thread}"),
        text="有給休暇は何日ですか？ 👩‍💻",
        language=Language.JA,
        asked_at=at(asked),
        expires_at=at(asked) + DEADLINE,
        hints={"is_ext_shared": False, "人": ["客"]},
    )
    return replace(question, **other)


def a_turn(question: str, *, answer: str = "二十日です[1]。", minute: int = 0) -> Turn:
    return Turn(
        question=question,
        answer=answer,
        documents=(LEAVE, TRAVEL),
        asked_at=NOW + timedelta(minutes=minute),
    )


def a_notice(key: str = "q1:期限切れ") -> Notice:
    return Notice(key=key, surface=SLACK, content='{"text": "期限切れです"}')


async def claimed(state: Ports, *, now: float = 0, worker: str = "甲") -> Claim | None:
    return await state.questions.claim(
        worker, surfaces=SURFACES, now=at(now), until=at(now) + LEASE
    )


async def accepted(state: Ports, *questions: Incoming) -> list[QuestionId]:
    return [
        (await state.questions.accept(question, now=NOW)).question
        for question in questions
    ]


async def at_work(state: Ports, question: Incoming | None = None) -> Claim:
    """Accept and claim one question."""
    await accepted(state, question or a_question())
    claim = await claimed(state)
    assert claim is not None
    return claim


async def stages(state: Ports, claim: Claim) -> bool:
    """Stage an answer; false when the question has ended."""
    try:
        await state.questions.stage(claim, "二十日です[1]。")
    except Conflict:
        return False
    return True


async def take(state: Ports, *, now: float = 0) -> str | None:
    """Claim what is due in the outbox and return its key."""
    errand = await state.outbox.take(
        surfaces=SURFACES, now=at(now), until=at(now) + LEASE
    )
    return errand.notice.key if errand else None


async def order(state: Ports, *, now: float = 0) -> list[str | None]:
    """Answer everything that can run, and return the messages in this order."""
    done = []
    while (claim := await claimed(state, now=now)) is not None:
        done.append(claim.incoming.origin.message)
        await state.questions.finish(claim, Outcome.ANSWERED, now=at(now))
    return done


TWO = Limit(open=2, telling=lambda refused: a_notice(f"busy {refused}"))


class InboxContract:
    """What every `Inbox` does."""

    async def test_a_question_comes_back_as_it_came_in(self, state: Ports) -> None:
        question = a_question()
        accepted = await state.questions.accept(question, now=NOW)

        claim = await claimed(state)

        assert accepted.new
        assert claim is not None
        assert claim == Claim(question=accepted.question, attempt=1, incoming=question)

    async def test_a_question_delivered_twice_is_one_question(
        self, state: Ports
    ) -> None:
        """As the same event, or as another event about the same message."""
        first = await state.questions.accept(a_question(), now=NOW)
        for again in (a_question(), a_question(event="Ev他", kind=Kind.FOLLOW_UP)):
            repeated = await state.questions.accept(again, now=NOW)
            assert (repeated.question, repeated.new) == (first.question, False)

        assert await order(state) == ["1712.1"]
        late = await state.questions.accept(a_question(), now=NOW)
        assert not late.new, "not even after it was answered"
        assert await order(state) == []

    async def test_questions_without_a_message_differ_by_their_events(
        self, state: Ports
    ) -> None:
        place = Origin(surface=SLACK, workspace="T1", channel="D1")
        for event, new in (("/ask 1", True), ("/ask 2", True), ("/ask 1", False)):
            question = a_question(event=event, origin=place, kind=Kind.COMMAND)
            assert (await state.questions.accept(question, now=NOW)).new == new
        assert await state.questions.find(place) is None

    async def test_ids_of_other_places_are_other_ids(self, state: Ports) -> None:
        origin = a_question().origin
        for other in (
            origin,
            replace(origin, workspace="T2"),
            replace(origin, channel="C2"),
        ):
            question = a_question(origin=other, event=f"{other}")
            assert (await state.questions.accept(question, now=NOW)).new
        discord = a_question(origin=replace(origin, surface="discord"))
        assert (await state.questions.accept(discord, now=NOW)).new

    async def test_one_question_too_many_has_ended_and_its_asker_is_told(
        self, state: Ports
    ) -> None:
        await accepted(state, a_question("1"), a_question("2", thread="2"))
        third = a_question("3", thread="3")

        refused = await state.questions.accept(third, now=NOW, limit=TWO)
        again = await state.questions.accept(third, now=NOW, limit=TWO)

        assert (refused.new, refused.refused) == (True, True)
        assert again == Accepted(question=refused.question, new=False, again=True)
        assert await take(state) == f"busy {refused.question}"
        assert await take(state) is None
        assert await order(state) == ["1", "2"]

    async def test_who_is_told_otherwise_finds_no_notice(self, state: Ports) -> None:
        await accepted(state, a_question("1"), a_question("2", thread="2"))
        silent = replace(TWO, telling=lambda _: None)

        third = a_question("3", thread="3")
        refused = await state.questions.accept(third, now=NOW, limit=silent)

        assert (refused.new, refused.refused) == (True, True)
        assert await take(state) is None

    async def test_what_comes_again_is_not_too_many(self, state: Ports) -> None:
        first, _ = await accepted(state, a_question("1"), a_question("2", thread="2"))

        again = await state.questions.accept(a_question("1"), now=NOW, limit=TWO)

        assert again == Accepted(question=first, new=False, again=True)
        assert await take(state) is None

    async def test_only_open_questions_of_that_person_here_count(
        self, state: Ports
    ) -> None:
        await accepted(state, a_question("1"))
        assert await order(state) == ["1"]
        discord = replace(a_question().origin, surface="discord")
        await accepted(
            state,
            a_question("2", thread="2", asker="U佐藤"),
            a_question("3", thread="3", kind=Kind.OVERHEARD),
            a_question("4", thread="4", origin=discord),
            a_question("5", thread="5"),
        )

        sixth = a_question("6", thread="6")
        assert not (await state.questions.accept(sixth, now=NOW, limit=TWO)).refused
        seventh = a_question("7", thread="7")
        assert (await state.questions.accept(seventh, now=NOW, limit=TWO)).refused

    async def test_of_many_at_once_only_as_many_as_may_be_are_open(
        self, state: Ports
    ) -> None:
        many = [a_question(f"{n}", thread=f"{n}", asked=n) for n in range(20)]

        async with asyncio.TaskGroup() as group:
            for each in many:
                group.create_task(state.questions.accept(each, now=NOW, limit=TWO))

        load = await state.line.load("U山田", surface=SLACK, now=NOW)
        assert load == Load(running=0, waiting=2)

    async def test_a_message_leads_to_its_question(self, state: Ports) -> None:
        [question] = await accepted(state, a_question())

        asking = replace(a_question().origin, thread=None)
        assert await state.questions.find(asking) == question
        assert await state.questions.find(replace(asking, message="9")) is None
        assert await state.questions.find(replace(asking, channel="C9")) is None

    async def test_a_conversation_begins_with_its_first_question(
        self, state: Ports
    ) -> None:
        thread = a_question().conversation
        assert not await state.conversations.begun(thread)
        await accepted(state, a_question())

        assert await state.conversations.begun(thread)

    async def test_what_no_database_can_store_is_left_out(self, state: Ports) -> None:
        strange = a_question(text="休暇\0は\ud83d何日?", hints={"名": "\0\ud83d"})

        claim = await at_work(state, strange)

        assert claim.incoming.text == "休暇は?何日?"
        assert claim.incoming.hints == {"名": "\0\ud83d"}

    async def test_a_question_is_ended_by_whoever_wants_once(
        self, state: Ports
    ) -> None:
        claim = await at_work(state)
        ends = [
            await state.questions.end(
                claim.question, Outcome.CANCELLED, now=NOW, notices=[a_notice(key)]
            )
            for key in ("一", "二")
        ]

        assert ends == [True, False]
        with pytest.raises(Conflict):
            await state.questions.finish(claim, Outcome.ANSWERED, now=NOW)
        assert [await take(state), await take(state)] == ["一", None]
        unseen = QuestionId("無い")
        assert not await state.questions.end(unseen, Outcome.CANCELLED, now=NOW)

    async def test_what_is_about_to_be_shown_is_not_cancelled(
        self, state: Ports
    ) -> None:
        claim = await at_work(state)
        await state.questions.stage(claim, "二十日です[1]。")

        assert not await state.questions.end(
            claim.question, Outcome.CANCELLED, now=NOW, notices=[a_notice()]
        )
        await state.questions.finish(claim, Outcome.ANSWERED, now=NOW)
        assert await take(state) is None

    async def test_a_question_is_staged_or_cancelled_and_never_both(
        self, state: Ports
    ) -> None:
        for number in range(10):
            claim = await at_work(state, a_question(f"{number}.1", thread=f"{number}"))
            async with asyncio.TaskGroup() as group:
                staging = group.create_task(stages(state, claim))
                cancelling = group.create_task(
                    state.questions.end(claim.question, Outcome.CANCELLED, now=NOW)
                )

            assert staging.result() is not cancelling.result()
            if staging.result():
                await state.questions.finish(claim, Outcome.ANSWERED, now=NOW)


class ClaimsContract:
    """What every `Claims` does."""

    async def test_a_conversation_is_answered_in_the_order_asked(
        self, state: Ports
    ) -> None:
        """By the platform's time, in whatever order the events come."""
        await accepted(
            state,
            a_question("3", asked=3),
            a_question("1", asked=1),
            a_question("2", asked=2),
            a_question("2b", asked=2),
        )

        assert await order(state) == ["1", "2", "2b", "3"]

    async def test_one_of_a_conversation_is_answered_at_a_time(
        self, state: Ports
    ) -> None:
        await accepted(state, a_question("2", asked=2))
        running = await claimed(state)
        await accepted(
            state,
            a_question("1", asked=1),  # late, and asked before the one that runs
            a_question("3", asked=3),
            a_question("他", asked=9, thread="他"),
        )
        other = await claimed(state)

        assert running is not None
        assert other is not None
        assert other.incoming.origin.message == "他"
        assert await claimed(state) is None
        await state.questions.finish(running, Outcome.ANSWERED, now=NOW)
        assert await order(state) == ["1", "3"]

    async def test_what_is_due_later_waits_and_counts_as_asked_then(
        self, state: Ports
    ) -> None:
        waiting = a_question("1", asked=1, thread="他", due_at=at(45))
        await accepted(state, waiting, a_question("2", asked=2))
        early = await order(state, now=44)
        await accepted(state, a_question("3", asked=40), a_question("4", asked=46))

        assert early == ["2"]
        assert await order(state, now=45) == ["3", "1", "4"]

    async def test_what_is_due_later_holds_up_nothing_of_its_conversation(
        self, state: Ports
    ) -> None:
        await accepted(
            state, a_question("1", asked=1, due_at=at(45)), a_question("2", asked=2)
        )

        assert await order(state, now=2) == ["2"]
        assert await order(state, now=45) == ["1"]

    async def test_only_what_can_be_shown_is_claimed(self, state: Ports) -> None:
        place = replace(a_question().origin, surface="discord")
        await accepted(state, a_question(origin=place))

        assert await claimed(state) is None

    async def test_a_claim_that_ends_is_open_to_others(self, state: Ports) -> None:
        claim = await at_work(state)
        await state.questions.stage(claim, '{"答え": "二十日"}')
        await state.questions.posted(claim, "ts1")
        await state.questions.posted(claim, "ts0")
        await state.questions.posted(claim, "ts1")

        assert await claimed(state, now=29, worker="乙") is None
        second = await claimed(state, now=30, worker="乙")

        assert second is not None
        assert (second.question, second.attempt) == (claim.question, 2)
        assert second.staged == '{"答え": "二十日"}'
        assert second.posted == ("ts1", "ts0")
        for late in late_steps(state, claim):
            with pytest.raises(Conflict, match="somebody else"):
                await late
        await state.questions.finish(second, Outcome.ANSWERED, now=NOW)

    async def test_what_a_worker_works_on_is_claimed_whatever_the_time(
        self, state: Ports
    ) -> None:
        """The clock was set meanwhile; its threads wait for it, too."""
        claim = await at_work(state)
        earlier, other = a_question("0", asked=-9), a_question("2", thread="2")
        [_, asked] = await accepted(state, earlier, other)

        found = [
            await state.questions.claim(
                "甲",
                surfaces=SURFACES,
                now=at(600),
                until=at(660),
                besides=[claim.question],
            )
            for _ in range(2)
        ]

        assert [each and each.question for each in found] == [asked, None]

    async def test_a_claim_is_kept_by_renewing_it(self, state: Ports) -> None:
        claim = await at_work(state)
        await state.questions.renew(claim, until=at(60))

        assert await claimed(state, now=59, worker="乙") is None
        await state.questions.finish(claim, Outcome.ANSWERED, now=at(99))

    async def test_a_claim_can_be_given_back(self, state: Ports) -> None:
        await state.questions.release(await at_work(state))

        again = await claimed(state, worker="乙")

        assert again is not None
        assert again.attempt == 2

    async def test_a_message_that_was_posted_too_late_is_still_ours(
        self, state: Ports
    ) -> None:
        claim = await at_work(state)
        message = replace(claim.incoming.origin, thread="他", message="ts1")
        await state.questions.end(claim.question, Outcome.CANCELLED, now=NOW)
        assert await state.questions.answered_by(message) is None

        with pytest.raises(Conflict):
            await state.questions.posted(claim, "ts1")

        assert await state.questions.answered_by(message) == claim.question
        other = replace(message, channel="C9")
        assert await state.questions.answered_by(other) is None

    async def test_an_answer_to_a_command_is_known_wherever_it_stands(
        self, state: Ports
    ) -> None:
        """It is asked in one channel, and answered in the asker's own."""
        question = a_question()
        nowhere = replace(question.origin, thread=None, message=None)
        asked = replace(question, kind=Kind.COMMAND, origin=nowhere)
        await state.questions.accept(asked, now=NOW)
        claim = await claimed(state)
        assert claim is not None
        await state.questions.posted(claim, "ts7")

        direct = replace(asked.origin, channel="D1", thread="ts6", message="ts7")
        found = await state.questions.answered_by(direct)
        foreign = replace(direct, workspace="T9")

        assert found == claim.question
        assert await state.questions.answered_by(foreign) is None
        assert await state.questions.answered_by(replace(direct, message="ts8")) is None

    async def test_a_question_ends_with_its_turn_and_its_notices(
        self, state: Ports
    ) -> None:
        claim = await at_work(state)
        thread, turn = claim.incoming.conversation, a_turn("休暇\0は\ud83d何日?")
        for fits in (True, False):
            done = state.questions.finish(
                claim,
                Outcome.ANSWERED,
                now=NOW,
                turn=turn,
                notices=[a_notice(f"{fits}")],
            )
            if fits:
                await done
            else:
                with pytest.raises(Conflict, match="has ended"):
                    await done

        [said] = await state.conversations.turns(thread, limit=9)
        assert said == replace(turn, question="休暇は?何日?")
        assert [await take(state), await take(state)] == ["True", None]

    async def test_two_that_claim_at_once_get_two_questions(self, state: Ports) -> None:
        await accepted(state, *(a_question(f"{n}", thread=f"{n}") for n in range(6)))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(claimed(state)) for _ in range(8)]
        claims = [task.result() for task in tasks]

        got = [claim.question for claim in claims if claim is not None]
        assert len(got) == len(set(got)) == 6


def late_steps(state: Ports, claim: Claim) -> Sequence[Awaitable[None]]:
    """Return everything that can be done with a claim."""
    questions = state.questions
    return [
        questions.renew(claim, until=at(99)),
        questions.release(claim),
        questions.stage(claim, "遅い"),
        questions.posted(claim, "ts遅い"),
        questions.finish(claim, Outcome.ANSWERED, now=NOW, notices=[a_notice()]),
    ]


class LineContract:
    """What every `Line` and `OpenQuestions` does."""

    async def test_what_a_person_has_open_is_counted(self, state: Ports) -> None:
        await accepted(state, *(a_question(f"{n}") for n in range(3)))
        await accepted(state, a_question("他", asker="U鈴木", thread="他"))
        claim = await claimed(state)
        assert claim is not None

        async def load(now: float = 0) -> Load:
            return await state.line.load("U山田", surface=SLACK, now=at(now))

        assert await load() == Load(running=1, waiting=2)
        assert await load(now=30) == Load(running=0, waiting=3)
        await state.questions.finish(claim, Outcome.ANSWERED, now=NOW)
        assert await load() == Load(running=0, waiting=2)
        nobody = await state.line.load("U山田", surface="discord", now=NOW)
        assert nobody == Load(running=0, waiting=0)

    async def test_who_is_ahead_is_counted(self, state: Ports) -> None:
        later, first, middle = await accepted(
            state,
            a_question("3", asked=3),
            a_question("1", asked=1, thread="他"),
            a_question("2", asked=2),
        )

        counts = [await state.line.ahead(each) for each in (first, middle, later)]
        assert counts == [0, 1, 2]
        await state.questions.end(first, Outcome.CANCELLED, now=NOW)
        assert await state.line.ahead(first) is None
        assert await state.line.ahead(later) == 1
        assert await state.line.ahead(QuestionId("無い")) is None

    async def test_a_question_is_open_until_it_ends(self, state: Ports) -> None:
        assert not await state.line.any()
        claim = await at_work(state)
        assert await state.line.any()
        await state.questions.finish(claim, Outcome.REFUSED, now=NOW)
        assert not await state.line.any()

    async def test_what_is_due_later_holds_up_nobody(self, state: Ports) -> None:
        waiting, other = await accepted(
            state,
            a_question("1", due_at=at(45)),
            a_question("2", asked=2, thread="他"),
        )

        assert await state.line.ahead(other) == 0
        assert await state.line.ahead(waiting) == 1
        await state.questions.end(other, Outcome.CANCELLED, now=NOW)
        assert not await state.line.any()

    async def test_what_is_past_its_deadline_holds_nothing_up(
        self, state: Ports
    ) -> None:
        await accepted(state, a_question(expires_at=NOW))

        assert not await state.line.any()

    async def test_what_nobody_can_show_any_more_holds_nothing_up(
        self, state: Ports
    ) -> None:
        """Its process was killed, before or after it claimed the question."""
        earlier = NOW - timedelta(minutes=1)
        for number in range(2):
            question = a_question(f"{number}", thread=f"{number}", fleeting=True)
            await state.questions.accept(question, now=earlier)
        claim = await state.questions.claim(
            "甲", surfaces=SURFACES, now=earlier, until=at(1)
        )
        assert claim is not None

        assert await state.line.any(), "its lease is not over"
        await state.questions.renew(claim, until=NOW)
        assert not await state.line.any()


class InboxUpkeepContract:
    """What every `InboxUpkeep` does."""

    async def test_who_serves_alone_takes_over_at_once(self, state: Ports) -> None:
        claim = await at_work(state)
        upkeep = state.inbox_upkeep

        assert await upkeep.recover("甲", surfaces=SURFACES) == 0
        assert await upkeep.recover("乙", surfaces={"discord"}) == 0
        assert await claimed(state, worker="乙") is None
        assert await upkeep.recover("乙", surfaces=SURFACES) == 1

        again = await claimed(state, worker="乙")
        assert again is not None
        assert again.attempt == 2
        with pytest.raises(Conflict):
            await state.questions.stage(claim, "遅い")

    async def test_what_nobody_can_show_any_more_has_failed(self, state: Ports) -> None:
        claim = await at_work(state, a_question(fleeting=True))
        await accepted(state, a_question("残る", thread="残る"))

        assert await state.inbox_upkeep.abandon(now=at(29)) == 0
        assert await state.inbox_upkeep.abandon(now=at(30)) == 1
        assert await state.inbox_upkeep.abandon(now=at(31)) == 0

        with pytest.raises(Conflict, match="has ended"):
            await state.questions.finish(claim, Outcome.ANSWERED, now=at(31))
        assert await order(state) == ["残る"]

    async def test_who_waits_too_long_is_told(self, state: Ports) -> None:
        running, waiting = await accepted(
            state, a_question("1", thread="1"), a_question("2", asked=1)
        )
        await accepted(state, a_question("9", asked=9))
        claim = await claimed(state)
        assert claim is not None
        await state.questions.renew(claim, until=at(9_999))

        def telling(question: QuestionId, incoming: Incoming) -> Notice | None:
            assert incoming.origin.message == "2"
            return a_notice(question)

        for late, expected in ((900, []), (901, [waiting]), (902, [])):
            ended = await state.inbox_upkeep.expire(
                surfaces=SURFACES, now=at(late), telling=telling
            )
            assert ended == expected

        assert await take(state, now=901) == waiting
        await state.questions.finish(claim, Outcome.EXPIRED, now=at(902))
        assert claim.question == running
        assert await order(state, now=902) == ["9"]

    async def test_what_was_about_to_be_shown_is_shown_however_late(
        self, state: Ports
    ) -> None:
        """Some of it may be on the screen: that it is late would be a second answer."""
        claim = await at_work(state)
        await state.questions.stage(claim, "二十日")

        ended = await state.inbox_upkeep.expire(
            surfaces=SURFACES, now=at(9_999), telling=lambda *_: None
        )

        assert ended == []
        assert await claimed(state, now=9_999) == replace(
            claim, attempt=2, staged="二十日"
        )

    async def test_texts_are_forgotten_and_nothing_is_asked_again(
        self, state: Ports
    ) -> None:
        claim = await at_work(state)
        await state.questions.stage(claim, "二十日")
        turn = a_turn("有給休暇は何日ですか？")
        await state.questions.finish(
            claim, Outcome.ANSWERED, now=NOW, turn=turn, notices=[a_notice()]
        )
        open_one = a_question("開", asked=1)
        await accepted(state, open_one)
        upkeep = state.inbox_upkeep

        assert await upkeep.purge(before=NOW) == 0
        assert await upkeep.purge(before=at(1)) == 1
        assert await upkeep.purge(before=at(1)) == 0

        thread = claim.incoming.conversation
        assert await state.conversations.turns(thread, limit=9) == ()
        assert await take(state) == a_notice().key, "it was not delivered yet"
        assert not (await state.questions.accept(a_question(), now=NOW)).new
        waiting = await claimed(state)
        assert waiting is not None
        assert waiting.incoming == open_one


class OutboxContract:
    """What every `Outbox` does."""

    async def test_a_notice_is_delivered_once(self, state: Ports) -> None:
        for _ in range(2):
            await state.outbox.put([a_notice("一"), a_notice("二")], now=NOW)
        outbox = state.outbox
        first = await outbox.take(surfaces=SURFACES, now=NOW, until=at(30))
        assert first is not None
        assert first.notice == a_notice("一")
        await outbox.done(first, now=NOW)

        assert [await take(state), await take(state)] == ["二", None]
        assert await take(state, now=30) == "二", "its deliverer was killed"
        await outbox.put([a_notice("一")], now=NOW)
        assert await take(state) is None
        with pytest.raises(Conflict, match="was delivered"):
            await outbox.done(first, now=NOW)

    async def test_a_notice_that_cannot_be_delivered_waits(self, state: Ports) -> None:
        outbox = state.outbox
        await outbox.put([a_notice()], now=NOW)
        errand = await outbox.take(surfaces=SURFACES, now=NOW, until=at(30))
        assert errand is not None

        await outbox.retry(errand, at=at(300))

        assert await take(state, now=299) is None
        assert await take(state, now=300) == a_notice().key
        with pytest.raises(Conflict):
            await outbox.retry(errand, at=at(1))

    async def test_only_notices_of_these_surfaces_are_taken(self, state: Ports) -> None:
        await state.outbox.put([replace(a_notice(), surface="discord")], now=NOW)

        assert await take(state) is None


class QuestionsContract(
    InboxContract, ClaimsContract, LineContract, InboxUpkeepContract, OutboxContract
):
    """What the ports of the inbox promise together."""
