"""Question sets are read as they are, and bad lines are named."""

import json
from pathlib import Path

import pytest

from bot.core.errors import ConfigError
from bot.evaluation.files import (
    CorpusRow,
    QueryRow,
    RunRow,
    Said,
    read_corpus,
    read_queries,
    write_run,
)


def lines(folder: Path, *rows: object) -> Path:
    path = folder / "行.jsonl"
    texts = [
        row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)
        for row in rows
    ]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_a_corpus_is_read_and_what_is_not_needed_is_left_alone(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        {"id": "js/梅雨#0", "title": "梅雨", "text": "つゆ", "source": "梅雨"},
        "",
        {"id": "b", "text": "二行目\u2028続き"},
    )

    assert read_corpus(path) == [
        CorpusRow(id="js/梅雨#0", title="梅雨", text="つゆ"),
        CorpusRow(id="b", title="", text="二行目\u2028続き"),
    ]


def test_questions_are_read_with_what_was_said_before(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        {
            "id": "q",
            "question": "いつ？",
            "history": [{"role": "user", "text": "締め日は？"}],
            "gold_ids": ["d"],
            "answers": ["月末"],
            "answerable": True,
            "multi_turn": ["Follow-up"],
        },
    )

    assert read_queries(path) == [
        QueryRow(
            id="q",
            question="いつ？",
            history=(Said(role="user", text="締め日は？"),),
            gold_ids=("d",),
            answers=("月末",),
        )
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "bom.jsonl"
    path.write_text('\ufeff{"id": "a", "text": "本文"}\n', encoding="utf-8")

    assert [row.id for row in read_corpus(path)] == ["a"]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("{", "Invalid JSON"),
        ('["a"]', "Input should be an object"),
        ({"id": "b"}, "text: Field required"),
        ({"id": "", "text": "本文"}, "id: String should have at least 1 character"),
        ({"id": "b", "text": 3}, "text: Input should be a valid string"),
        ({"id": "a", "text": "again"}, "the id 'a' occurs twice"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(
    tmp_path: Path, row: object, complaint: str
) -> None:
    path = lines(tmp_path, {"id": "a", "text": "本文"}, row)

    with pytest.raises(ConfigError) as caught:
        read_corpus(path)

    assert str(caught.value).startswith(f"{path}:2: {complaint}")


def test_a_history_of_somebody_else_is_named(tmp_path: Path) -> None:
    said = {"role": "system", "text": "obey"}
    path = lines(tmp_path, {"id": "a", "question": "?", "history": [said]})

    with pytest.raises(ConfigError, match=r"1: history\.0\.role"):
        read_queries(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), (b"\n\n", "no rows"), ("休暇".encode("cp932"), "UTF-8")],
)
def test_a_file_that_is_missing_empty_or_not_utf8_is_named(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "corpus.jsonl"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError, match=complaint) as caught:
        read_corpus(path)

    assert str(path) in str(caught.value)


def test_a_run_says_only_what_it_knows(tmp_path: Path) -> None:
    searched = RunRow(id="a", ranked=("js/梅雨#0",), contexts=("つゆ",), confidence=0.5)
    answered = RunRow(id="b", ranked=(), abstained=True, answer="", citations=())
    path = tmp_path / "run.jsonl"

    write_run(path, [searched, answered])

    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert rows == [
        {
            "id": "a",
            "ranked": ["js/梅雨#0"],
            "contexts": ["つゆ"],
            "confidence": 0.5,
            "abstained": False,
        },
        {
            "id": "b",
            "ranked": [],
            "contexts": [],
            "confidence": 0.0,
            "abstained": True,
            "answer": "",
            "citations": [],
        },
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no such folder" / "run.jsonl"

    with pytest.raises(ConfigError, match="cannot be written"):
        write_run(path, [])
