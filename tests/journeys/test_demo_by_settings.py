"""The demo on Weaviate, PostgreSQL and Ollama, by environment variables alone."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from bot import settings
from bot.commands.demo import apart, samples
from tests.conftest import ScriptedModel
from tests.fakes.ollama_server import RunningOllama
from tests.fakes.team import QUESTION, a_team, answered, complaint, on_weaviate
from tests.fakes.terminal import Terminal
from tests.fakes.weaviate_server import Node

SAYS = "有給休暇は入社6か月後に10日付与されます[1]。"


@pytest.fixture
def prefix(weaviate: Node) -> Iterator[str]:
    prefix = f"T{uuid4().hex[:8]}"
    yield prefix
    weaviate.forget(prefix)


@pytest.fixture
def variables(
    weaviate: Node, prefix: str, postgres_url: str, ollama: RunningOllama
) -> dict[str, str]:
    """Name three real servers, and nothing else."""
    return {
        **on_weaviate(weaviate, prefix=prefix),
        "SHIRUBE_STATE__URL": postgres_url,
        "SHIRUBE_OLLAMA__URL": ollama.url,
        "SHIRUBE_OLLAMA__NUM_CTX": "4096",
    }


def test_the_whole_demo_runs_on_real_servers(
    weaviate: Node,
    variables: dict[str, str],
    scripted_model: ScriptedModel,
    tmp_path: Path,
) -> None:
    model = scripted_model("demo", SAYS)
    prefix = variables["SHIRUBE_INDEX__PREFIX"]
    terminal = Terminal(tmp_path, {**variables, "SHIRUBE_OLLAMA__CHAT_MODEL": model})
    first, second = terminal.run("demo"), terminal.run("demo")
    made = [each["class"] for each in weaviate.ask("GET", "/v1/schema")["classes"]]

    for ran in (first, second):
        assert ran.code == 0, ran.all
        assert SAYS in ran.out
        assert "Engineering onboarding" in ran.out
        assert "見つかりませんでした" in ran.out
    assert "handbook finished: 23 listed, +23" in first.out
    assert "handbook finished: 23 listed, +0" in second.out
    assert [f"{prefix}Demo_g1"] == [name for name in made if name.startswith(prefix)]


def test_the_demo_leaves_the_documents_of_the_team_alone(
    postgres_url: str, tmp_path: Path
) -> None:
    team = a_team(tmp_path, {"SHIRUBE_STATE__URL": postgres_url})
    assert team.run("sync").code == 0
    error = complaint(team.run("demo"), code=2)

    assert "not the demo's; name an empty database or schema" in error
    assert answered(team.run("ask", QUESTION))
    assert "handbook" not in team.run("status").out


@pytest.mark.parametrize(
    ("prefix", "own"),
    [("Kb", "KbDemo"), ("Kb34567890123456789z", "Kb34567890123456Demo")],
)
def test_the_collections_of_the_demo_are_not_those_of_the_team(
    prefix: str, own: str
) -> None:
    read = settings.load(samples() / "shirube.toml", index={"prefix": prefix})

    assert apart(read).index.prefix == own
