"""Slack's way of writing: what comes in is decoded, what goes out is made literal."""

import html
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.text.normalise import printable

_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

_USER: Final = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")
_ANGLE: Final = re.compile(r"<([^<>]*)>")

_HONORIFIC: Final = "さ[ーぁあ〜～]*ん|さま|様|くん|君|ちゃん|氏"
_TITLE: Final = (
    "会長|社長|専務|常務|取締役|本部長|部長|次長|課長|係長|室長|局長|所長|店長|主任|主査|"
    "先生|先輩|教授|リーダー|マネージャー|マネジャー"
)
_NOBODY: Final = (
    "皆|みな|みんな|各位|全員|お疲れ|おつかれ|ご苦労|shirube|シルベ|しるべ|ボット|bot"
)
"""What an honorific may follow that is no colleague: all, a greeting, or the bot."""

_NO_NAME: Final = (
    "Actually|Afterwards|Again|Ah|All|Alright|Also|And|Anybody|Anyone|Anyway|"
    "Apparently|Basically|Besides|Bot|But|Clearly|Colleagues|Currently|Everybody|"
    "Everyone|Finally|First|Folks|Fortunately|Frankly|Friday|Friends|Furthermore|"
    "Generally|Good|Great|Guys|Hello|Hey|Hi|Hmm|Honestly|However|Ideally|Indeed|"
    "Instead|Lately|Later|Luckily|Maybe|Meanwhile|Monday|Moreover|Next|No|Normally|"
    "Now|Obviously|Oh|Ok|Okay|Originally|Otherwise|People|Perhaps|Please|Possibly|"
    "Previously|Recently|Right|Sadly|Saturday|Second|Shirube|Similarly|So|Sometimes|"
    "Sorry|Still|Suddenly|Sunday|Sure|Team|Thanks|Then|Therefore|Third|Thursday|"
    "Today|Tomorrow|Too|Tuesday|Typically|Unfortunately|Usually|Wait|Wednesday|Well|"
    "Yes|Yesterday"
)
"""What a sentence begins with, and a comma after it, that is no colleague's name."""

_EVERYBODY: Final = re.compile(r"<!(?:here|channel|everyone)(?:\|[^<>]*)?>")
_GROUP: Final = "<!subteam^"
_ADDRESSED: Final = re.compile(
    rf"""\s*(?:
        @\w
      | (?!(?i:{_NOBODY})(?:{_HONORIFIC}))
        @?[\w々ー]{{1,20}}(?:{_HONORIFIC})[、,，:：!！\s]
      | @?[\w々ー]{{0,20}}(?:{_TITLE})[、,，:：!！\s]
      | [A-Za-z]+-(?:san|sama|kun|sensei)\b
      | (?:(?:Hi|Hey|Hello|Dear)[ ])?(?!(?:{_NO_NAME}),)[A-Z][a-z]+,[ ]
    )""",
    re.VERBOSE,
)


def escaped(text: str, /) -> str:
    """Return text that Slack shows as it is: no mention, link or entity in it works."""
    return printable(text).translate(_ESCAPED)


def size(text: str, /) -> int:
    """Return how many bytes Slack counts for a text: UTF-8, after escaping."""
    return len(text.translate(_ESCAPED).encode("utf-8", "replace"))


def mentioned(text: str, /) -> frozenset[str]:
    """Return the ids of the people and bots that a text mentions."""
    return frozenset(_USER.findall(text))


def addresses_other(text: str, /, *, bot: str) -> bool:
    """Whether a message in a thread speaks to somebody else than the bot.

    It does by mentioning another and not the bot, and by beginning with a name:
    「田中さん、」, 「山田部長、」, "Sato-san, …", "John, …".
    """
    people = mentioned(text)
    if people:
        return bot not in people
    return _ADDRESSED.match(plain(text, bot=bot)) is not None


def addresses_everybody(text: str, /, *, bot: str) -> bool:
    """Whether a message in a channel speaks to no one person, and no one group."""
    said = _EVERYBODY.sub(" ", text)
    return _GROUP not in said and not addresses_other(said, bot=bot)


def plain(
    text: str, /, *, bot: str, names: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return what a person wrote, as the person saw it, without naming the bot.

    Links become their address, or their label and address; channels and groups their
    names; a mention of another the name that is told for the id, or else `@id`.
    """

    def read(match: re.Match[str]) -> str:
        person = _USER.fullmatch(match[0])
        known = names.get(person[1]) if person else None
        return known or _read(match[1], bot)

    return html.unescape(_ANGLE.sub(read, text)).strip()


def _read(inside: str, bot: str) -> str:
    target, _, label = inside.partition("|")
    match target[:1]:
        case "@":
            return "" if target[1:] == bot else f"@{label or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return _special(target[1:], label)
        case _:
            target = target.removeprefix("mailto:")
            return f"{label} {target}" if label and label != target else target


def _special(name: str, label: str) -> str:
    """Read `<!here>`, `<!subteam^S1|@group>` and `<!date^1^{date}|1 April>`."""
    return label or f"@{name.split('^', maxsplit=1)[0]}"
