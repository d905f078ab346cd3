"""Who sees what in Slack: what may not be read is in no byte that Slack gets."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.backends.memory import MemoryIndex
from bot.chat.audience import Grant, Grants
from bot.core.access import Principal
from bot.core.model import Generation, Hit
from bot.state.ageing import Ageing
from bot.text import chatting, phrases
from connectors.api import Layers
from tests.fakes.house import NOW
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.faults import Refuse, ratelimited
from tests.fakes.slack.model import Guest, Kind, User
from tests.fakes.slack_bot import Around
from tests.fakes.slack_library import Library, Obedient, library
from tests.fakes.source import Page

CANARY = "canary7731"
"""In the title, the path and the text of what only some may read."""

HR = Principal("grp:hr")
PARTNERS = Principal("grp:partners")
QUESTION = "役員の年次有給休暇は何日ですか？"
EN = "How many days of leave do directors get?"


def secret(*layers: str) -> Page:
    """What only those may read who hold all of these."""
    told: Layers = tuple(frozenset({layer}) for layer in layers)
    text = f"役員の年次有給休暇は45日とする。合言葉は{CANARY}である。"
    english = f"Directors get 45 days of leave each year, says {CANARY}."
    return Page(f"役員休暇規程{CANARY}", f"{text}\n\n{english}", told)


LEAVE = Page(
    "休暇規程",
    "社員の年次有給休暇は20日とする。\n\nEmployees get 20 days of leave each year.",
)
OUTSIDE = Page(
    "委託先の休暇",
    "委託先の役員の年次有給休暇は委託元が決める。\n\n"
    "Directors of partners get the leave that their own company gives.",
    (frozenset({str(PARTNERS)}),),
)
PAGES = {"leave": LEAVE, "outside": OUTSIDE, "secret": secret("grp:hr")}
GRANTS = Grants(
    channels={
        "CJINJI": Grant(principals=frozenset({HR})),
        "CSOUMU": Grant(principals=frozenset({HR})),
        "CPROJECT": Grant(principals=frozenset({HR})),
        "CWITHPARTNER": Grant(principals=frozenset({PARTNERS}), external=True),
    },
    groups={"SSOUMUTEAM": frozenset({HR})},
    people={"USUZUKI": frozenset({PARTNERS})},
)


@pytest.fixture
def model() -> Obedient:
    """A model that writes what it is told to."""
    return Obedient()


@pytest.fixture
async def quoting(slack: Slack, tmp_path: Path) -> AsyncIterator[Library]:
    """The bot, which quotes."""
    async with library(slack, tmp_path, PAGES, Around(grants=GRANTS)) as running:
        yield running


@pytest.fixture
async def writing(
    slack: Slack, tmp_path: Path, model: Obedient
) -> AsyncIterator[Library]:
    """The bot, whose model writes."""
    around = Around(grants=GRANTS)
    async with library(slack, tmp_path, PAGES, around, model=model) as running:
        yield running


# --- what all who read a place may see ---------------------------------------


async def test_row_32_and_trap_19_what_the_asker_may_see_and_the_channel_may_not(
    quoting: Library,
) -> None:
    """Nor does a grant count in a channel that anybody may join."""
    shown = await quoting.ask("tanaka", "総務", QUESTION)

    assert "20日" in shown
    assert CANARY not in quoting.slack.outbound()


@pytest.mark.parametrize(
    ("who", "layers"),
    [
        pytest.param("tanaka", ["grp:hr"], id="by a usergroup"),
        pytest.param("smith", ["usr:mail:smith@shirube.example"], id="by e-mail"),
        pytest.param("tanaka", ["grp:hr", "pub"], id="by all layers"),
    ],
)
async def test_row_33_in_private_it_is_used_and_cited(
    quoting: Library, who: str, layers: list[str]
) -> None:
    await quoting.read(secret=secret(*layers))
    shown = await quoting.ask(who, "dm", QUESTION)

    assert f"合言葉は{CANARY}" in shown
    assert re.search(rf"\[\d\] 役員休暇規程{CANARY}", shown)
    assert quoting.slack.calls_to("chat.startStream")[0].args["channel"].startswith("D")


async def test_row_33_a_command_is_answered_by_the_rights_of_its_asker(
    quoting: Library,
) -> None:
    slack = quoting.slack
    await slack.command("tanaka", "総務", "/ask", QUESTION)
    shown = await quoting.told("tanaka")

    assert CANARY in shown
    assert not slack.workspace.channel("総務").messages
    assert CANARY not in str(slack.response_urls.posts)


async def test_who_holds_one_layer_of_two_sees_nothing(quoting: Library) -> None:
    await quoting.read(secret=secret("grp:hr", "grp:board"))
    shown = await quoting.ask("tanaka", "dm", QUESTION)

    assert "20日" in shown
    assert CANARY not in quoting.slack.outbound()


async def test_a_private_channel_sees_what_it_was_granted(quoting: Library) -> None:
    shown = await quoting.ask("sato", "jinji", QUESTION)

    assert CANARY in shown


@pytest.mark.parametrize(
    ("question", "clause"),
    [(QUESTION, "社外と共有のチャンネルのため"), (EN, "shared with others")],
)
async def test_row_34_a_shared_channel_gets_what_outsiders_may_see(
    quoting: Library, question: str, clause: str
) -> None:
    shown = await quoting.ask("tanaka", "with-partner", question)

    assert "委託先の休暇" in shown
    assert clause in shown
    assert "20日" not in quoting.slack.outbound()
    assert CANARY not in quoting.slack.outbound()


@pytest.mark.parametrize("how", ["org_shared", "pending_with"])
async def test_row_34_a_channel_that_others_may_come_into_is_shared(
    quoting: Library, how: str
) -> None:
    """With the other workspaces of an organisation, or by an invitation."""
    room = quoting.slack.workspace.channel("jinji")
    match how:
        case "org_shared":
            room.org_shared = True
        case _:
            room.pending_with.add("TPARTNER")
    shown = await quoting.ask("sato", "jinji", QUESTION)

    assert "社外と共有のチャンネルのため" in shown
    assert CANARY not in quoting.slack.outbound()


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        (QUESTION, "ゲストがいるため、社外公開可の文書だけで回答"),
        (EN, "Guests are here"),
    ],
)
async def test_row_35_a_guest_in_the_channel_leaves_what_outsiders_may_see(
    quoting: Library, question: str, clause: str
) -> None:
    """Both kinds of guests are in it, one of them of this channel alone."""
    quoting.slack.workspace.channel("project").kind = Kind.PRIVATE
    shown = await quoting.ask("tanaka", "project", question)

    assert clause in shown
    assert "20日" not in quoting.slack.outbound()
    assert CANARY not in quoting.slack.outbound()


@pytest.mark.parametrize(
    "method", ["conversations.info", "conversations.members", "users.list"]
)
async def test_row_36_where_slack_does_not_say_who_reads_nothing_is_shown(
    quoting: Library, method: str
) -> None:
    quoting.slack.faults.always(method, Refuse("access_denied"))
    shown = await quoting.ask("sato", "jinji", QUESTION)

    assert "チャンネルの参加者を確認できないため、文書は使っていません" in shown
    assert "20日" not in shown
    assert CANARY not in quoting.slack.outbound()


async def test_row_36_while_slack_says_nothing_nothing_is_shown(
    quoting: Library,
) -> None:
    slack = quoting.slack
    slack.faults.next("conversations.info", ratelimited(1))
    shown = await quoting.ask("sato", "jinji", QUESTION)

    calls = [call.method for call in slack.calls]
    asked = [n for n, name in enumerate(calls) if name == "conversations.info"]
    assert calls.index("chat.startStream") > asked[1]
    assert CANARY in shown


# --- who is not one of us ----------------------------------------------------


@pytest.mark.parametrize(
    ("who", "question", "clause"),
    [
        ("suzuki", QUESTION, "社外の方のため、許可された文書だけで回答"),
        ("suzuki", EN, "only documents opened to you were used"),
        ("takahashi", QUESTION, "社外の方のため、許可された文書だけで回答"),
    ],
)
async def test_trap_18_a_guest_alone_gets_what_was_granted_by_name(
    quoting: Library, who: str, question: str, clause: str
) -> None:
    """To one guest something was, and to the other one nothing."""
    shown = await quoting.ask(who, "dm", question)

    assert clause in shown
    assert ("委託先の休暇" in shown) == (who == "suzuki")
    assert "20日" not in quoting.slack.outbound()
    assert CANARY not in quoting.slack.outbound()


async def test_trap_17_who_asks_from_outside_gets_what_outsiders_may_see(
    quoting: Library,
) -> None:
    """And no stream that is addressed to a team that is not theirs."""
    slack = quoting.slack
    shown = await quoting.ask("partner", "with-partner", QUESTION)

    assert "委託先の休暇" in shown
    assert slack.calls_to("chat.startStream") == []
    assert "20日" not in slack.outbound()
    assert CANARY not in slack.outbound()


async def test_trap_17_a_bot_from_outside_is_not_answered(quoting: Library) -> None:
    slack = quoting.slack
    robot = slack.workspace.add_bot("partner-bot")
    robot.team = "TPARTNER"
    room = slack.workspace.channel("with-partner")
    room.members.append(robot.id)
    said = await slack.say("partner-bot", room, f"@shirube {QUESTION}")
    await quoting.ask("tanaka", "with-partner", QUESTION)

    assert slack.replies(said) == []
    assert len(quoting.bot.answerer.asked) == 1


def of_the_organisation(slack: Slack, name: str, *, team: str = "TSHIRUBE") -> User:
    """Add somebody with an id of an organisation of several workspaces."""
    slack.workspace.team.enterprise = "EGRID"
    user = slack.workspace.add_user(name)
    del slack.workspace.users[user.id]
    user.id, user.team, user.enterprise = f"W{name.upper()}", team, "EGRID"
    slack.workspace.users[user.id] = user
    return user


async def test_a_member_with_an_id_of_the_organisation_is_a_member(
    quoting: Library,
) -> None:
    slack = quoting.slack
    of_the_organisation(slack, "ueda")
    await quoting.read(secret=secret("usr:mail:ueda@shirube.example"))
    shown = await quoting.ask("ueda", "dm", QUESTION)

    assert CANARY in shown


@pytest.mark.parametrize(
    ("question", "clause"),
    [(QUESTION, "社外の方のため"), (EN, "only documents opened to you")],
)
async def test_who_is_of_another_workspace_of_the_organisation_is_outside(
    quoting: Library, question: str, clause: str
) -> None:
    """Alone; Slack tells of no address of theirs, and none would count."""
    slack = quoting.slack
    other = of_the_organisation(slack, "ueda", team="TOTHER")
    slack.workspace.channel("with-partner").members.append(other.id)
    await quoting.read(secret=secret("usr:mail:ueda@shirube.example"))
    shown = await quoting.ask("ueda", "dm", question)

    assert clause in shown
    assert "20日" not in slack.outbound()
    assert CANARY not in slack.outbound()


@pytest.mark.parametrize(
    ("team", "guest", "clause"),
    [
        pytest.param("TOTHER", None, "社外と共有のチャンネル", id="another team"),
        pytest.param("TSHIRUBE", Guest.SINGLE, "ゲストがいるため", id="a guest"),
    ],
)
async def test_who_asks_counts_as_a_reader_also_where_slack_lists_others(
    quoting: Library, team: str, guest: Guest | None, clause: str
) -> None:
    """As in an organisation, whose mentions come with a team that is none."""
    slack = quoting.slack
    user = of_the_organisation(slack, "ueda", team=team)
    user.guest = guest
    room = slack.workspace.channel("jinji")
    room.members.append(user.id)
    said = await slack.say(user, room, f"@shirube {QUESTION}")
    room.members.remove(user.id)
    shown = await quoting.shown(said)

    assert clause in shown
    assert CANARY not in slack.outbound()


@pytest.mark.parametrize(
    ("question", "clause"),
    [(QUESTION, "あなたの権限を確認できない"), (EN, "I cannot tell what you may read")],
)
async def test_who_slack_does_not_tell_of_sees_nothing(
    quoting: Library, question: str, clause: str
) -> None:
    quoting.slack.faults.always("users.info", Refuse("user_not_visible"))
    shown = await quoting.ask("tanaka", "dm", question)

    assert clause in shown
    assert "20日" not in quoting.slack.outbound()


@pytest.mark.parametrize("where", ["総務", "dm", "with-partner", "project"])
@pytest.mark.parametrize("question", [QUESTION, "宇宙旅行の精算は？"])
async def test_answering_privately_is_offered_wherever_several_people_read(
    quoting: Library, where: str, question: str
) -> None:
    """Whether anything was found or not: the offer tells nothing."""
    shown = await quoting.ask("tanaka", where, question)

    assert (chatting.PRIVATELY.ja in shown) == (where != "dm")


async def test_trap_24_a_slack_that_wants_less_gets_the_answer_all_the_same(
    quoting: Library,
) -> None:
    slack = quoting.slack
    methods = (
        "conversations.info",
        "assistant.threads.setStatus",
        "chat.startStream",
        "chat.postMessage",
        "chat.update",
        "chat.stopStream",
    )
    for method in methods:
        slack.faults.next(method, ratelimited(1))
    shown = await quoting.ask("tanaka", "総務", QUESTION)

    assert "20日" in shown
    assert (
        len(
            slack.replies(next(iter(slack.workspace.channel("総務").messages.values())))
        )
        == 1
    )


# --- what changes while the answer is written --------------------------------

WRITTEN = "役員の年次有給休暇は45日で、合言葉は" + CANARY + "です[1]。"


async def test_row_37_what_is_revoked_while_the_model_writes_is_not_shown(
    writing: Library, model: Obedient
) -> None:
    model.say(WRITTEN)
    model.meanwhile = lambda: writing.read(secret=secret("grp:board"))
    shown = await writing.ask("sato", "jinji", QUESTION)

    assert CANARY in model.told
    assert "20日" in shown
    assert CANARY not in writing.slack.outbound()


async def test_row_37_what_is_deleted_while_the_model_writes_is_not_shown(
    writing: Library, model: Obedient
) -> None:
    async def gone() -> None:
        del writing.source.pages["secret"]
        await writing.read()

    model.say(WRITTEN)
    model.meanwhile = gone
    await writing.ask("sato", "jinji", QUESTION)

    assert CANARY in model.told
    assert CANARY not in writing.slack.outbound()


async def shared(slack: Slack) -> None:
    """Open the channel to another company."""
    team = slack.workspace.teams["TPARTNER"]
    await slack.share("jinji", team)


async def visited(slack: Slack) -> None:
    """Bring a guest in."""
    await slack.invite("suzuki", "jinji")


@pytest.mark.parametrize("happens", [shared, visited])
async def test_row_37_who_comes_in_while_the_model_writes_sees_nothing_of_it(
    writing: Library, model: Obedient, happens: Callable[[Slack], Awaitable[None]]
) -> None:
    """What was written for those who were there is thrown away; it begins anew."""

    async def comes() -> None:
        await happens(writing.slack)
        await writing.bot.heard()

    model.say(WRITTEN)
    model.meanwhile = comes
    shown = await writing.ask("sato", "jinji", QUESTION)

    assert CANARY in model.told
    assert "社外" in shown
    assert CANARY not in writing.slack.outbound()


async def test_row_37_who_comes_in_after_a_sentence_leaves_none_of_it(
    writing: Library, model: Obedient
) -> None:
    """What was shown before is taken away, and why is said."""
    slack = writing.slack
    model.say([WRITTEN, "申請は人事部まで。" * 30, "以上です。"])
    hold = slack.faults.hold("chat.startStream", after_processing=True)
    said = await slack.say("sato", "jinji", f"@shirube {QUESTION}")
    await hold.held.wait()
    await visited(slack)
    await writing.bot.heard()
    hold.release()
    shown = await writing.shown(said)

    assert CANARY not in shown
    assert phrases.AUDIENCE_CHANGED.ja in shown


@pytest.mark.parametrize(
    ("who", "where", "days", "seen"),
    [
        ("tanaka", "dm", 2, [CANARY]),
        ("tanaka", "dm", 4, ["20日"]),
        ("tanaka", "with-partner", 2, ["委託先の休暇"]),
        ("tanaka", "with-partner", 4, []),
        ("tanaka", "dm", 8, []),
    ],
)
async def test_row_47_rights_that_were_read_too_long_ago_count_for_less(
    slack: Slack, tmp_path: Path, *, who: str, where: str, days: int, seen: list[str]
) -> None:
    """Three days at most: then what is open inside, and after a week nothing."""

    def clock() -> datetime:
        return NOW + timedelta(days=days)

    ageing = Ageing(valid={"handbook": timedelta(days=3)}, clock=clock)
    around = Around(grants=GRANTS)
    async with library(slack, tmp_path, PAGES, around, ageing=ageing) as running:
        shown = await running.ask(who, where, QUESTION)

    assert [word for word in (CANARY, "20日", "委託先の休暇") if word in shown] == seen
    assert (CANARY in slack.outbound()) == (CANARY in seen)


# --- what is remembered ------------------------------------------------------


def sent_to(slack: Slack, channel: str) -> list[Any]:
    """Every call that names a channel."""
    return [call for call in slack.calls if call.args.get("channel") == channel]


async def test_row_42_what_was_asked_privately_is_not_told_to_the_channel(
    writing: Library, model: Obedient
) -> None:
    """Neither to the people in it nor to the model that answers them."""
    slack = writing.slack
    model.say("社員の年次有給休暇は20日です[1]。")
    said = await slack.say("tanaka", "総務", f"@shirube {QUESTION}")
    await writing.shown(said)
    model.say(WRITTEN)
    answer = slack.replies(said)[-1]
    await slack.click("tanaka", answer, "shirube_privately")
    assert CANARY in await writing.told("tanaka")
    model.prompts.clear()
    model.say("社員の年次有給休暇は20日です[1]。")
    shown = await writing.follow_up("tanaka", said, "その合言葉は何ですか？")

    assert "20日" in shown
    assert CANARY not in model.told
    assert not [call for call in sent_to(slack, "CSOUMU") if CANARY in str(call.args)]


async def test_row_42_an_answer_that_may_not_be_shown_any_more_is_no_memory(
    writing: Library, model: Obedient
) -> None:
    """It still stands in the thread; the model is not told it again."""
    slack = writing.slack
    model.say(WRITTEN)
    said = await slack.say("sato", "jinji", f"@shirube {QUESTION}")
    assert CANARY in await writing.shown(said)
    await writing.read(secret=secret("grp:board"))
    sent = len(slack.calls)
    model.prompts.clear()
    model.say("社員の年次有給休暇は20日です[1]。")
    shown = await writing.follow_up("sato", said, "社員の年次有給休暇は何日ですか？")

    assert "20日" in shown
    assert "20日" in model.told
    assert CANARY not in model.told
    assert CANARY not in str([call.args for call in slack.calls[sent:]])


async def test_row_43_an_answer_for_some_is_none_for_others(
    writing: Library, model: Obedient
) -> None:
    """The same question, word for word, after those who may know have asked it."""
    model.say(WRITTEN)
    assert CANARY in await writing.ask("sato", "jinji", QUESTION)
    model.say("社員の年次有給休暇は20日です[1]。")
    model.prompts.clear()
    shown = await writing.ask("sato", "総務", QUESTION)

    assert "20日" in shown
    assert CANARY not in model.told
    assert CANARY not in str([c.args for c in sent_to(writing.slack, "CSOUMU")])


# --- what an answer tells of what it does not say ----------------------------


def said_by(slack: Slack) -> list[object]:
    """Everything that was sent, but for ids that are made up for each question.

    How a sentence is cut into additions to a stream hangs on how busy the machine is.
    """
    sent = json.dumps([[c.method, c.args] for c in slack.calls], ensure_ascii=False)
    names: dict[str, str] = {}
    numbered = re.sub(
        r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\d{10}\.\d{6}",
        lambda found: names.setdefault(found[0], f"#{len(names)}"),
        sent,
    )
    return [call for call in json.loads(numbered) if call[0] != "chat.appendStream"]


@pytest.mark.parametrize("where", ["総務", "dm", "with-partner"])
@pytest.mark.parametrize(
    "question", [QUESTION, EN, f"{CANARY}とは何ですか？", "宇宙旅行の精算は？"]
)
async def test_row_44_hidden_documents_change_no_byte(
    tmp_path: Path, where: str, question: str
) -> None:
    """Whether it is answered or not, with and without what may not be seen."""
    told = []
    few = {"leave": LEAVE, "outside": OUTSIDE}
    for number, pages in enumerate((few, few | {"secret": secret("grp:board")})):
        folder = tmp_path / f"{number}"
        async with (
            slack_server(clock=Clock(start=1_790_000_000)) as slack,
            library(slack, folder, pages, Around(grants=GRANTS)) as running,
        ):
            shown = await running.ask("tanaka", where, question)
            told.append((shown, said_by(slack)))

    assert told[0] == told[1]
    assert "assistant.threads.setStatus" in str(told[0][1])


class Watched(MemoryIndex):
    """An index that counts how often it is searched."""

    searched = 0

    async def search_lexical(
        self,
        generation: Generation,
        tokens: Sequence[str],
        /,
        *,
        principals: AbstractSet[Principal],
        limit: int,
    ) -> list[Hit]:
        self.searched += 1
        return await super().search_lexical(
            generation, tokens, principals=principals, limit=limit
        )


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        (QUESTION, "あなたの権限を確認できないため"),
        (EN, "I cannot tell what you may read"),
    ],
)
async def test_row_46_for_who_left_nothing_is_searched(
    slack: Slack, tmp_path: Path, question: str, clause: str
) -> None:
    """Deactivated between the question and its answer."""
    index, around = Watched(), Around(grants=GRANTS)
    async with library(slack, tmp_path, PAGES, around, index=index) as running:
        hold = slack.faults.hold("users.info")
        said = await slack.say("tanaka", slack.dm("tanaka"), question)
        await hold.held.wait()
        slack.workspace.user("tanaka").deleted = True
        hold.release()
        shown = await running.shown(said)
        refused = index.searched
        await running.ask("sato", "dm", question)

    assert clause in shown
    assert "20日" not in shown
    assert (refused, index.searched) == (0, 1)
