"""The bundled documents are what their questions, the demo and the README say."""

import json
import shutil
import threading
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot import settings
from bot.commands.demo import QUESTIONS
from bot.core.model import Language
from bot.evaluation.files import read_queries
from bot.text.language import detect
from connectors import confluence, folder, git
from connectors.api import PUB, Connect, Context, Document, Entry, Failed, principal
from tests.samples import build

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"
CONNECT: Mapping[str, Connect] = {
    "confluence": confluence.connect,
    "git": git.connect,
    "folder": folder.connect,
}
SALARIES = "handbook:1100115"
BOARD = "handbook:1100120"
HIRING = "handbook:1100121"

Read = Mapping[str, tuple[Entry, Document]]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Everything that the three sources hold, by document id."""
    cache = tmp_path_factory.mktemp("cache")
    return {
        f"{source.name}:{entry.id}": (entry, document)
        for source in settings.load(SAMPLES / "shirube.toml").sources
        for entry, document in read(source, cache / source.name)
    }


def read(source: settings.SourceSettings, cache: Path) -> list[tuple[Entry, Document]]:
    context = Context(
        source=source.name,
        options=source.options,
        base=SAMPLES,
        cache=cache,
        layers=(frozenset(source.access),) if source.access else (),
        link=source.link,
    )
    pairs: list[tuple[Entry, Document]] = []
    connector = CONNECT[source.connector](context)
    with connector.open(None, stop=threading.Event()) as snapshot:
        for entry in snapshot.entries():
            assert not isinstance(entry, Failed), entry
            document = snapshot.fetch(entry)
            assert not isinstance(document, Failed), document
            pairs.append((entry, document))
    return pairs


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """The questions as they stand in their file."""
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


# --- building ----------------------------------------------------------------


def test_the_sources_give_the_files_that_are_bundled(tmp_path: Path) -> None:
    build.build(tmp_path)

    for name in ("handbook.zip", "runbooks.bundle"):
        fresh, bundled = tmp_path / name, SAMPLES / name
        look = build.unzipped if name.endswith(".zip") else build.heads

        assert look(fresh) == look(bundled)


def test_building_again_leaves_equal_files_alone(tmp_path: Path) -> None:
    names = ("handbook.zip", "runbooks.bundle")
    for name in names:
        shutil.copy(SAMPLES / name, tmp_path)

    build.build(tmp_path)

    for name in names:
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()


def test_everything_together_is_small() -> None:
    files = [path for path in SAMPLES.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) < 500_000


def test_the_wheel_carries_what_the_settings_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    sources = settings.load(SAMPLES / "shirube.toml").sources
    named = {"shirube.toml", *(str(source.options["path"]) for source in sources)}

    assert carried == {f"tests/samples/{name}": f"bot/samples/{name}" for name in named}


# --- documents ---------------------------------------------------------------


def test_there_are_about_sixty_documents_in_two_languages(documents: Read) -> None:
    spoken = Counter(detect(document.markdown) for _, document in documents.values())

    assert 55 <= len(documents) <= 75
    assert spoken[Language.JA] >= 20
    assert spoken[Language.EN] >= 20


def test_documents_are_as_long_as_real_ones(documents: Read) -> None:
    lengths = {key: len(document.markdown) for key, (_, document) in documents.items()}

    assert {key: length for key, length in lengths.items() if length < 200} == {}
    assert {key: length for key, length in lengths.items() if length > 2500} == {}


def test_nothing_is_lost_in_reading(documents: Read) -> None:
    warned = {
        key: document.warnings
        for key, (_, document) in documents.items()
        if document.warnings
    }

    assert warned == {}


def test_every_document_has_an_address(documents: Read) -> None:
    pages = [document.link.page or "" for _, document in documents.values()]

    assert len(set(pages)) == len(documents)
    assert all("//" in page and ".example." in page for page in pages)


def test_salaries_are_for_the_personnel_department(documents: Read) -> None:
    entry, document = documents[SALARIES]

    assert frozenset({principal("grp:confluence", "人事部")}) in entry.layers
    assert "718万円" in document.markdown


def test_a_page_below_a_restricted_one_is_restricted(documents: Read) -> None:
    board = frozenset({principal("grp:confluence", "役員会")})

    assert board in documents[BOARD][0].layers
    assert board in documents[HIRING][0].layers


def test_everything_else_is_for_everybody(documents: Read) -> None:
    narrow = {
        key
        for key, (entry, _) in documents.items()
        if entry.layers != (frozenset({PUB}),)
    }

    assert narrow == {SALARIES, BOARD, HIRING}


def test_drafts_deleted_pages_and_old_versions_are_no_documents(
    documents: Read,
) -> None:
    texts = [document.markdown for _, document in documents.values()]

    in_export = build.handbook()["entities.xml"].decode()
    for told in ("6,500円", "社員旅行2024の案内", "合わせて10日", "Monday at 9:00"):
        assert told in in_export
        assert not any(told in text for text in texts)


def test_pages_have_their_labels_files_and_place(documents: Read) -> None:
    _, expenses = documents["handbook:1100133"]

    assert set(expenses.labels) == {"経理", "手順"}
    assert [file.name for file in expenses.attachments] == [
        "支払証明書.xlsx",
        "経費一括入力_2026.xlsx",
    ]
    assert expenses.path[-1] == "経費・出張"


def test_runbooks_have_two_authors_and_lines_of_their_own(documents: Read) -> None:
    runbooks = [doc for key, (_, doc) in documents.items() if key.startswith("runb")]

    assert {runbook.author for runbook in runbooks} == {"Ingrid Vaughn", "三枝 航"}
    assert all(runbook.link.lines for runbook in runbooks)


def test_one_note_is_not_in_utf_8(documents: Read) -> None:
    name = "総務/入退館カード.txt"
    data = (SAMPLES / "notes" / name).read_bytes()

    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    assert "①名前、②会社名" in documents[f"notes:{name}"][1].markdown


# --- questions ---------------------------------------------------------------


def test_there_are_questions_of_every_kind() -> None:
    rows = read_queries(SAMPLES / "questions.jsonl")

    assert len(rows) >= 66
    assert sum(not row.answerable for row in rows) >= 12
    assert sum(bool(row.history) for row in rows) >= 6


def test_every_kind_is_asked_in_both_languages(rows: list[dict[str, Any]]) -> None:
    kinds = {(row["kind"], row["language"]) for row in rows}

    for kind in (
        *("plain", "versions", "keyword", "polite", "cross"),
        *("followup", "unanswerable", "restricted"),
    ):
        assert {(kind, "ja"), (kind, "en")} <= kinds
    for row in rows:
        assert detect(row["question"]) == row["language"], row


def test_every_gold_document_holds_an_answer(
    rows: list[dict[str, Any]], documents: Read
) -> None:
    for row in rows:
        for gold in row["gold_ids"]:
            markdown = documents[gold][1].markdown

            assert any(answer in markdown for answer in row["answers"]), row


def test_every_answer_stands_in_a_gold_document(
    rows: list[dict[str, Any]], documents: Read
) -> None:
    for row in rows:
        texts = [documents[gold][1].markdown for gold in row["gold_ids"]]
        for answer in row["answers"]:
            assert any(answer in text for text in texts), (row, answer)


def test_what_has_no_document_has_no_answer(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert bool(row["gold_ids"]) == bool(row["answers"]) == row["answerable"], row


def test_a_question_in_the_other_language_is_answered_by_one_of_it(
    rows: list[dict[str, Any]], documents: Read
) -> None:
    for row in rows:
        if row["kind"] == "cross":
            gold = documents[row["gold_ids"][0]][1]

            assert detect(gold.markdown) != row["language"], row


def test_the_demo_asks_two_questions_that_are_answered_and_one_that_is_not(
    rows: list[dict[str, Any]],
) -> None:
    known = {row["question"]: (row["language"], row["answerable"]) for row in rows}

    assert [known[question] for question in QUESTIONS] == [
        ("ja", True),
        ("en", True),
        ("ja", False),
    ]
