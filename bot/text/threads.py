"""Tells what a question wants of its thread: a summary, or what it points back to."""

import re
from typing import Final

from bot.text.courtesy import essence
from bot.text.normalise import search_form

_JA_THREAD: Final = (
    r"(?:こ(?:の|れまでの|こまでの)|今までの|上の|以上の)?"
    r"(?:スレッド|スレ|会話|議論|話し合い|やりとり|やり取り|流れ|経緯|話)(?:全体)?"
    r"(?:の(?:内容|要点|経緯|流れ|議論|話))?"
    r"|こ(?:れまで|こまで)(?:の(?:内容|要点|経緯))?"
    r"|今まで(?:の(?:内容|要点|経緯))?|これ|要点|内容"
)
_JA_HOW: Final = r"(?:簡潔に|簡単に|短く|ざっくり|手短に|ざっと|[\d一二三四五]行で)"
_JAPANESE: Final = re.compile(
    rf"(?:(?:{_JA_THREAD})(?:を|で|は)?)?{_JA_HOW}?"
    r"(?:まとめ(?:て(?!も(?!ら)|から|い(?!た))|るの?を?|を?(?![てる]))|要約(?:して|する|を)?|サマリー?(?:して|する|を|に)?)"
    r"(?:くだ|くれ|もら|いただ|頂|ほし|欲し|お願い|作|出|教え)?[ぁ-ん]*"
    r"|(?:何の(?:話|スレッド)|どういう話)(?:です|でした|だっけ)?か?"
)
_ENGLISH: Final = re.compile(
    r"(?:please |can you |could you |would you |kindly |thanks,? )*"
    r"(?:(?:summari[sz]e|sum|sum up|recap)"
    r"(?: (?:this|the|our|that|it|everything|all|what was said|all of this))?"
    r"(?: up)?"
    r"(?: (?:whole |entire |full )?(?:threads?|conversation|discussion|chat|messages))?"
    r"|(?:give (?:me|us) |i need |write |post )?(?:a |the )?"
    r"(?:short |brief |quick )?(?:summary|recap|tl;?dr)"
    r"(?: of (?:this|the|our)(?: (?:thread|conversation|discussion|chat))?)?"
    r"|catch (?:me|us) up(?: (?:on|with) (?:this|the)(?: thread)?)?"
    r"|what(?:'s| is| was) this (?:thread|conversation|discussion) about)"
    r"(?: above| here| so far| for (?:me|us)| in (?:short|brief|detail)| briefly"
    r"| please)*"
)
_AT_LENGTH: Final = re.compile(
    r"(?:もっと)?(?:詳しく|くわしく|詳細に)(?:教えて|説明して|お願いします)?(?:ください)?"
    r"|explain in detail|in detail"
)
_MARKS: Final = " \n\t。、.!！?？~〜,…"

_POINTER: Final = re.compile(
    r"(?:これ|それ|あれ|この|その|あの|こちら|そちら|こういう|そういう|ああいう"
    r"|上記|前述|さっきの|先ほどの|さきほどの|同じ)"
    r"|^(?:じゃあ|では|なら|ちなみに|あと、|(?:and|but|or|so|what about|how about)\b)"
    r"|(?:どうなって|どうなった|どうする|どうすれば|どう思)"
    r"|\b(?:this|that|these|those|it|its|they|them|their|he|she|him|her|same|above"
    r"|former|latter)\b"
)
_HAN_OR_KATAKANA: Final = re.compile("[\u3005\u3400-\u9fff\u30a1-\u30fa\u30fc]{2,}")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9'’-]+")
_SMALL: Final = re.compile(
    r"(?:what|who|when|where|why|how|which|is|are|was|were|do|does|did|can|could|should"
    r"|would|will|may|about|and|or|the|for|of|to|in|on|at|so|then|also|please|any|there"
    r"|here|else|more|next|again|really|still|now)"
)


def wants_summary(text: str, /) -> bool:
    """Whether a text asks for a summary of its thread and for nothing else.

    「まとめて」, "tl;dr" and "summarise this thread" do; 「休暇の規程をまとめて」 asks
    the documents.
    """
    return any(map(_asks_for_summary, (text, essence(text))))


def points_back(text: str, /) -> bool:
    """Whether a question cannot be understood without what was said before it.

    It points at something, as 「これってどうなってる？」 does, or names nothing.
    """
    said = search_form(essence(text) or text)
    return _POINTER.search(said) is not None or not _names(said)


def names_something(text: str, /) -> bool:
    """Whether a message names a thing: 「え、そうなの？」 does not."""
    return _names(search_form(essence(text)))


def _asks_for_summary(text: str) -> bool:
    lines = (line.strip(_MARKS) for line in search_form(text).split("\n"))
    said = [line for line in lines if line and not _AT_LENGTH.fullmatch(line)]
    if len(said) != 1:
        return False
    return any(asked.fullmatch(said[0]) for asked in (_JAPANESE, _ENGLISH))


def _names(said: str) -> bool:
    """Whether a text names a thing; words that only hold sentences together do not."""
    words = (word for word in _WORD.findall(said) if not _SMALL.fullmatch(word))
    return any(words) or _HAN_OR_KATAKANA.search(said) is not None
