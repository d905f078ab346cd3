"""What `chat_text` keeps from a chat platform reaches it in no byte."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.telemetry import KEPT_FROM_CHATS
from bot.text import pressing
from tests.fakes import ollama_shaped
from tests.fakes.ollama_shaped import MODEL
from tests.fakes.scripted_http import ScriptedHTTP, ndjson_reply
from tests.fakes.slack import Slack
from tests.fakes.slack.faults import ratelimited
from tests.fakes.slack.model import Message
from tests.fakes.slack_house import PLAIN, SlackHouse
from tests.fakes.terminal import Terminal

SOURCES = """\
[console]
principals = ["pub"]

[[sources]]
name = "kitei"
connector = "folder"
access = ["pub"]
options = { path = "規程" }
link = "https://wiki.example.com/kitei/{path}"
stale_after_days = 30

[[sources]]
name = "keiyaku"
connector = "folder"
access = ["pub"]
options = { path = "契約" }
link = "https://wiki.example.com/keiyaku/{path}#L{first}-L{last}"
chat_text = "link-only"

[[sources]]
name = "jinji"
connector = "folder"
access = ["pub"]
options = { path = "人事" }
link = "https://wiki.example.com/jinji/{path}"
chat_text = "never"
"""

LINKED = "カナリア金糸雀"
"""In every text of the source of which only links may be shown."""

HIDDEN = "ハチドリ蜂鳥"
"""In every text, title and path of the source that is not for chat platforms."""

FILES = {
    "規程/休暇.md": """\
        ---
        updated: 2020-04-01
        ---
        # 休暇規程

        年次有給休暇は、入社6か月後に20日を付与します。
        """,
    "規程/vpn.md": """\
        ---
        updated: 2020-01-15
        reviewed: 2020-06-30
        ---
        # VPN guide

        A new VPN certificate is issued every 90 days.
        """,
    "契約/保守.md": f"""\
        # 保守契約の解約条件

        ## {LINKED}の見出し

        保守契約を解約するときは、{LINKED}の3か月前までに書面で通知します。
        """,
    "契約/休暇.md": f"""\
        # 派遣契約の年次有給休暇

        派遣契約の年次有給休暇は、{LINKED}の日から何日でも付与します。
        """,
    f"人事/{HIDDEN}.md": f"""\
        # 役員報酬の{HIDDEN}

        役員報酬の{HIDDEN}は、年次有給休暇の買い取りを含め、月額300万円です。
        """,
}

LEAVE = "年次有給休暇は入社何か月後に何日付与されますか？"
STAFF = "派遣契約の年次有給休暇は何日付与されますか？"
CONTRACT = "保守契約を解約するときは、いつまでに書面で通知しますか？"
VPN = "How often is a new VPN certificate issued?"
SALARY = "役員報酬は月額いくらですか？"
NONSENSE = "火星支社の駐車場の台数はいくつですか？"
NOT_FOUND = "参照できる資料の中に見つかりませんでした"


@pytest.fixture
async def house(slack: Slack, tmp_path: Path) -> SlackHouse:
    """A folder with a source of each kind, read, and set up for that Slack."""
    terminal = Terminal(tmp_path, {})
    for name, text in FILES.items():
        terminal.write(name, text)
    terminal.configure(PLAIN + SOURCES)
    ran = await asyncio.to_thread(terminal.run, "sync")
    assert ran.code == 0, ran.all
    slack.tiers.enforced = False
    made = SlackHouse(tmp_path, slack)
    group = slack.workspace.usergroups
    [soumu] = [each.id for each in group.values() if each.handle == "soumu-team"]
    channel = slack.workspace.channel("総務").id
    made.configure(f'[slack.channels.{channel}]\nask_group = "{soumu}"\n')
    return made


def answers(slack: Slack, question: Message) -> list[Message]:
    return [
        reply
        for reply in slack.replies(question)
        if reply.metadata and reply.metadata["event_payload"]["part"] == "answer"
    ]


async def answer_to(slack: Slack, who: str, text: str, *, where: str = "") -> Message:
    """Ask, and wait for the one answer."""
    channel = where or slack.dm(who)
    question = await slack.say(who, channel, f"@shirube {text}" if where else text)
    [answer] = await slack.until(lambda: answers(slack, question), within=30)
    return answer


def actions(message: Message) -> list[str]:
    """The ids of the buttons below a message."""
    parts = [part for block in message.blocks for part in block.get("elements", ())]
    parts += [block["accessory"] for block in message.blocks if "accessory" in block]
    return [part["action_id"] for part in parts if "action_id" in part]


async def test_an_answer_that_may_only_be_linked_is_pointed_at(
    house: SlackHouse,
) -> None:
    slack = house.slack
    async with house.serving():
        answer = await answer_to(slack, "tanaka", CONTRACT, where="総務")

    said = str(answer.blocks)
    assert "本文はここには載せられない" in said
    assert "「保守契約の解約条件」[1]" in said
    assert "https://wiki.example.com/keiyaku/" in said
    assert "shirube_link:1" in actions(answer)
    assert "shirube_privately" in actions(answer)
    assert not [name for name in actions(answer) if name.startswith("shirube_passage")]


async def test_beside_an_answer_a_document_that_says_as_much_is_pointed_at(
    house: SlackHouse,
) -> None:
    slack = house.slack
    async with house.serving():
        alone = await answer_to(slack, "tanaka", LEAVE, where="総務")
        both = await answer_to(slack, "tanaka", STAFF, where="総務")

    assert "20日を付与します" in str(alone.blocks)
    assert "派遣" not in str(alone.blocks)
    assert "20日を付与します" in str(both.blocks)
    assert "答えがあるかもしれません: 「派遣契約の年次有給休暇」[2]" in str(both.blocks)
    assert "shirube_link:2" in actions(both)
    assert "shirube_passage:1" in actions(both)
    assert "shirube_passage:2" not in actions(both)


async def test_a_source_says_how_old_it_is_and_warns_by_its_own_threshold(
    house: SlackHouse,
) -> None:
    slack = house.slack
    async with house.serving():
        japanese = await answer_to(slack, "tanaka", LEAVE, where="総務")
        english = await answer_to(slack, "smith", VPN)

    assert "更新日: 2020-04-01 · ⚠️ 30日以上更新されていません" in str(japanese.blocks)
    assert "reviewed 2020-06-30 · ⚠️ not updated for over 30 days" in str(english.blocks)


@pytest.mark.parametrize("where", ["総務", ""])
async def test_a_document_that_is_never_for_chat_is_as_if_it_were_not_there(
    house: SlackHouse, where: str
) -> None:
    """What it says, and what no document says, are answered alike, byte by byte."""
    slack = house.slack
    async with house.serving():
        hidden = await answer_to(slack, "tanaka", SALARY, where=where)
        nowhere = await answer_to(slack, "tanaka", NONSENSE, where=where)

    assert NOT_FOUND in hidden.text
    assert hidden.text == nowhere.text
    assert [block["type"] for block in hidden.blocks] == [
        block["type"] for block in nowhere.blocks
    ]
    assert actions(hidden) == actions(nowhere)


async def test_a_canary_of_either_kind_is_in_no_byte_that_is_sent(
    house: SlackHouse,
) -> None:
    """Asked in every way, with every button pressed, and the Home tab opened."""
    slack = house.slack
    async with house.serving():
        for text in (CONTRACT, LEAVE, SALARY, "休暇", "契約", "役員"):
            answer = await answer_to(slack, "tanaka", text, where="総務")
            await answer_to(slack, "smith", text)
            for action in actions(answer):
                if action not in {"shirube_verdict", "shirube_more"}:
                    await slack.click("smith", answer, action)
        await slack.command("sato", "総務", "/ask", CONTRACT)
        await slack.open_home("sato")
        home = await slack.until(lambda: slack.home("sato"))
        await slack.until(lambda: all(d.acked for d in slack.courier.deliveries))
        inbox = slack.dm("sato").messages
        await slack.until(lambda: "「保守契約の解約条件」" in str(inbox))

    sent = slack.outbound()
    assert LINKED not in sent
    assert HIDDEN not in sent
    assert "300万円" not in sent
    assert "jinji" not in str(home.content)
    assert "keiyaku" in str(home.content)


async def test_a_model_is_given_nothing_for_chats_that_they_may_not_have(
    house: SlackHouse, scripted_http: ScriptedHTTP
) -> None:
    """The terminal gives the same model all of it."""
    ollama_shaped.teach(scripted_http, loaded=[MODEL])
    written = ollama_shaped.said("有給休暇は入社6か月後に20日を付与します[1]。")
    scripted_http.on(
        "/api/chat", ndjson_reply(written, ollama_shaped.done(prompt=3000))
    )
    for name in ("shirube.toml", "slack.toml"):
        config = house.folder / name
        host = f'[ollama]\nurl = "{scripted_http.url}"\nchat_model = "{MODEL}"'
        before = '[ollama]\nchat_model = "none"'
        settings = config.read_text(encoding="utf-8").replace(before, host)
        config.write_text(settings, encoding="utf-8")
    async with house.serving():
        for text in (LEAVE, STAFF, SALARY, CONTRACT):
            await answer_to(house.slack, "tanaka", text, where="総務")
    for_chats = prompts(scripted_http)
    terminal = Terminal(house.folder, {})
    await asyncio.to_thread(terminal.run, "ask", CONTRACT)
    await asyncio.to_thread(terminal.run, "ask", SALARY)

    assert "20日を付与します" in for_chats
    assert LINKED not in for_chats
    assert HIDDEN not in for_chats
    assert LINKED in prompts(scripted_http)
    assert HIDDEN in prompts(scripted_http)


def prompts(host: ScriptedHTTP) -> str:
    """Everything that the model was ever given."""
    asked = [request.json for request in host.sent_to("/api/chat")]
    return json.dumps(asked, ensure_ascii=False)


async def test_the_terminal_uses_all_of_them(house: SlackHouse) -> None:
    terminal = Terminal(house.folder, {})
    salary = await asyncio.to_thread(terminal.run, "ask", SALARY)
    contract = await asyncio.to_thread(terminal.run, "ask", CONTRACT)

    assert "300万円" in salary.out
    assert f"{LINKED}の3か月前" in contract.out


async def test_where_a_source_is_kept_back_so_is_what_no_table_names(
    house: SlackHouse,
) -> None:
    """A table that is taken out says no more that its source was not for chat."""
    slack = house.slack
    config = house.folder / "slack.toml"
    tables = config.read_text(encoding="utf-8").split("[[sources]]")
    tables[3] = tables[3].partition('chat_text = "never"\n')[2]
    config.write_text("[[sources]]".join(tables[:3]) + tables[3], encoding="utf-8")
    with capture_logs() as lines:
        async with house.serving():
            answer = await answer_to(slack, "tanaka", SALARY, where="総務")
    terminal = Terminal(house.folder, {})
    checked = await asyncio.to_thread(terminal.run, "check", "--config", "slack.toml")

    assert NOT_FOUND in answer.text
    assert HIDDEN not in slack.outbound()
    told = "jinji: no [[sources]] table names it and chat_text keeps something"
    [line] = [each for each in lines if each["event"] == KEPT_FROM_CHATS]
    assert told in line["problem"]
    assert told in " ".join(checked.all.split())


@pytest.mark.parametrize("now", ["link-only", "never"])
async def test_an_answer_that_waited_to_be_shown_is_not_once_it_may_not_be(
    house: SlackHouse, now: str
) -> None:
    """It was written, stored, and the process ended before Slack took it."""
    slack = house.slack
    config = house.folder / "slack.toml"
    strict = config.read_text(encoding="utf-8")
    config.write_text(strict.replace("link-only", "full"), encoding="utf-8")
    for method in ("chat.postMessage", "chat.startStream"):
        slack.faults.always(method, ratelimited(1))
    async with house.serving():
        question = await slack.say("tanaka", "総務", f"@shirube {CONTRACT}")
        await asyncio.to_thread(until_staged, house)
    config.write_text(strict.replace("link-only", now), encoding="utf-8")
    slack.faults.clear()
    before = len(slack.outbound())
    async with house.serving():
        [answer] = await slack.until(lambda: answers(slack, question), within=60)

    assert LINKED not in slack.outbound()[before:]
    assert ("「保守契約の解約条件」[1]" in str(answer.blocks)) is (now == "link-only")


def until_staged(house: SlackHouse) -> None:
    """Wait until an answer is stored that is still to be shown."""
    with closing(sqlite3.connect(house.folder / ".shirube" / "state.db")) as state:
        waits = "SELECT 1 FROM questions WHERE staged IS NOT NULL"
        for _ in range(3000):
            if state.execute(waits).fetchone():
                return
            time.sleep(0.01)
    raise AssertionError("no answer was written")


async def test_what_was_quoted_before_is_not_shown_once_it_may_only_be_linked(
    house: SlackHouse,
) -> None:
    slack = house.slack
    config = house.folder / "slack.toml"
    strict = config.read_text(encoding="utf-8")
    config.write_text(strict.replace("link-only", "full"), encoding="utf-8")
    async with house.serving():
        answer = await answer_to(slack, "tanaka", CONTRACT, where="総務")
    config.write_text(strict, encoding="utf-8")
    async with house.serving():
        before = len(slack.calls_to("chat.postEphemeral"))
        await slack.click("tanaka", answer, "shirube_passage:1")
        await slack.until(lambda: len(slack.calls_to("chat.postEphemeral")) > before)

    assert slack.whispers("tanaka")[-1].text == pressing.NOT_QUOTED.ja
    assert slack.modal("tanaka") is None
