"""Model hosts that fail under a question: people get answers, operators reasons."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.model import Language
from bot.text import phrases
from tests.conftest import ScriptedModel
from tests.fakes import ollama_shaped, openai_shaped
from tests.fakes.ollama_server import RunningOllama
from tests.fakes.scripted_http import (
    Cut,
    Hang,
    Reply,
    ScriptedHTTP,
    Step,
    ndjson_reply,
)
from tests.fakes.team import QUESTION, a_team, answered
from tests.fakes.terminal import Ran, Terminal

CITED = "有給休暇は入社6か月後に10日付与されます[1]。"
BEGUN = "有給"
IMPATIENT = {
    "SHIRUBE_OLLAMA__FIRST_TOKEN_TIMEOUT": "0.5",
    "SHIRUBE_OLLAMA__TOKEN_TIMEOUT": "0.5",
}
QUOTED = phrases.MODEL_FAILED.say(Language.JA)
CUT = phrases.CUT_SHORT.say(Language.JA)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A kind of host: how it is named in the settings and how it streams."""

    settings: Mapping[str, str]
    tables: str
    teach: Callable[[ScriptedHTTP], None]
    path: str
    stream: Callable[..., Reply]
    said: Callable[[str], Mapping[str, object]]

    def streamed(self, parts: Sequence[str | Step]) -> Reply:
        """Return a stream of these texts and faults, without its proper end."""
        return self.stream(
            *(self.said(part) if isinstance(part, str) else part for part in parts)
        )


def _teach_ollama(server: ScriptedHTTP) -> None:
    ollama_shaped.teach(server, loaded=[ollama_shaped.MODEL])


OLLAMA = Dialect(
    {"SHIRUBE_OLLAMA__CHAT_MODEL": ollama_shaped.MODEL},
    '[hosts.gpu]\nurl = "{url}"\nroles = ["chat"]\n',
    _teach_ollama,
    "/api/chat",
    ndjson_reply,
    ollama_shaped.said,
)
OPENAI = Dialect(
    {"SHIRUBE_OLLAMA__CHAT_MODEL": openai_shaped.MODEL},
    '[hosts.gpu]\nkind = "openai"\nurl = "{url}"\nroles = ["chat"]\n',
    openai_shaped.teach,
    openai_shaped.CHAT,
    openai_shaped.stream,
    openai_shaped.said,
)
PAGE = Reply(
    headers={"Content-Type": "text/html"},
    steps=["<!doctype html><title>ログイン</title>".encode()],
)


@pytest.fixture(params=[OLLAMA, OPENAI], ids=["ollama", "openai"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    chosen: Dialect = request.param
    return chosen


def synced(folder: Path, dialect: Dialect, host: ScriptedHTTP) -> Terminal:
    """Return a team that asks this host and nobody else."""
    tables = dialect.tables.format(url=host.url)
    team = a_team(folder, {**dialect.settings, **IMPATIENT}, tables=tables)
    ran = team.run("sync")
    assert ran.code == 0, ran.all
    return team


async def asked(folder: Path, dialect: Dialect, host: ScriptedHTTP) -> Ran:
    """Sync, then ask, while the loop of the test plays the host."""
    team = await asyncio.to_thread(synced, folder, dialect, host)
    return await asyncio.to_thread(team.run, "ask", QUESTION)


@pytest.mark.parametrize(
    "parts",
    [[BEGUN, Hang()], [BEGUN, Cut()], [Cut()]],
    ids=["hangs", "breaks off", "breaks off at once"],
)
async def test_before_a_whole_sentence_the_documents_are_quoted(
    tmp_path: Path,
    scripted_http: ScriptedHTTP,
    dialect: Dialect,
    parts: Sequence[str | Step],
) -> None:
    dialect.teach(scripted_http)
    scripted_http.on(dialect.path, dialect.streamed(parts))
    ran = await asked(tmp_path, dialect, scripted_http)

    assert answered(ran), ran.all
    assert QUOTED in ran.out
    assert "`shirube check`" in ran.err


async def test_a_warm_host_that_does_not_begin_is_given_up(
    tmp_path: Path, scripted_http: ScriptedHTTP, dialect: Dialect
) -> None:
    """A cold one may be loading its model, which takes some of them minutes."""
    dialect.teach(scripted_http)
    whole = ollama_shaped.answer if dialect is OLLAMA else openai_shaped.answer
    hangs = dialect.streamed([Hang()])
    scripted_http.on(dialect.path, whole(CITED), whole(CITED), hangs)
    team = await asyncio.to_thread(synced, tmp_path, dialect, scripted_http)
    with team.started("chat") as process:
        given = f"{QUESTION}\n/new\n{QUESTION}\n/new\n{QUESTION}\n"
        out, _ = await asyncio.to_thread(process.communicate, given, timeout=60)

    assert (out.count("10日"), QUOTED in out) == (3, True)


@pytest.mark.parametrize("fault", [Hang(), Cut()], ids=["hangs", "breaks off"])
async def test_a_sentence_that_was_shown_stays_and_is_said_to_be_all(
    tmp_path: Path, scripted_http: ScriptedHTTP, dialect: Dialect, fault: Step
) -> None:
    dialect.teach(scripted_http)
    parts = [CITED, "申請は", fault]
    scripted_http.on(dialect.path, dialect.streamed(parts))
    ran = await asked(tmp_path, dialect, scripted_http)

    assert answered(ran), ran.all
    assert CITED in ran.out
    assert CUT in ran.out
    assert "申請は" not in ran.out


async def test_a_host_that_answers_with_a_web_page_is_named_and_quoted_around(
    tmp_path: Path, scripted_http: ScriptedHTTP, dialect: Dialect
) -> None:
    for path in ("/api/version", "/api/tags", "/api/show", "/v1/models", dialect.path):
        scripted_http.on(path, PAGE)
    team = await asyncio.to_thread(synced, tmp_path, dialect, scripted_http)
    ran = await asyncio.to_thread(team.run, "ask", QUESTION)
    check = await asyncio.to_thread(team.run, "check")

    assert answered(ran), ran.all
    assert QUOTED in ran.out
    assert "check the address and any proxy in between" in check.out


async def test_only_the_chat_answers_with_a_web_page(
    tmp_path: Path, scripted_http: ScriptedHTTP, dialect: Dialect
) -> None:
    dialect.teach(scripted_http)
    scripted_http.on(dialect.path, PAGE)
    ran = await asked(tmp_path, dialect, scripted_http)

    assert answered(ran), ran.all
    assert QUOTED in ran.out


def test_a_model_that_disappears_is_named_with_the_command_that_brings_it_back(
    tmp_path: Path, ollama: RunningOllama, scripted_model: ScriptedModel
) -> None:
    name = scripted_model("disappearing", CITED)
    settings = {
        "SHIRUBE_OLLAMA__URL": ollama.url,
        "SHIRUBE_OLLAMA__CHAT_MODEL": name,
        "SHIRUBE_OLLAMA__NUM_CTX": "4096",
    }
    team = a_team(tmp_path, settings)
    assert team.run("sync").code == 0
    before = team.run("ask", QUESTION)
    ollama.remove(name)
    after, check = team.run("ask", QUESTION), team.run("check")

    assert answered(before)
    assert QUOTED not in before.out
    assert answered(after)
    assert QUOTED in after.out
    assert (check.code, f"ollama pull {name}" in check.out) == (1, True)
