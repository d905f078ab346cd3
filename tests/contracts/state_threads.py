"""The promises of `Threads` and `Askings`, as tests that every database passes."""

from dataclasses import replace

from bot.core.inbox import Kind, Origin, QuestionId
from bot.core.model import ConversationId, Language, Outcome
from tests.contracts.state_questions import (
    SLACK,
    a_question,
    accepted,
    at,
    at_work,
    claimed,
)
from tests.contracts.state_records import NOW, Ports

THREAD = a_question().conversation
OTHER = ConversationId("slack:T1:C総務:他")


class ThreadsContract:
    """What every `Threads` and `Askings` does."""

    async def test_where_something_was_asked_we_are_engaged(self, state: Ports) -> None:
        assert not await state.threads.engaged(THREAD, since=NOW)
        await accepted(state, a_question())

        assert await state.threads.engaged(THREAD, since=NOW)
        assert not await state.threads.engaged(OTHER, since=NOW)

    async def test_engagement_ends_with_time(self, state: Ports) -> None:
        await accepted(state, a_question())

        assert not await state.threads.engaged(THREAD, since=at(1))

    async def test_a_hushed_conversation_is_resumed(self, state: Ports) -> None:
        await accepted(state, a_question())

        assert await state.threads.hush(THREAD, now=NOW)
        assert not await state.threads.hush(THREAD, now=at(1))
        assert not await state.threads.engaged(THREAD, since=NOW)
        await state.threads.resume(THREAD)
        await state.threads.resume(THREAD)

        assert await state.threads.engaged(THREAD, since=NOW)

    async def test_nobody_is_hushed_who_was_not_there(self, state: Ports) -> None:
        assert not await state.threads.hush(OTHER, now=NOW)
        await state.threads.resume(OTHER)

        assert not await state.threads.engaged(OTHER, since=NOW)

    async def test_an_answer_elsewhere_opens_the_same_conversation(
        self, state: Ports
    ) -> None:
        command = replace(a_question("1712.9"), kind=Kind.COMMAND)
        claim = await at_work(state, command)
        await state.questions.posted(claim, "1712.10")
        reply = Origin(surface=SLACK, workspace="T1", channel="D1", message="1712.10")

        found = await state.threads.opened_by(reply, asker="U山田")

        assert found == THREAD
        assert await state.threads.opened_by(reply, asker="U佐藤") is None
        elsewhere = replace(reply, workspace="T2")
        assert await state.threads.opened_by(elsewhere, asker="U山田") is None

    async def test_a_question_comes_back_as_it_came_in(self, state: Ports) -> None:
        [question] = await accepted(state, a_question())

        assert await state.threads.incoming(question) == a_question()
        assert await state.threads.incoming(QuestionId("無い")) is None

    async def test_the_language_of_a_conversation_is_that_of_its_last_question(
        self, state: Ports
    ) -> None:
        first = a_question("1712.1")
        said = [(first, Language.JA), (replace(first, event="Ev2"), Language.EN)]
        here = first.conversation
        assert await state.threads.language(here) is None
        for number, (question, language) in enumerate(said):
            origin = replace(question.origin, message=f"1712.{number}")
            await accepted(state, replace(question, origin=origin, language=language))

            assert await state.threads.language(here) is language

    async def test_what_a_person_asked_last_comes_first_until_it_is_forgotten(
        self, state: Ports
    ) -> None:
        for number in range(3):
            asked = replace(a_question(f"1712.{number}"), text=f"{number}番目は？")
            [last] = await accepted(state, asked)
        await accepted(state, replace(a_question("1712.8"), asker="U佐藤"))
        threads = state.threads

        found = await threads.recent("U山田", surface=SLACK, limit=2)

        assert [each.text for each in found] == ["2番目は？", "1番目は？"]
        assert not await threads.recent("U山田", surface="discord", limit=2)
        await state.questions.end(last, Outcome.CANCELLED, now=NOW)
        await state.inbox_upkeep.purge(before=at(1))
        [newest, _] = await threads.recent("U山田", surface=SLACK, limit=9)
        assert newest.text == "1番目は？"

    async def test_the_messages_of_an_answer_are_known(self, state: Ports) -> None:
        claim = await at_work(state)
        await state.questions.posted(claim, "1712.10")
        await state.questions.posted(claim, "1712.11")

        assert await state.threads.messages(claim.question) == ("1712.10", "1712.11")
        assert await state.threads.messages(QuestionId("無い")) == ()

    async def test_an_answer_is_known_until_it_is_forgotten(self, state: Ports) -> None:
        claim = await at_work(state)
        assert await state.threads.staged(claim.question) is None
        await state.questions.stage(claim, '{"text": "二十日です"}')
        await state.questions.finish(claim, Outcome.ANSWERED, now=NOW)

        assert await state.threads.staged(claim.question) == '{"text": "二十日です"}'
        await state.inbox_upkeep.purge(before=at(1))
        assert await state.threads.staged(claim.question) is None
        assert await state.threads.staged(QuestionId("無い")) is None
        left = await state.threads.incoming(claim.question)
        assert left == replace(a_question(), text="", hints={})

    async def test_open_questions_are_found_by_place_and_asker(
        self, state: Ports
    ) -> None:
        first, second, ended = await accepted(
            state,
            a_question("1"),
            a_question("2", asker="U佐藤"),
            a_question("3"),
        )
        await state.questions.end(ended, Outcome.CANCELLED, now=NOW)

        assert list(await state.threads.open_in(THREAD)) == [
            (first, "U山田"),
            (second, "U佐藤"),
        ]
        assert list(await state.threads.open_of("U山田", surface=SLACK)) == [first]
        assert not await state.threads.open_of("U山田", surface="discord")

    async def test_what_is_overheard_was_asked_once_it_is_answered(
        self, state: Ports
    ) -> None:
        claim = await at_work(state, a_question(kind=Kind.OVERHEARD, due_at=NOW))
        threads = state.threads
        assert not await threads.engaged(THREAD, since=NOW)
        assert not await threads.recent("U山田", surface=SLACK, limit=9)

        await state.questions.posted(claim, "1712.10")

        assert await threads.engaged(THREAD, since=NOW)
        assert await threads.recent("U山田", surface=SLACK, limit=9)

    async def test_what_was_overheard_in_vain_was_not_asked(self, state: Ports) -> None:
        [question] = await accepted(state, a_question(kind=Kind.OVERHEARD))
        await state.questions.end(question, Outcome.ANSWERED, now=NOW)

        assert not await state.threads.engaged(THREAD, since=NOW)
        assert not await state.threads.recent("U山田", surface=SLACK, limit=9)

    async def test_what_a_person_asked_is_told_from_what_was_overheard(
        self, state: Ports
    ) -> None:
        heard, asked = await accepted(
            state, a_question("1", kind=Kind.OVERHEARD), a_question("2")
        )
        open_of = state.threads.open_of

        assert list(await open_of("U山田", surface=SLACK)) == [heard, asked]
        without = await open_of("U山田", surface=SLACK, without={Kind.OVERHEARD})
        assert list(without) == [asked]

    async def test_what_a_channel_hears_of_us_unasked_is_counted(
        self, state: Ports
    ) -> None:
        place = a_question().origin
        elsewhere = replace(place, channel="C2", message="5")
        claim = await at_work(state, a_question("1", kind=Kind.OVERHEARD))
        await state.questions.posted(claim, "1712.10")
        await state.questions.finish(claim, Outcome.ANSWERED, now=NOW)
        _, in_vain, *_ = await accepted(
            state,
            a_question("2", kind=Kind.OVERHEARD),
            a_question("3", kind=Kind.OVERHEARD),
            a_question("4"),
            a_question("5", kind=Kind.OVERHEARD, origin=elsewhere),
        )
        await state.questions.end(in_vain, Outcome.CANCELLED, now=NOW)

        assert await state.threads.overheard(place, since=NOW) == 2
        assert await state.threads.overheard(place, since=at(1)) == 0
        assert await state.threads.overheard(elsewhere, since=NOW) == 1

    async def test_row_26_a_waiting_question_asks_something_else(
        self, state: Ports
    ) -> None:
        [question] = await accepted(state, a_question())

        assert await state.threads.replace(question, "How many days?", Language.EN)

        claim = await claimed(state)
        assert claim is not None
        assert claim.incoming.text == "How many days?"
        assert claim.incoming.language is Language.EN
        assert not await state.threads.replace(question, "何日？", Language.JA)

    async def test_what_has_ended_asks_nothing_else(self, state: Ports) -> None:
        [question] = await accepted(state, a_question())
        await state.questions.end(question, Outcome.CANCELLED, now=NOW)

        assert not await state.threads.replace(question, "何日？", Language.JA)

    async def test_how_a_question_ended_is_known_once_it_has(
        self, state: Ports
    ) -> None:
        [question] = await accepted(state, a_question())

        before = await state.threads.outcome(question)
        await state.questions.end(question, Outcome.EXPIRED, now=NOW)

        assert before is None
        assert await state.threads.outcome(question) is Outcome.EXPIRED
        assert await state.threads.outcome(QuestionId("知らない")) is None
