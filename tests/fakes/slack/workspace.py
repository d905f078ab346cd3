"""A workspace: who is in it, which conversations it has, and a small firm to start."""

import re
from itertools import count
from typing import TypeAlias

from tests.fakes.slack.limits import Refusal
from tests.fakes.slack.model import (
    Channel,
    File,
    Guest,
    Kind,
    Message,
    Team,
    User,
    Usergroup,
)

Who: TypeAlias = User | str
Where: TypeAlias = Channel | str
SHARED_TICKS = 100  # microseconds between two messages of one moment


class Workspace:
    """The state of the platform that people see; it enforces nothing."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.teams = {team.id: team}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.files: dict[str, File] = {}
        self.ephemerals: list[Message] = []
        self._numbers = count(1)
        self._last_ts = 0

    def new_id(self, prefix: str, name: str = "") -> str:
        """Return an id as Slack writes them, readable where the name allows it."""
        readable = re.sub(r"[^A-Z0-9]", "", name.upper())
        identity = prefix + readable
        known = (self.teams, self.users, self.channels, self.usergroups)
        if readable and not any(identity in kind for kind in known):
            return identity
        return f"{prefix}{readable}{next(self._numbers):06d}"

    def new_ts(self, now: float) -> str:
        """Return a time stamp that no message has yet."""
        self._last_ts = max(int(now * 1_000_000), self._last_ts + SHARED_TICKS)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_team(
        self, name: str, /, *, domain: str, enterprise: str | None = None
    ) -> Team:
        """Add another company's workspace, for shared channels."""
        team = Team(
            id=self.new_id("T", domain), name=name, domain=domain, enterprise=enterprise
        )
        self.teams[team.id] = team
        return team

    def add_user(
        self,
        name: str,
        /,
        *,
        real_name: str = "",
        email: str | None = None,
        locale: str = "ja-JP",
        guest: Guest | None = None,
        admin: bool = False,
        deleted: bool = False,
        team: Team | None = None,
    ) -> User:
        """Add a person, of this company unless a team is named."""
        home = team or self.team
        user = User(
            id=self.new_id("U", name),
            name=name,
            real_name=real_name or name,
            email=email or f"{name}@{home.domain}.example",
            locale=locale,
            guest=guest,
            admin=admin,
            deleted=deleted,
            team=home.id,
            enterprise=home.enterprise,
        )
        self.users[user.id] = user
        return user

    def add_bot(self, name: str, /, *, app_id: str | None = None) -> User:
        """Add a bot with its user."""
        bot = self.add_user(name, email=f"{name}@bots.example", locale="en-US")
        bot.bot_id = self.new_id("B", name)
        bot.app_id = app_id or self.new_id("A", name)
        return bot

    def add_usergroup(self, handle: str, /, *members: Who) -> Usergroup:
        """Add a group of people."""
        group = Usergroup(
            id=self.new_id("S", handle),
            handle=handle,
            name=handle,
            team=self.team.id,
            users=[self.user(member).id for member in members],
        )
        self.usergroups[group.id] = group
        return group

    def add_channel(
        self, name: str, /, *members: Who, kind: Kind = Kind.PUBLIC, readable: str = ""
    ) -> Channel:
        """Add a conversation with these members."""
        prefix = {Kind.DM: "D", Kind.GROUP_DM: "G"}.get(kind, "C")
        channel = Channel(
            id=self.new_id(prefix, readable or name),
            name=name,
            kind=kind,
            team=self.team.id,
            members=[self.user(member).id for member in members],
        )
        self.channels[channel.id] = channel
        return channel

    def dm(self, *people: Who) -> Channel:
        """Return the direct conversation of these people, opened if need be."""
        members = {self.user(person).id for person in people}
        kinds = {Kind.DM, Kind.GROUP_DM}
        for channel in self.channels.values():
            if channel.kind in kinds and set(channel.members) == members:
                return channel
        kind = Kind.DM if len(members) <= 2 else Kind.GROUP_DM
        names = "-".join(sorted(self.users[member].name for member in members))
        return self.add_channel(names, *members, kind=kind)

    def user(self, who: Who, /) -> User:
        """Find a user by id or name; an unknown one is a mistake of the test."""
        if isinstance(who, User):
            return who
        found = self.users.get(who) or next(
            (user for user in self.users.values() if user.name == who), None
        )
        if found is None:
            raise LookupError(f"nobody is called {who!r} in this workspace")
        return found

    def channel(self, where: Where, /) -> Channel:
        """Find a conversation by id or name; an unknown one is a test's mistake."""
        if isinstance(where, Channel):
            return where
        name = where.removeprefix("#")
        found = self.channels.get(where) or next(
            (channel for channel in self.channels.values() if channel.name == name),
            None,
        )
        if found is None:
            raise LookupError(f"there is no channel {where!r} in this workspace")
        return found

    def message(self, channel: Channel, ts: str, /) -> Message:
        """Find a message that still stands, or refuse as Slack does."""
        message = channel.messages.get(ts)
        if message is None or message.deleted:
            raise Refusal("message_not_found")
        return message

    def thread(self, channel: Channel, ts: str, /) -> list[Message]:
        """A thread as its readers see it: the first message, then the replies."""
        first = [channel.messages[ts]] if ts in channel.messages else []
        together = [*first, *channel.threads.get(ts, [])]
        return [message for message in together if not message.deleted]

    def replies_to(self, message: Message, /) -> list[Message]:
        """The visible replies in the thread that a message opened."""
        thread = self.thread(self.channels[message.channel], message.ts)
        return [reply for reply in thread if reply.ts != message.ts]


def small_firm(bot_app_id: str) -> Workspace:
    """A firm with colleagues, guests, another bot, and a partner's channel."""
    firm = Workspace(Team(id="TSHIRUBE", name="株式会社しるべ", domain="shirube"))
    firm.add_bot("shirube", app_id=bot_app_id)
    firm.add_bot("deploy-bot")
    firm.add_user("tanaka", real_name="田中 花子")
    firm.add_user("sato", real_name="佐藤 健", admin=True)
    firm.add_user("smith", real_name="John Smith", locale="en-US")
    firm.add_user("suzuki", real_name="鈴木 一郎（業務委託）", guest=Guest.MULTI)
    firm.add_user("takahashi", real_name="高橋 次郎（来客）", guest=Guest.SINGLE)
    firm.add_user("former", real_name="退職 太郎", deleted=True)
    partner = firm.add_team("取引先株式会社", domain="partner")
    firm.add_user("partner", real_name="取引 三郎", team=partner)
    firm.add_usergroup("soumu-team", "sato", "tanaka")
    staff = ("shirube", "tanaka", "sato", "smith")
    firm.add_channel("general", *staff, "deploy-bot")
    firm.add_channel("総務", *staff, readable="soumu")
    firm.add_channel("jinji", "shirube", "sato", kind=Kind.PRIVATE)
    firm.add_channel("secret", "tanaka", "sato", kind=Kind.PRIVATE)
    firm.add_channel("random", "tanaka", "smith")
    firm.add_channel("project", *staff, "suzuki", "takahashi")
    shared = firm.add_channel("with-partner", *staff, "partner")
    shared.shared_with.add(partner.id)
    return firm
