"""Compares who may see what in Slack with an oracle of twenty lines.

python -m tests.bench access [--cases 10000] [--asked 80] [--seed 3]

Firms are made up, with guests, strangers, groups, shared channels and documents of
several layers. Every person and channel is held against every document, from what Slack
says of them to the catalogue; then people ask the whole bot for words that only one
document has. Fails at the first difference, and at a word where it may not be read.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bot import telemetry
from bot.backends.memory import MemoryIndex
from bot.chat.audience import Grant, Grants
from bot.chat.slack.directory import Directory
from bot.chat.slack.installation import Access
from bot.chat.slack.surface import SlackSurface
from bot.core.access import Principal
from bot.core.inbox import Incoming, Kind, Origin
from bot.core.model import ConversationId, DocumentId, Language
from bot.state.store import State, open_state
from connectors.api import Layers
from tests.fakes.house import House, Writes
from tests.fakes.shown import Right, Thread
from tests.fakes.slack import Clock, Slack, slack_server
from tests.fakes.slack.model import Channel, Guest, User
from tests.fakes.slack.model import Kind as Room
from tests.fakes.slack_bot import Around, platform
from tests.fakes.slack_library import Reader
from tests.fakes.slack_process import answers
from tests.fakes.source import MemorySource, Page

PEOPLE, ROOMS, GROUPS, DOCUMENTS = 36, 24, 10, 50
PRINCIPALS = [Principal(f"grp:g{number}") for number in range(8)]
NOBODY = Principal("grp:nobody")
WORD = re.compile(r"カナリア\d{4}")


@dataclass(slots=True)
class Firm:
    """A made-up firm: who is there, what was granted, which documents there are."""

    slack: Slack
    state: State
    house: House
    grants: Grants
    layers: dict[DocumentId, Layers]
    words: dict[str, DocumentId]
    shown: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


# --- what must be true -------------------------------------------------------------


def held(slack: Slack, grants: Grants, where: User | Channel) -> set[Principal]:
    """Return what those hold who read an answer there, said again and simply."""
    home = slack.workspace.team.id
    if isinstance(where, User):
        if where.deleted or where.bot_id:
            return set()
        mine = set(grants.people.get(where.id, ()))
        if where.team != home or where.guest:
            return mine - {"pub"}
        for group in slack.workspace.usergroups.values():
            mine |= (
                grants.groups.get(group.id, set()) if where.id in group.users else set()
            )
        return mine | {Principal("pub"), Principal(f"usr:mail:{where.email}")}
    members = [slack.workspace.users[member] for member in where.members]
    granted = grants.channels.get(where.id)
    shared = where.shared_with or where.pending_with or where.org_shared
    if shared or any(one.guest or one.team != home for one in members):
        return (
            set(granted.principals) - {"pub"} if granted and granted.external else set()
        )
    beyond = granted.principals if granted and where.kind is Room.PRIVATE else set()
    return {*beyond, Principal("pub")}


def permitted(layers: Layers, principals: set[Principal]) -> bool:
    """Say whether a document may be seen: something of every layer is held."""
    return all(layer & principals for layer in layers)


# --- what is made up ---------------------------------------------------------------


def some(dice: Random, most: int) -> frozenset[Principal]:
    """Return some principals, at least one."""
    return frozenset(dice.sample(PRINCIPALS, dice.randint(1, most)))


def populate(slack: Slack, dice: Random) -> None:
    """Let people, groups and channels be there that differ in all that matters."""
    partner = slack.workspace.add_team("提携先", domain=f"p{dice.randrange(999)}")
    for number in range(PEOPLE):
        fate = dice.random()
        slack.workspace.add_user(
            f"person{number}",
            guest=dice.choice(list(Guest)) if 0.55 < fate < 0.7 else None,
            team=partner if 0.7 <= fate < 0.85 else None,
            deleted=fate >= 0.95,
        )
    people = [user for user in slack.workspace.users.values() if not user.bot_id]
    inside = [one for one in people if not one.guest and one.team != partner.id]
    for number in range(GROUPS):
        slack.workspace.add_usergroup(f"group{number}", *dice.sample(people, 8))
    for number in range(ROOMS):
        crowd = inside if dice.random() < 0.6 else people
        there = [one for one in dice.sample(crowd, 6) if not one.deleted]
        kind = dice.choice([Room.PUBLIC, Room.PRIVATE])
        room = slack.workspace.add_channel(
            f"room{number}", "shirube", *there, kind=kind
        )
        room.shared_with |= {partner.id} if dice.random() < 0.15 else set()
        room.pending_with |= {partner.id} if dice.random() < 0.1 else set()
        room.org_shared = dice.random() < 0.1


def granted(slack: Slack, dice: Random) -> Grants:
    """Return what an operator may have granted."""
    workspace = slack.workspace
    principals = [*PRINCIPALS, Principal("pub")]

    def few() -> frozenset[Principal]:
        return frozenset(dice.sample(principals, dice.randint(1, 3)))

    return Grants(
        channels={
            name: Grant(principals=few(), external=dice.random() < 0.5)
            for name in workspace.channels
            if dice.random() < 0.7
        },
        groups={name: few() for name in workspace.usergroups if dice.random() < 0.7},
        people={name: few() for name in workspace.users if dice.random() < 0.4},
    )


def library(slack: Slack, dice: Random) -> dict[str, Page]:
    """Return documents of one to five layers; each has a word of its own."""
    mails = [f"usr:mail:{one.email}" for one in slack.workspace.users.values()]
    pages: dict[str, Page] = {}
    for number in range(DOCUMENTS):
        layers = [
            some(dice, 4)
            | ({"pub"} if dice.random() < 0.5 else set())
            | ({dice.choice(mails)} if dice.random() < 0.2 else set())
            for _ in range(dice.choice([1, 1, 1, 2, 2, 3, 4, 5]))
        ]
        if number % 10 == 0:
            layers.append(frozenset({NOBODY}))
        text = f"規程{number:04}号の合言葉はカナリア{number:04}である。"
        pages[f"d{number}"] = Page(f"規程{number:04}号", text, tuple(layers))
    return pages


@asynccontextmanager
async def firm(folder: Path, dice: Random) -> AsyncIterator[Firm]:
    """Make up a firm, whose documents were read."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(slack_server(clock=Clock(ticking=True)))
        slack.tiers.enforced = False
        populate(slack, dice)
        clock = slack.clock.datetime
        state = await stack.enter_async_context(open_state(folder, clock=clock))
        index = MemoryIndex()
        house = House(state=state, index=index, writes=Writes(index))
        pages = library(slack, dice)
        await house.sync(MemorySource(pages))
        yield Firm(
            slack=slack,
            state=state,
            house=house,
            grants=granted(slack, dice),
            layers={DocumentId(f"handbook:{d}"): p.layers for d, p in pages.items()},
            words={
                f"カナリア{number:04}": DocumentId(f"handbook:d{number}")
                for number in range(DOCUMENTS)
            },
        )


# --- comparing ---------------------------------------------------------------------


def incoming(slack: Slack, where: User | Channel) -> Incoming:
    """Return a question of somebody alone, or of a channel."""
    direct = isinstance(where, User)
    now = slack.clock.datetime()
    return Incoming(
        event=where.id,
        kind=Kind.DIRECT if direct else Kind.MENTION,
        origin=Origin(surface="slack", channel="D1" if direct else where.id),
        asker=where.id,
        conversation=ConversationId(where.id),
        text="合言葉は?",
        language=Language.JA,
        asked_at=now,
        expires_at=now,
    )


async def compare(made: Firm, most: int) -> int:
    """Hold places against documents; return how many cases there were."""
    slack = made.slack
    access = Access(bot_token=slack.bot_token, api_url=slack.url)
    directory = Directory(access.client(), team=slack.workspace.team.id)
    surface = SlackSurface(directory, Thread(slack).showings, made.grants)
    generation = await made.state.generations.active()
    assert generation is not None
    cases = 0
    places: list[User | Channel] = [*slack.workspace.users.values()]
    for where in [*places, *slack.workspace.channels.values()]:
        if isinstance(where, Channel) and slack.bot.id not in where.members:
            continue
        audience = await surface.audience(incoming(slack, where))
        oracle = held(slack, made.grants, where)
        found = await made.state.catalogue.live(generation.id, list(made.layers))
        for name, layers in made.layers.items():
            may = name in found and found[name].access.permits(audience.principals)
            cases += 1
            if may != permitted(layers, oracle):
                made.wrong.append(f"{where.name} {name}: {may}, {sorted(oracle)}")
            if cases == most:
                return cases
    return cases


# --- asking ------------------------------------------------------------------------


async def ask(made: Firm, questions: int, dice: Random) -> None:
    """Have people ask the whole bot, alone and in channels, for all sorts of words."""
    slack, state = made.slack, made.state
    reader = Reader(slack.platform.notify, answering=made.house.answering())
    bot = platform(slack, state, reader, Around(grants=made.grants))
    people = [one for one in slack.workspace.users.values() if not one.bot_id]
    people = [one for one in people if not one.deleted]
    rooms = [
        room
        for room in slack.workspace.channels.values()
        if slack.bot.id in room.members and room.kind in {Room.PUBLIC, Room.PRIVATE}
    ]
    async with asyncio.TaskGroup() as group:
        running = group.create_task(bot.run(Right()))
        await slack.until(lambda: len(slack.sockets.open) > 1)
        for _ in range(questions):
            text = f"@shirube 規程{dice.randrange(DOCUMENTS):04}号の合言葉は何ですか？"
            who, where = dice.choice(people), dice.choice(rooms)
            members = [one for one in people if one.id in where.members]
            if dice.random() < 0.5 or not members:
                with suppress(Exception):
                    where = slack.dm(who)
            else:
                who = dice.choice(members)
            said = await slack.say(who, where, text)
            await slack.until(partial(answers, slack, said), within=20)
        running.cancel()


def read(made: Firm) -> None:
    """Look for words in everything that was sent, each where it was sent."""
    slack = made.slack
    for call in slack.calls:
        found = set(WORD.findall(json.dumps(call.args, ensure_ascii=False)))
        if not found:
            continue
        where = slack.workspace.channels[call.args.get("channel", "")]
        alone = [one for one in where.members if one != slack.bot.id]
        direct = where.kind is Room.DM
        place = slack.workspace.users[alone[0]] if direct else where
        oracle = held(slack, made.grants, place)
        made.shown |= found
        made.wrong += [
            f"{word} in {place.name}"
            for word in found
            if not permitted(made.layers[made.words[word]], oracle)
        ]
    rest = [sent.answer for sent in slack.courier.deliveries]
    rest += slack.response_urls.posts
    if WORD.search(json.dumps(rest, ensure_ascii=False)):
        made.wrong.append("a word in an ack or by a response URL")


async def run(folder: Path, cases: int, asked: int, seed: int) -> bool:
    """Make up firms until there were enough cases; print, and say if all was well."""
    dice, done, firms = Random(seed), 0, 0
    shown: set[str] = set()
    wrong: list[str] = []
    begun = time.monotonic()
    while done < cases:
        async with firm(folder / f"firm{firms}", dice) as made:
            done += await compare(made, cases - done)
            if firms == 0:
                await ask(made, asked, dice)
                read(made)
        firms += 1
        shown |= made.shown
        wrong += made.wrong
    print(f"{done} cases in {firms} firms, {time.monotonic() - begun:.0f} s")
    print(f"{asked} questions to the whole bot; {len(shown)} words came out")
    print(f"differences and words out of place: {len(wrong)}")
    print("\n".join(wrong[:9]))
    return not wrong and bool(shown)


def main(arguments: list[str]) -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--asked", type=int, default=80)
    parser.add_argument("--seed", type=int, default=3)
    wanted = parser.parse_args(arguments)
    telemetry.set_up(verbose=False)
    with TemporaryDirectory() as name:
        good = asyncio.run(run(Path(name), wanted.cases, wanted.asked, wanted.seed))
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
