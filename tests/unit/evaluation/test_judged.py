"""Answers that people judged become lines that `eval` and trainers read."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.feedback import Complaint, Judged, Judgement, Provenance, Verdict
from bot.core.inbox import QuestionId
from bot.core.model import (
    Answer,
    AnswerKind,
    Citation,
    Context,
    GenerationId,
    Language,
    Outcome,
    Reason,
)
from bot.evaluation.files import QueryRow, Said, read_queries
from bot.evaluation.judged import deciding, line, row
from tests.contracts.state_feedback import MADE, a_judgement
from tests.contracts.state_questions import a_question, a_turn, at
from tests.contracts.state_records import LEAVE, TRAVEL

ID = QuestionId("質1")
ASKER = a_question().asker


def an_answer() -> Answer:
    citation = Citation(
        number=1,
        document=LEAVE,
        revision=3,
        title="休暇規程",
        path=(),
        heading_path=(),
        url=None,
        quote="二十日",
        updated_at=None,
    )
    return Answer(
        text="二十日です[1]。",
        language=Language.JA,
        kind=AnswerKind.GENERATED,
        citations=(citation,),
        confidence=0.9,
        generation=GenerationId("g2"),
        contexts=(
            Context(document=LEAVE, revision=3, text="休暇規程 › 年次\n二十日"),
            Context(document=TRAVEL, revision=12, text="旅費\n\u2028一泊"),
        ),
    )


def judged(*judgements: Judgement, **other: Any) -> Judged:
    plain = Judged(
        question=ID,
        incoming=a_question(),
        outcome=Outcome.ANSWERED,
        provenance=MADE,
        judgements=judgements or (a_judgement(ID),),
    )
    return replace(plain, **other)


def test_a_line_is_a_question_of_eval_with_what_a_good_answer_cites(
    tmp_path: Path,
) -> None:
    path = tmp_path / "評価.jsonl"
    history = (a_turn("有給は？"), a_turn("半休は？", answer=""))
    path.write_text(line(row(judged(history=history), an_answer())), "utf-8")

    assert read_queries(path) == [
        QueryRow(
            id=ID,
            question=a_question().text,
            history=(
                Said(role="user", text="有給は？"),
                Said(role="assistant", text="二十日です[1]。"),
                Said(role="user", text="半休は？"),
            ),
            gold_ids=(LEAVE, TRAVEL),
        )
    ]


def test_a_line_says_all_that_led_to_the_answer_and_nobody_s_name() -> None:
    why = a_judgement(
        ID, verdict=Verdict.BAD, complaint=Complaint.OUTDATED, note="去年のです"
    )
    text = line(row(judged(why), an_answer()))
    read = json.loads(text)

    assert ASKER not in text
    assert read == {
        "id": ID,
        "question": a_question().text,
        "history": [],
        "language": "ja",
        "kind": "mention",
        "asked_at": at(0).isoformat().replace("+00:00", "Z"),
        "outcome": "answered",
        "answer": "二十日です[1]。",
        "contexts": ["休暇規程 › 年次\n二十日", "旅費\n\u2028一泊"],
        "citations": [LEAVE],
        "revisions": [[LEAVE, 3], [TRAVEL, 12]],
        "verdict": "bad",
        "reason": "outdated",
        "opinions": [
            {
                "by": "asker",
                "verdict": "bad",
                "reason": "outdated",
                "note": "去年のです",
                "given_at": at(60).isoformat().replace("+00:00", "Z"),
            }
        ],
        "gold_ids": [],
        "answerable": True,
        "written_by": "generated",
        "model": MADE.model,
        "digest": MADE.digest,
        "prompt": MADE.prompt,
        "generation": "g2",
    }


def test_nothing_in_a_line_ends_it_or_steers_a_terminal() -> None:
    note = "一\u2028二\u0085三\x9b31m四\u202e五\n六\x1b"
    text = line(row(judged(a_judgement(ID, note=note)), None))

    assert len(text.splitlines()) == 1
    assert not set(text) & set("\x9b\u202e\u2028\u0085\x1b")
    assert json.loads(text)["opinions"][0]["note"] == note


def test_who_agrees_that_nothing_was_found_says_that_there_is_nothing() -> None:
    nowhere = Provenance(reason=Reason.NOT_FOUND)
    refused: dict[str, Any] = {"outcome": Outcome.REFUSED, "provenance": nowhere}
    wanted = a_judgement(ID, verdict=Verdict.BAD, complaint=Complaint.NOT_FOUND)

    agreed = row(judged(**refused), None)
    missed = row(judged(wanted, **refused), None)

    assert (agreed.answerable, agreed.not_answered) == (False, "not_found")
    assert (missed.answerable, missed.reason) == (True, "not_found")


@pytest.mark.parametrize(
    ("given", "decided"),
    [
        ("a+ r- r-", "good"),
        ("a- r+ r+", "bad"),
        ("r+ r+ r-", "good"),
        ("r+ r-", "bad"),
        ("r+", "good"),
    ],
)
def test_the_asker_decides_else_most_readers(given: str, decided: str) -> None:
    judgements = [
        a_judgement(
            ID,
            person=ASKER if "a" in each else f"読{number}",
            verdict=Verdict.GOOD if "+" in each else Verdict.BAD,
        )
        for number, each in enumerate(given.split())
    ]

    read = row(judged(*judgements), None)

    assert read.verdict == decided


def test_the_reason_is_the_one_that_most_give() -> None:
    reasons = (Complaint.WRONG, Complaint.OUTDATED, Complaint.OUTDATED, None)
    judgements = [
        a_judgement(ID, person=f"読{n}", verdict=Verdict.BAD, complaint=reason)
        for n, reason in enumerate(reasons)
    ]

    assert deciding(row(judged(*judgements), None).opinions) == ("bad", "outdated")
