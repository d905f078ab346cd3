"""What was said is nowhere in the files once it is forgotten, nor in later backups."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.feedback import Verdict
from bot.core.inbox import QuestionId
from bot.core.model import Outcome
from bot.state import upkeep
from bot.state.store import State, open_state, state_site
from tests.contracts.state_feedback import CHANNELS, MADE, a_judgement, judged
from tests.contracts.state_questions import (
    SURFACES,
    a_notice,
    a_question,
    a_turn,
    accepted,
    at,
    at_work,
    take,
)
from tests.contracts.state_records import NOW

SECRET = "人事評価の件"  # of nobody: the words that are looked for
LONG = f"{SECRET}について。" * 3000
"""Longer than a page, so that it is kept apart from its row."""


async def a_life(state: State, message: str, *, text: str = SECRET) -> QuestionId:
    """One question with all that is ever written of it, told and judged."""
    question = a_question(
        message, thread=message, text=text, hints={"前の発言": SECRET}
    )
    claim = await at_work(state, question)
    await state.questions.stage(claim, f'{{"text": "{text}"}}')
    await state.questions.finish(
        claim, Outcome.ANSWERED, now=NOW, turn=a_turn(text, answer=text), made=MADE
    )
    notice = replace(a_notice(f"{message}:知らせ"), content=text)
    await state.outbox.put([notice], now=NOW)
    errand = await state.outbox.take(surfaces=SURFACES, now=NOW, until=at(30))
    assert errand is not None
    await state.outbox.done(errand, now=NOW)
    await state.feedback.record(
        a_judgement(claim.question, verdict=Verdict.BAD, note=f"{SECRET}ではない")
    )
    return claim.question


def found_in(folder: Path) -> dict[str, int]:
    """Count the secret in every file there, packed or not, in either spelling."""
    spelled = (
        SECRET.encode(),
        SECRET.encode("unicode_escape"),
        SECRET.encode("utf-16"),
    )
    counts = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
            counts[path.name] = sum(content.count(each) for each in spelled)
    return counts


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    async with open_state(tmp_path, clock=lambda: NOW) as state:
        yield state


async def test_a_purge_leaves_no_word_in_database_log_or_later_backups(
    state: State, tmp_path: Path
) -> None:
    kept = await a_life(state, "1", text="昼食の件")
    for number in range(2, 40):
        await a_life(state, f"{number}", text=LONG if number % 3 else SECRET)
    assert found_in(tmp_path)["state.db-wal"] > 100

    assert await state.inbox_upkeep.purge(before=at(1)) == 39

    backup = await upkeep.back_up(state_site(tmp_path), tmp_path, now=NOW)
    counts = found_in(tmp_path)
    assert {backup.name, "state.db"} <= counts.keys()
    assert set(counts.values()) == {0}, counts
    assert await state.questions.find(a_question("1", thread="1").origin) == kept


async def test_what_is_kept_is_whole_after_what_is_forgotten(
    state: State, tmp_path: Path
) -> None:
    for number in range(20):
        await a_life(state, f"{number}", text=LONG)
    claim = await at_work(state, a_question("最後", thread="最後", text=LONG))
    await state.questions.finish(claim, Outcome.ANSWERED, now=at(60), made=MADE)
    await state.feedback.record(a_judgement(claim.question))

    await state.inbox_upkeep.purge(before=at(60))

    [left] = await judged(state)
    assert left.incoming.text == LONG
    assert found_in(tmp_path)["state.db"] == LONG.count(SECRET)


async def test_while_somebody_reads_the_purge_waits_for_nobody(
    state: State, tmp_path: Path
) -> None:
    """What was said is forgotten at once, and out of the log after the next purge."""
    question = await a_life(state, "1")
    async with state.questions._database.reading() as connection:
        await connection.exec_driver_sql("SELECT count(*) FROM questions")
        assert await state.inbox_upkeep.purge(before=at(1)) == 1
        incoming = await state.threads.incoming(question)
        assert incoming is not None
        assert incoming.text == ""

    await state.inbox_upkeep.purge(before=at(1))

    assert set(found_in(tmp_path).values()) == {0}


async def test_without_retention_nothing_outlives_the_end(tmp_path: Path) -> None:
    async with open_state(tmp_path, clock=lambda: NOW, keep_texts=False) as state:
        question = await a_life(state, "1", text=LONG)
        cancelled, expired, gone = await accepted(
            state,
            a_question("2", thread="2", text=SECRET),
            a_question("3", thread="3", text=SECRET, expires_at=NOW),
            a_question("4", thread="4", text=SECRET, fleeting=True),
        )
        await state.questions.end(cancelled, Outcome.CANCELLED, now=NOW)
        told: list[str] = []
        await state.inbox_upkeep.expire(
            surfaces=SURFACES,
            now=NOW,
            telling=lambda _, incoming: told.append(incoming.text),
        )
        await state.inbox_upkeep.abandon(now=at(60))

        for each in (question, cancelled, expired, gone):
            left = await state.threads.incoming(each)
            assert left is not None
            assert (left.text, dict(left.hints)) == ("", {})
        assert told == [SECRET], "who is told is told what was asked"
        assert await state.conversations.turns(a_question().conversation, limit=9) == ()
        assert await judged(state) == []
        assert not await state.feedback.unmet(kinds=CHANNELS, ended_since=NOW)
        assert await take(state) is None
        await state.inbox_upkeep.purge(before=NOW)
        assert set(found_in(tmp_path).values()) == {0}
