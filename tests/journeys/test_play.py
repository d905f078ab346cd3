"""The page on which people play with the bot: it shows, and gives nothing away."""

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from tests.fakes.slack import Slack, slack_server
from tests.fakes.slack.play.house import environment
from tests.fakes.slack.play.standin import written
from tests.fakes.slack.play.stories import tell
from tests.fakes.slack.play.web import page
from tests.fakes.slack_house import SlackHouse, synced

LEAVE = "有給休暇は入社後いつから何日もらえますか？"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample documents, read once."""
    return synced(tmp_path_factory.mktemp("read") / "会社")


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A Slack with a small firm in it."""
    async with slack_server() as running:
        yield running


@pytest.fixture
async def browser(slack: Slack) -> AsyncIterator[ClientSession]:
    """What a browser says to the page."""
    async with page(slack) as address, ClientSession(address) as session:
        yield session


async def act(browser: ClientSession, **wish: object) -> int:
    """Do something on the page; returns the status."""
    async with browser.post("/act", json=wish) as response:
        return response.status


async def screen(browser: ClientSession, **place: str) -> Any:
    """Return what is on somebody's screen."""
    async with browser.get("/screen", params=place) as response:
        return await response.json()


async def messages(browser: ClientSession, who: str, where: str) -> list[Any]:
    """Return the messages that somebody sees in a conversation."""
    shown = await screen(browser, who=who, where=where)
    found: list[Any] = shown["here"]["messages"]
    return found


async def test_a_question_on_the_page_is_answered_on_the_page(
    read: Path, slack: Slack, browser: ClientSession, tmp_path: Path
) -> None:
    house = SlackHouse(shutil.copytree(read, tmp_path / "会社"), slack)
    house.configure()
    said = f"@shirube {LEAVE}"
    async with house.serving():
        await act(browser, act="say", who="tanaka", where="CSOUMU", text=said)
        [asked] = await messages(browser, "tanaka", "CSOUMU")
        question = slack.workspace.channel("総務").messages[asked["ts"]]
        await slack.until(
            lambda: [r for r in slack.replies(question) if r.metadata], within=30
        )
        shown = await screen(browser, who="smith", where="CSOUMU", thread=asked["ts"])

    assert shown["thread"]["messages"][0]["typed"] == ""
    assert asked["typed"] == said
    [answer] = shown["thread"]["messages"][1:]
    assert answer["author"]["bot"]
    assert "入社日に3日" in str(answer["blocks"])
    assert shown["here"]["messages"][0]["replies"] == 1


async def test_who_is_not_in_a_channel_sees_nothing_of_it(
    browser: ClientSession,
) -> None:
    await act(browser, act="say", who="tanaka", where="CSECRET", text="内緒の話")

    shown = await screen(browser, who="smith", where="CSECRET")

    assert shown["here"] is None
    assert "内緒" not in str(shown)
    assert len(await messages(browser, "sato", "CSECRET")) == 1


async def test_messages_are_edited_deleted_and_reacted_to(
    browser: ClientSession,
) -> None:
    place = {"who": "tanaka", "where": "CGENERAL"}
    await act(browser, act="say", **place, text="ランチの話です <b>& more</b>")
    [said] = await messages(browser, "tanaka", "CGENERAL")
    this = place | {"ts": said["ts"]}

    assert said["typed"] == "ランチの話です <b>& more</b>"
    assert await act(browser, act="edit", **this, text="夕食の話です") == 200
    assert await act(browser, act="react", **this, name="eyes") == 200
    [edited] = await messages(browser, "tanaka", "CGENERAL")
    assert edited["typed"] == "夕食の話です"
    assert edited["edited"]
    assert [found["name"] for found in edited["reactions"]] == ["eyes"]
    assert await act(browser, act="react", **this, name="eyes") == 200
    assert await act(browser, act="delete", **this | {"who": "sato"}) == 409
    [kept] = await messages(browser, "tanaka", "CGENERAL")
    assert kept["reactions"] == []
    assert await act(browser, act="delete", **this) == 200
    assert await messages(browser, "tanaka", "CGENERAL") == []


@pytest.mark.parametrize(
    "wish",
    [
        {"act": "fly", "who": "tanaka"},
        {"act": "say", "who": "nobody", "where": "CGENERAL", "text": "誰？"},
        {"act": "say", "who": "tanaka", "where": "CNOWHERE", "text": "どこ？"},
        {"act": "say", "who": "suzuki", "where": "CGENERAL", "text": "入れない"},
        {"act": "say", "who": "tanaka"},
        {"act": "say", "who": "tanaka", "where": "CGENERAL", "text": "/nothing"},
        {"act": "click", "who": "tanaka", "where": "CGENERAL", "ts": "1.2"},
        {"act": "click", "who": "tanaka", "view": "V1", "action": "x"},
        {"act": "submit", "who": "tanaka"},
    ],
)
async def test_what_slack_does_not_do_the_page_says(
    browser: ClientSession, wish: dict[str, object]
) -> None:
    async with browser.post("/act", json=wish) as response:
        told = await response.json()

    assert response.status == 409
    assert told["error"]


async def test_the_page_is_whole_and_loads_nothing_from_elsewhere(
    browser: ClientSession,
) -> None:
    async with browser.get("/") as response:
        html = await response.text()
        policy = response.headers["Content-Security-Policy"]
    for name in (
        "page.css",
        "page.js",
        "blocks.js",
        "message.js",
        "text.js",
        "trying.js",
    ):
        async with browser.get(f"/page/{name}") as response:
            assert response.status == 200
            written = await response.text()
        assert "innerHTML" not in written
        assert "https://" not in written

    assert '<script type="module" src="/page/page.js">' in html
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_other_sites_cannot_use_the_page(browser: ClientSession) -> None:
    wish = '{"act": "say", "who": "tanaka", "where": "CGENERAL", "text": "偽物"}'

    async with browser.post("/act", data=wish) as response:
        assert response.status == 415
    async with browser.get("/screen", headers={"Host": "evil.example"}) as response:
        assert response.status == 403
    assert await messages(browser, "tanaka", "CGENERAL") == []


async def test_the_page_hears_of_what_happens(
    slack: Slack, browser: ClientSession
) -> None:
    async with browser.get("/changes") as response:
        assert await response.content.readline() == b"data: changed\n"
        await response.content.readline()
        await slack.say("sato", "general", "お知らせです")
        async with asyncio.timeout(2):
            assert await response.content.readline() == b"data: changed\n"


def test_nothing_of_a_team_is_taken_over_but_its_models() -> None:
    given = {
        "PATH": "/bin",
        "SHIRUBE_SLACK__BOT_TOKEN": "xoxb-秘密",
        "SHIRUBE_STATE__URL": "postgresql://db/秘密",
        "SHIRUBE_OLLAMA__URL": "http://models:11434",
        "https_proxy": "http://proxy:3128",
    }

    kept = environment(given)

    assert kept["SHIRUBE_OLLAMA__URL"] == "http://models:11434"
    assert "秘密" not in str(kept)
    assert "proxy" not in str(kept)


async def test_make_play_slack_starts_and_stops_cleanly(tmp_path: Path) -> None:
    """The address is said once the bot listens, and one Ctrl-C ends everything."""
    models = {f"SHIRUBE_OLLAMA__{kind}_MODEL": "none" for kind in ("CHAT", "EMBED")}
    playing = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes.slack.play", "--port", "0"),
        cwd=Path(__file__).parents[2],
        env=environment(os.environ) | models | {"TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert playing.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            while b"http://127.0.0.1:" not in (line := await playing.stdout.readline()):
                assert line
            address = line.split()[-1].decode()
            async with ClientSession(address) as browser:
                shown = await screen(browser, who="smith")
            playing.send_signal(signal.SIGINT)
            rest = await playing.stdout.read()
            code = await playing.wait()
    finally:
        if playing.returncode is None:
            playing.kill()
        await playing.wait()

    assert shown["listening"]
    assert shown["me"]["locale"] == "en-US"
    assert (code, rest.decode().splitlines()[-1]) == (0, "stopped")
    assert not await asyncio.to_thread(lambda: [*tmp_path.glob("shirube-play-*")])


@pytest.mark.skipif(
    shutil.which("chromium") is None,
    reason="no chromium; on Debian: apt install chromium",
)
async def test_in_a_browser_words_are_text_and_the_form_sends(
    slack: Slack, tmp_path: Path
) -> None:
    await slack.say("tanaka", "総務", "<img src=x onerror=alert(1)> 休暇は何日？")
    async with (
        page(slack) as address,
        chromium(tmp_path, f"{address}#who=smith&where=CSOUMU") as evaluate,
    ):
        shown = await evaluate(_WAIT.replace("HERE", ".message .line"))
        sent = await evaluate(_SEND)

    assert shown == "<img src=x onerror=alert(1)> 休暇は何日？"
    assert sent == ["田中 花子", "John Smith"]
    assert "@shirube 何日？" in [
        message.text.replace(f"<@{slack.bot.id}>", "@shirube")
        for message in slack.workspace.channel("総務").messages.values()
    ]


_WAIT = """new Promise((done) => {
  const look = () => {
    const found = document.querySelector("HERE");
    if (found) done(found.textContent); else setTimeout(look, 20);
  };
  look();
})"""
_SEND = """new Promise((done) => {
  const form = document.querySelector("#composer");
  form.elements.text.value = "@shirube 何日？";
  form.elements.send.click();
  const look = () => {
    const said = [...document.querySelectorAll(".message header b")];
    if (said.length > 1) done(said.map((who) => who.textContent));
    else setTimeout(look, 20);
  };
  look();
})"""


@asynccontextmanager
async def chromium(
    folder: Path, address: str
) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """Open an address in a browser; gives what evaluates JavaScript there."""
    browser = await asyncio.create_subprocess_exec(
        *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu"),
        *("--remote-debugging-port=0", f"--user-data-dir={folder}", address),
        stderr=asyncio.subprocess.PIPE,
    )
    assert browser.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE), ClientSession() as session:
            while b"DevTools listening" not in (
                line := await browser.stderr.readline()
            ):
                assert line
            control = line.decode().split("ws://")[1].partition("/")[0]
            async with session.get(f"http://{control}/json/list") as response:
                [tab] = [t for t in await response.json() if t["type"] == "page"]
            async with session.ws_connect(tab["webSocketDebuggerUrl"]) as tools:
                yield partial(_evaluate, tools)
    finally:
        if browser.returncode is None:
            browser.terminate()
        await browser.communicate()


async def _evaluate(tools: ClientWebSocketResponse, expression: str) -> Any:
    what = {"expression": expression, "awaitPromise": True, "returnByValue": True}
    answer: dict[str, Any] = {}
    # A page that is just being loaded forgets what it was asked.
    while "result" not in answer:
        await tools.send_json({"id": 1, "method": "Runtime.evaluate", "params": what})
        answer = await tools.receive_json()
    return answer["result"]["result"]["value"]


async def test_what_can_be_tried_is_there_in_both_languages(
    slack: Slack, browser: ClientSession
) -> None:
    """Every channel and every thread that the list leads to is in the workspace."""
    await tell(slack)
    async with browser.get("/page/trying.js") as response:
        listed = await response.text()
    japanese, english = listed.split("const EN")
    said = [
        message.text
        for channel in slack.workspace.channels.values()
        for message in channel.messages.values()
    ]

    assert japanese.count("name:") == english.count("name:") > 0
    for where in re.findall(r'where: "(\w+)"', listed):
        assert slack.workspace.channel(where)
    for opening in re.findall(r'thread: "([^"]+)"', listed):
        assert any(text.startswith(opening) for text in said)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            (
                "資料 1\n^abc 半休は14時まで。^abc 名刺は総務で作る。\n"
                "----- x 資料おわり -----\n質問: 半休は何時までですか"
            ),
            ["半休は14時まで [1]。", "名刺は総務で作る [1]。"],
        ),
        (
            (
                "Source 1\n^abc - Ask the desk.\n----- x sources end -----\n"
                "Question: 火星の駐車場は"
            ),
            ["NO_ANSWER"],
        ),
        (
            "2026-01-05 佐藤: ^abc 会場を決めます。\n2026-01-05 Smith: ^abc Agreed.",
            ["佐藤さん: 会場を決めます。\n", "Smith wrote: Agreed.\n"],
        ),
    ],
    ids=["answer", "nothing", "summary"],
)
def test_the_stand_in_only_copies(prompt: str, expected: list[str]) -> None:
    assert written(prompt) == expected
