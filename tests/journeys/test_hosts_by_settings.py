"""Moving to several model hosts, and to another kind, by settings alone."""

import asyncio
import json
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest

from bot import settings
from bot.app import opened
from bot.backends.hosts import Health
from bot.chat.console import Asked
from bot.core.model import Answer, AnswerEvent, AnswerKind, Finished, Language
from bot.text import phrases
from tests.conftest import missing_server
from tests.fakes import llama_server, ollama_models, ollama_server
from tests.fakes.ollama_server import RunningOllama
from tests.fakes.terminal import Ran, Terminal

SAYS = "有給休暇は、入社6か月後に20日を付与する[1]。"
LEAVE = "有給休暇は入社後いつ何日もらえますか？"
FILES = {
    "休暇規程.md": "# 休暇規程\n\n有給休暇は、入社6か月後に20日を付与する。\n",
    "vpn.md": "# Certificates\n\nA new certificate is issued every 90 days.\n",
    **{
        f"{title}.md": f"# {title}\n\n{title}: {text}\n"
        for title, text in {
            "Parking": "Cars stand in the garage below the building.",
            "Lunch": "The canteen serves noodles and rice from noon.",
            "Printers": "Paper for printing lies on the second floor.",
            "Laptops": "A broken computer is exchanged by the help desk.",
            "Badges": "The door opens with the card of an employee.",
            "Salary": "Wages are paid on the last working day of the month.",
            "Travel": "Train tickets are booked through the travel agency.",
            "Fire drill": "When the alarm rings everybody leaves the building.",
            "Library": "Books may be borrowed for four weeks.",
            "Telephones": "Calls abroad need the permission of a manager.",
            "Cleaning": "Desks are wiped every evening by a contractor.",
            "Gym": "Sports rooms are open before work and after it.",
        }.items()
    },
}
CERTIFICATE = "How often is a new certificate issued?"
SOURCE = """
[[sources]]
name = "notes"
connector = "folder"
access = ["pub"]
options = { path = "文書" }
"""

pytestmark = pytest.mark.ollama


class Room:
    """Model hosts that the test starts, and a terminal beside them."""

    def __init__(self, folder: Path, stack: ExitStack, /) -> None:
        self.terminal = Terminal(folder, {})
        for name, text in FILES.items():
            self.terminal.write(f"文書/{name}", text)
        self._folder = folder / "モデル"
        self._folder.mkdir()
        self._stack = stack

    def ollama(self, name: str) -> RunningOllama:
        """Start an Ollama server without any model."""
        binary = ollama_server.find_binary()
        if binary is None:
            missing_server("no Ollama server: run `make servers`")
        folder = self._folder / name
        folder.mkdir()
        return self._stack.enter_context(ollama_server.running(binary, folder))

    def llama(self, alias: str, weights: Path, *, embedding: bool = False) -> str:
        """Start a llama.cpp server and return its address."""
        package = llama_server.find_package()
        if package is None:
            missing_server("no llama.cpp server: run `make servers`")
        context = 512 if embedding else 4096
        return self._stack.enter_context(
            llama_server.running(
                package, weights, alias=alias, context=context, embedding=embedding
            )
        )

    def writer(self, says: str = SAYS) -> Path:
        """Write a model that always says the same."""
        path = self._folder / "writer.gguf"
        return ollama_models.scripted(path, ollama_models.pieces_of(says))

    def minilm(self) -> Path:
        """Write a model that embeds."""
        published = ollama_server.find_minilm()
        if published is None:
            missing_server("no MiniLM weights: run `make servers`")
        return ollama_models.minilm(self._folder / "minilm.gguf", published)

    def configure(self, text: str) -> Ran:
        """Write the settings, and read the source."""
        self.terminal.configure(textwrap.dedent(text) + SOURCE)
        ran = self.terminal.run("sync")
        assert ran.code == 0, ran.all
        return ran

    def answer(self, question: str) -> dict[str, Any]:
        """Ask, and return how that ended."""
        ran = self.terminal.run("ask", "--json", question)
        assert ran.out, ran.err
        answer: dict[str, Any] = json.loads(ran.out)
        return answer


async def warnings(room: Room) -> tuple[str, ...]:
    """Warm the models up, as `chat` does."""
    async with opened(settings.load(room.terminal.folder / "shirube.toml")) as app:
        return await app.models.warm_up()


def ignored(_: AnswerEvent, /) -> None:
    pass


def answer_of(asked: Asked) -> Answer:
    assert isinstance(asked.ending, Finished), asked.ending
    return asked.ending.answer


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with ExitStack() as stack:
        yield Room(tmp_path, stack)


BOTH = """
[ollama]
chat_model = "writer"
embed_model = "all-minilm"
num_ctx = 4096
"""


def both(*urls: str) -> str:
    """Say in the settings that these Ollama hosts write and embed."""
    tables = (f'[hosts.gpu{n}]\nurl = "{url}"\n' for n, url in enumerate(urls, 1))
    return BOTH + "\n".join(tables)


def test_one_host_writes_and_another_one_embeds(room: Room) -> None:
    writing, embedding = room.ollama("書く"), room.ollama("埋め込む")
    writing.create("writer", room.writer())
    embedding.create("all-minilm", room.minilm())
    room.configure(
        f"""{BOTH}
        [hosts.gpu1]
        url = "{writing.url}"
        roles = ["chat"]

        [hosts.gpu2]
        url = "{embedding.url}"
        roles = ["embed"]
        """
    )
    written, vector = room.answer(LEAVE), room.answer(CERTIFICATE)
    embedding.kill()
    without_vectors = room.answer(CERTIFICATE)
    writing.kill()
    quoted = room.answer(LEAVE)

    assert (written["kind"], written["model"]) == ("generated", "writer")
    assert written["answer"] == SAYS
    assert phrases.DEGRADED_LEXICAL.en not in vector["notes"]
    assert phrases.DEGRADED_LEXICAL.en in without_vectors["notes"]
    assert (quoted["kind"], quoted["reason"]) == ("extractive", "model_failed")


async def test_a_conversation_goes_on_with_the_other_host(room: Room) -> None:
    pair = [room.ollama(name) for name in ("一号", "二号")]
    weights = room.writer(), room.minilm()
    for server in pair:
        server.create("writer", weights[0])
        server.create("all-minilm", weights[1])
    await asyncio.to_thread(room.configure, both(*(server.url for server in pair)))
    async with opened(settings.load(room.terminal.folder / "shirube.toml")) as app:
        desk = app.desk(Language.JA)
        before = await desk.ask(LEAVE, ignored)
        pair[0].kill()
        began = time.monotonic()
        after = [await desk.ask(LEAVE, ignored) for _ in range(3)]
        waited = time.monotonic() - began
        english = await app.desk(Language.EN).ask(CERTIFICATE, ignored)
        healths = {(one.name, one.health) for one in app.models.standings()}

    for asked in (before, *after):
        assert answer_of(asked).kind is AnswerKind.GENERATED
    assert waited < 3 * 5
    assert phrases.DEGRADED_LEXICAL.en not in answer_of(english).notes
    assert ("gpu2", Health.WELL) in healths


def test_llama_cpp_writes_and_embeds(room: Room) -> None:
    writing = room.llama("社内モデル", room.writer())
    embedding = room.llama("all-minilm", room.minilm(), embedding=True)
    room.configure(
        f"""
        [hosts.llama1]
        kind = "openai"
        url = "{writing}/v1"
        roles = ["chat"]
        chat_model = "社内モデル"

        [hosts.llama2]
        kind = "openai"
        url = "{embedding}"
        roles = ["embed"]
        embed_model = "all-minilm"
        """
    )
    written, vector = room.answer(LEAVE), room.answer(CERTIFICATE)
    checked = room.terminal.run("check")

    assert (written["kind"], written["model"]) == ("generated", "社内モデル")
    assert phrases.DEGRADED_LEXICAL.en not in vector["notes"]
    assert "社内モデル" in checked.out
    assert checked.code == 0, checked.all
    assert asyncio.run(warnings(room)) == ()


def test_a_server_that_does_not_say_its_context_is_told_it(room: Room) -> None:
    """Ollama's own `/v1` is such a server."""
    server = room.ollama("互換")
    server.create("writer", room.writer(), {"num_ctx": 4096})
    table = f"""
        [ollama]
        embed_model = "none"

        [hosts.other]
        kind = "openai"
        url = "{server.url}/v1"
        roles = ["chat"]
        chat_model = "writer"
        """
    room.configure(table)
    untold, checked = room.answer(LEAVE), room.terminal.run("check")
    room.terminal.configure(f"{table}\n        context = 4096\n{SOURCE}")
    told = room.answer(LEAVE)

    assert (untold["kind"], untold["reason"]) == ("extractive", "model_failed")
    assert "set the context in the settings" in checked.out
    assert checked.code == 1
    assert (told["kind"], told["answer"]) == ("generated", SAYS)
    assert "kept shorter than they could be" in " ".join(asyncio.run(warnings(room)))


def test_a_host_without_the_model_is_named(room: Room) -> None:
    one, other = room.ollama("一号"), room.ollama("二号")
    one.create("writer", room.writer())
    for server in (one, other):
        server.create("all-minilm", room.minilm())
    room.configure(both(one.url, other.url))
    answers = [room.answer(LEAVE) for _ in range(3)]
    checked = room.terminal.run("check")

    assert {answer["kind"] for answer in answers} == {"generated"}
    assert checked.code == 1
    assert f"Ollama at {other.url} has no model 'writer'" in checked.all
    assert "`ollama pull writer`" in checked.all


def test_a_host_with_other_weights_under_the_same_name_is_named(room: Room) -> None:
    one, other = room.ollama("一号"), room.ollama("二号")
    one.create("all-minilm", room.minilm())
    other.create("all-minilm", room.writer())
    for server in (one, other):
        server.create("writer", room.writer())
    ran = room.configure(both(one.url, other.url))

    assert "the embedding host gpu2 has another 'all-minilm'" in ran.err


def test_a_host_with_an_impossible_address_is_named(room: Room) -> None:
    room.terminal.configure(
        """
        [hosts.gpu1]
        url = "http://gpu1.example:11434"

        [hosts.gpu2]
        url = "ftp://社内:秘密の鍵@gpu2.example"
        """
    )
    ran = room.terminal.run("ask", LEAVE)

    assert ran.code == 2
    assert "model host gpu2: '…@gpu2.example' is not the address" in ran.err
    assert "秘密の鍵" not in ran.all


async def test_who_waits_at_the_terminal_sees_the_place_in_line(room: Room) -> None:
    server = room.ollama("一台")
    server.create("writer", room.writer())
    text = f'[ollama]\nurl = "{server.url}"\nchat_model = "writer"\nnum_ctx = 4096\n'
    await asyncio.to_thread(room.configure, text + 'embed_model = "none"\n')
    told: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    def tell(number: int, text: str) -> None:
        told.put_nowait((number, text))

    async with opened(settings.load(room.terminal.folder / "shirube.toml")) as app:
        await app.warm_up()
        server.signal_runners(SIGSTOP)  # the one slot is busy until we say
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            asked = [
                group.create_task(
                    app.desk(Language.JA).ask(
                        LEAVE, ignored, wait=partial(tell, number)
                    )
                )
                for number in range(3)
            ]
            line = [await told.get() for _ in range(2)]
            [served] = {0, 1, 2} - {number for number, _ in line}
            asked[served].cancel()
            moved_up = await told.get()
            server.signal_runners(SIGCONT)

    assert [text for _, text in line] == [
        "順番待ちです。あなたは1番目、約15秒。",
        "順番待ちです。あなたは2番目、約30秒。",
    ]
    assert moved_up == (line[1][0], "順番待ちです。あなたは1番目、約15秒。")
    for number, _ in line:
        assert answer_of(asked[number].result()).kind is AnswerKind.GENERATED
