"""A team's folder of notes, its command line, and what people hear of faults."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from bot.core.model import Language
from bot.text import phrases
from tests.fakes.terminal import ALONE, Ran, Terminal
from tests.fakes.weaviate_server import ROOT_KEY, Node

SETTINGS = """\
    [[sources]]
    name = "notes"
    connector = "folder"
    access = ["pub"]
    options = { path = "文書" }
    """
RULE = "# 休暇規程\n\n## 付与\n\n有給休暇は入社6か月後に10日を付与する。\n"
LATER = RULE.replace("10日", "12日")
QUESTION = "有給休暇は入社何か月でもらえますか"


def a_team(folder: Path, settings: Mapping[str, str], *, tables: str = "") -> Terminal:
    """Return a command line with one note to sync, and no models unless set.

    `tables` stand in the settings file beside the source.
    """
    folder.mkdir(exist_ok=True)
    terminal = Terminal(folder, {**ALONE, **settings})
    terminal.configure(textwrap.dedent(SETTINGS) + tables)
    terminal.write("文書/休暇規程.md", RULE)
    return terminal


def on_weaviate(
    node: Node, /, *, key: str | None = ROOT_KEY, prefix: str = "Kb"
) -> dict[str, str]:
    """Return the settings of an index on that server."""
    return {
        "SHIRUBE_INDEX__BACKEND": "weaviate",
        "SHIRUBE_INDEX__URL": node.url,
        "SHIRUBE_INDEX__GRPC": node.grpc,
        "SHIRUBE_INDEX__API_KEY": key or "",
        "SHIRUBE_INDEX__PREFIX": prefix,
    }


def answered(ran: Ran, /, fact: str = "10日") -> bool:
    """Whether a question ended in an answer that says so."""
    return ran.code == 0 and fact in ran.out


def is_down(ran: Ran, /) -> bool:
    """Whether a question ended in one sentence: the search is down, ask later."""
    said = phrases.SEARCH_DOWN.say(Language.JA)
    return ran.out.strip() == said and ran.code in {1, 2} and "Traceback" not in ran.err


def complaint(ran: Ran, /, *, code: int) -> str:
    """Return the one error that a command ended with."""
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert (ran.code, len(errors), "Traceback" in ran.all) == (code, 1, False), ran.all
    return errors[0]
