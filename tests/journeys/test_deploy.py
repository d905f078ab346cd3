"""What lies in deploy/team works with a real server, and is closed to the outside."""

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import settings
from tests.fakes import weaviate_server
from tests.fakes.terminal import ALONE, Terminal
from tests.fakes.weaviate_server import ROOT_KEY, VERSION, Node
from tests.journeys.test_check import checked

TEAM = Path(__file__).parents[2] / "deploy" / "team"

OF_THIS_MACHINE = re.compile("CLUSTER_|RAFT_|GRPC_PORT|HOME|PATH|PERSISTENCE_")
"""What several servers on one machine cannot share."""


def in_file(name: str) -> dict[str, str]:
    lines = (TEAM / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and line[0] != "#")
    return {name: value for name, _, value in pairs}


@pytest.fixture
def deployed(weaviate_binary: Path, tmp_path: Path) -> Iterator[Node]:
    """A server with the settings of the file, and no others but its ports."""
    with weaviate_server.nodes(weaviate_binary, tmp_path / "索引") as (node,):
        node.environment = {
            **in_file("weaviate.env"),
            "AUTHENTICATION_APIKEY_ALLOWED_KEYS": ROOT_KEY,
            **{
                name: value
                for name, value in node.environment.items()
                if OF_THIS_MACHINE.match(name)
            },
        }
        node.start()
        node.wait()
        yield node


def make_keys(node: Node, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [TEAM / "weaviate-keys.sh", node.url, folder],
        env={**os.environ, "WEAVIATE_ROOT_KEY": ROOT_KEY},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_team_begins_with_the_files_as_they_are(
    deployed: Node, tmp_path: Path
) -> None:
    """Server, keys, first sync, check: nothing is wrong, nothing is a warning."""
    secrets = tmp_path / "secrets"
    made = make_keys(deployed, secrets)
    terminal = Terminal(
        tmp_path,
        {
            **ALONE,
            "SHIRUBE_SECRETS": str(secrets),
            "SHIRUBE_INDEX__BACKEND": "weaviate",
            "SHIRUBE_INDEX__URL": deployed.url,
            "SHIRUBE_INDEX__GRPC": deployed.grpc,
        },
    )
    terminal.configure(
        """
        [[sources]]
        name = "notes"
        connector = "folder"
        access = ["pub"]
        options = { path = "文書" }
        """
    )
    terminal.write("文書/休暇.md", "# 休暇\n\n入社六か月で十日を付与する。\n")

    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
    assert terminal.run("sync").code == 0
    found = checked(terminal, "index")
    assert [level for level, _ in found] == ["ok"] * 4, found
    assert "index.reader_key may read, and nothing more" in found[2][1]
    assert "index.api_key may read and write" in found[3][1]
    again = make_keys(deployed, secrets)
    assert (again.returncode != 0, "already exists" in again.stdout) == (True, True)


def test_the_settings_of_a_team_are_read() -> None:
    loaded = settings.load(TEAM / "shirube.toml")

    assert loaded.index.backend == "weaviate"


@pytest.mark.parametrize("name", ["compose.yaml", "weaviate-values.yaml"])
def test_the_server_is_the_one_that_was_tried(name: str) -> None:
    text = (TEAM / name).read_text(encoding="utf-8")

    assert re.findall(r"(?:weaviate:|tag: )([\d.]+)$", text, re.MULTILINE) == [VERSION]
    assert not re.search(r":latest|image: \S+[^\d\s]$", text, re.MULTILINE)


def test_no_port_is_open_to_the_outside() -> None:
    text = (TEAM / "compose.yaml").read_text(encoding="utf-8")
    values = (TEAM / "weaviate-values.yaml").read_text(encoding="utf-8")
    ports = re.findall(r'"([^"]+)"', "".join(re.findall(r"ports: \[.*\]", text)))

    assert len(ports) == text.count("image:") + 1
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert re.findall(r"type: (\w+)", values) == ["ClusterIP", "ClusterIP"]


def test_the_cluster_has_the_settings_of_the_one_node() -> None:
    """What differs is about the nodes themselves, and about the size of one."""
    one = in_file("weaviate.env")
    values = (TEAM / "weaviate-values.yaml").read_text(encoding="utf-8")
    three = dict(re.findall(r'^  ([A-Z_]+): "?([^"\n]+)"?$', values, re.MULTILINE))
    alike = {
        name: value
        for name, value in one.items()
        if not OF_THIS_MACHINE.match(name)
        and name not in {"GOMEMLIMIT", "LOG_LEVEL"}
        and name != "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED"
    }

    assert {name: three.get(name) for name in alike} == alike
    assert re.search(r"anonymous_access:\n\s+enabled: false", values)
