"""What is said of the state database, the index and its keys, from plain facts."""

from dataclasses import replace

import pytest

from bot.core.model import Language
from bot.core.reports import (
    Connections,
    DatabaseReport,
    IndexReport,
    Node,
    Rights,
)
from bot.ops.check import Finding, Level
from bot.ops.stores import (
    Use,
    database_findings,
    engine_findings,
    generation_finding,
    key_finding,
)
from tests.contracts.index_records import a_generation

SERVER = DatabaseReport(
    engine="PostgreSQL 15.14",
    schema="0002",
    place="postgresql://shirube@db/標",
    size=53_248,
    connections=Connections(used=12, most=97),
)
CLUSTER = IndexReport(
    engine="Weaviate 1.39.0",
    place="http://weaviate:8080",
    copies=3,
    shards=1,
    nodes=tuple(Node(name=f"n{n}", healthy=True, version="1.39.0") for n in (1, 2, 3)),
)
WRITE = ("create_data", "delete_data")
READER = Rights(lacks_writing=("create_data on Kb_*", "delete_data on Kb_*"))
WRITER = Rights(beyond_reading=WRITE)
NOBODY = Rights(
    lacks_reading=("read_data on Kb_*",),
    lacks_writing=("read_data on Kb_*", "create_data on Kb_*"),
)


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(str(finding.level), finding.text) for finding in findings]


def test_a_server_is_named_with_its_connections() -> None:
    found = told([*database_findings(SERVER, Language.JA)])

    assert found == [
        (
            "ok",
            "PostgreSQL 15.14、スキーマ 0002、53.2 kB、postgresql://shirube@db/標",
        ),
        ("ok", "接続は 97 本中 12 本を使用中です。"),
    ]


def test_few_connections_and_a_standby_are_found() -> None:
    full = replace(SERVER, connections=Connections(used=92, most=97), read_only=True)
    levels = [(each.level, each.text) for each in database_findings(full, Language.EN)]

    assert [level for level, _ in levels] == [Level.OK, Level.ERROR, Level.WARNING]
    assert "point state.url at the primary" in levels[1][1]
    assert "Only 5 connections are left (92 of 97" in levels[2][1]
    assert "raise max_connections" in levels[2][1]


@pytest.mark.parametrize(
    ("away", "level", "said"),
    [
        (0, Level.OK, "All 3 nodes are healthy"),
        (1, Level.WARNING, "2 of 3 nodes are healthy; start those that are away: n3"),
        (2, Level.ERROR, "Only 1 of 3 nodes are healthy, and nothing can be written"),
    ],
)
def test_nodes_are_counted(away: int, level: Level, said: str) -> None:
    nodes = tuple(
        replace(node, healthy=number < 3 - away)
        for number, node in enumerate(CLUSTER.nodes)
    )
    report = replace(CLUSTER, nodes=nodes)
    first, second = engine_findings(report, Language.EN, copies=3)

    assert (first.level, first.text.split(",")[2:]) == (
        Level.OK,
        [" copies 3", " shards 1"],
    )
    assert (second.level, said in second.text) == (level, True)


def test_a_node_that_is_not_even_listed_any_more_is_missed() -> None:
    two, one = replace(CLUSTER, nodes=CLUSTER.nodes[:2]), replace(CLUSTER, nodes=())
    _, found = engine_findings(two, Language.JA, copies=3)

    assert found.level is Level.WARNING
    assert found.text.startswith("ノード 3 台のうち 2 台だけが正常です")
    assert "n1, n2 以外" in found.text
    assert len([*engine_findings(one, Language.JA, copies=3)]) == 1


@pytest.mark.parametrize(
    ("report", "copies", "said"),
    [
        (CLUSTER, 1, "The index has copies: 3, and the settings say 1"),
        (replace(CLUSTER, copies=1), 1, "set index.replication = 3"),
        (
            replace(CLUSTER, clouds=("a", "b", "c", "d")),
            3,
            "4 modules that can send texts to services outside (such as a, b, c)",
        ),
        (
            replace(
                CLUSTER,
                nodes=(*CLUSTER.nodes[1:], Node(name="n4", healthy=True, version="2")),
            ),
            3,
            "different versions (1.39.0, 2)",
        ),
    ],
)
def test_what_may_become_a_problem_is_a_warning(
    report: IndexReport, copies: int, said: str
) -> None:
    found = [*engine_findings(report, Language.EN, copies=copies)]

    assert [each.level for each in found if said in each.text] == [Level.WARNING]
    assert sum(each.level is not Level.OK for each in found) == 1


def test_an_index_that_takes_no_writes_is_an_error() -> None:
    report = IndexReport(
        engine="LanceDB 0.40.0", place="/srv/索引", size=7, read_only=True
    )
    first, second = engine_findings(report, Language.JA, copies=1)

    assert first.text == "LanceDB 0.40.0、/srv/索引、7 B"
    assert second.level is Level.ERROR
    assert second.text.startswith("/srv/索引 は書き込みを受け付けません")


@pytest.mark.parametrize(
    ("rights", "use", "level", "said"),
    [
        (READER, Use.READING, Level.OK, "may read, and nothing more"),
        (WRITER, Use.READING, Level.WARNING, "(create_data, delete_data); take them"),
        (NOBODY, Use.READING, Level.ERROR, "lacks read_data on Kb_*; give its role"),
        (WRITER, Use.WRITING, Level.OK, "may read and write"),
        (READER, Use.WRITING, Level.ERROR, "lacks create_data on Kb_*, delete_data"),
        (WRITER, Use.BOTH, Level.OK, "index.reader_key"),
        (READER, Use.BOTH, Level.WARNING, "a sync needs create_data on Kb_*"),
        (NOBODY, Use.BOTH, Level.ERROR, "lacks read_data on Kb_*; give"),
    ],
)
def test_a_key_is_judged_by_what_it_is_for(
    rights: Rights, use: Use, level: Level, said: str
) -> None:
    found = key_finding("index.api_key", rights, use, Language.EN)

    assert (found.level, said in found.text) == (level, True), found.text


def test_a_generation_is_described_with_what_it_was_built_with() -> None:
    generation = a_generation()
    found = generation_finding(generation, Language.JA, documents=3, chunks=12)

    assert found.text == (
        f"世代 {generation.id}: cjk2h-v1、c1、小さなモデル（8 次元）、"
        "文書 3 件、チャンク 12 個。"
    )
