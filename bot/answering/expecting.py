"""Reads from a question what its answer must hold: a number, steps, a meaning."""

import re
from dataclasses import dataclass
from typing import Final

from bot.text.normalise import search_form
from bot.text.tokens import analyse

_KANJI: Final = r"[\d〇一二三四五六七八九十百千万億数]"
_NUMBER: Final = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|half|several|few|dozens?|hundreds?|thousands?|millions?|billions?)"
)
_SOME: Final = rf"(?:an?|{_NUMBER})"
_COUNTER: Final = (
    "(?:[日月年時分秒週円人名個回件歳才文字台枚号階校本冊匹点位番種倍度割口頭軒曲社県国店"
    "室席世代隻両機基%]|[a-z]{1,3}(?![a-z]))"
)
_DATE: Final = (
    rf"{_KANJI}\s*(?:年|か?[ヶカ箇]?月|日|時|分|週|世紀|営業日)|[月火水木金土日]曜|末日"
    r"|毎[日週月年]|以内|当日|翌[日月年]|前日|時代|年代|\d"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b(?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december|spring|summer|autumn|winter|century|noon|midnight)\b"
)
_FREQUENCY: Final = (
    rf"毎|ごと|おき|{_KANJI}回|年に|週に|日に"
    r"|\b(?:every|each|once|twice|daily|weekly|monthly|quarterly|yearly|annual(?:ly)?"
    rf"|hourly|nightly|{_NUMBER} times?|(?:a|per) (?:day|week|month|quarter|year))\b"
)
_DURATION: Final = (
    rf"{_KANJI}\s*(?:秒|分|時間|日|営業日|週間|か?[ヶカ箇]?月|年|世紀)|末日|以内"
    rf"|\b{_SOME}[ -](?:[a-z]+[ -])?(?:seconds?|minutes?|hours?|days?|nights?|weeks?"
    r"|months?|quarters?|years?|decades?|centur(?:y|ies))\b|\d ?(?:s|ms|min|h)\b"
    r"|\b(?:until|forever|permanently)\b"
)
_MONEY: Final = (
    r"\d[^。.]{0,8}(?:円|ドル|ユーロ|%)|無料|[$€£¥]|\b(?:yen|dollars?|free)\b"
)
_AMOUNT: Final = rf"\d|\b{_NUMBER}\b"

_ASKED: Final = r"(?:は|を|が|って)?[?。 ]*$"
"""What stands behind a noun that is asked for: 「宿泊費の上限は？」."""

_ASKS_HOW_MUCH: Final = (
    rf"いくら|(?:料金|金額|費用|値段|手当){_ASKED}|\b(?:cost|price|fee)s?\b"
)
_ASKS_WHEN: Final = (
    rf"いつ|何時(?!間)|(?:時期|日付|期限|締め?切り?|締め?日){_ASKED}|\bwhen\b"
    r"|\bdeadline\b|\bwhat (?:time|day|date|year|month|century)\b"
)
_ASKS_HOW_MANY: Final = (
    rf"いくつ|ど[のれ](?:[くぐ]らい|だけ)|(?:上限|下限|番号|[日人回件]数|割合|定員){_ASKED}"
    r"|\bhow (?:many|much|old|far|tall|high|large|big|deep|wide)\b"
    r"|\b(?:number|percentage|limit) of\b|\bport\b"
)

# The first one that fits decides: "how long" asks for no number of any kind.
_RULES: Final[tuple[tuple[str, str], ...]] = (
    (rf"頻度{_ASKED}|\bhow (?:often|frequently)\b", _FREQUENCY),
    (_ASKS_HOW_MUCH, _MONEY),
    (_ASKS_WHEN, _DATE),
    (
        rf"期間{_ASKED}|ど[のれ][くぐ]らいの?時間|\bhow (?:long|fast|soon|quickly)\b",
        _DURATION,
    ),
    (_ASKS_HOW_MANY, _AMOUNT),
)
_QUESTION_WORDS: Final = re.compile(
    r"\bhow (?:long|fast|soon|quickly|many|much|often|frequently|old|far|tall|high"
    r"|large|big|deep|wide)\b(?: (?:does|do|did|will) (?:it|this|that) take\b)?"
    r"|\b(?:which|whom|whose|why|counts? as)\b"
    r"|\bwhat (?:time|day|date|year|month|century)\b"
    rf"|いつ|いくら|いくつ|ど[のれ](?:[くぐ]らい|だけ)|何(?:か|[ヶカ箇])?{_COUNTER}間?"
    r"|の?(?:手順|方法|やり方|仕方|流れ)|\b(?:steps|procedure|instructions)\b"
    r"|何|誰|だれ|どなた|どこ|どうやって|どうすれば|どうしたら|どのように|なぜ|どうして"
)
_COUNTED: Final = re.compile(rf"何(?:か|[ヶカ箇])?({_COUNTER})")
_MEANING: Final = re.compile(
    r"\bwhat (?:is|are|does|do|counts? as)\b|\bmean(?:s|ing)?\b"
    r"|とは|って何|の(?:意味|定義)"
)
_STEPS: Final = re.compile(
    r"手順|方法|仕方|流れ|どうやって|どうすれば|どうしたら|どのように"
    r"|[きしちにひみりぎじびえけせてねめれげぜでべ]方(?![向面針式言角])"
    r"|[使行払買扱言洗]い方|\bhow (?:do|can|to|should|would)\b"
    r"|\bwhat (?:should|do|can|must) (?:i|we|you|one) do\b"
    r"|\bsteps?\b|\bprocedure|\binstructions?\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What tells an answer from other sentences about the same thing.

    Without a pattern nothing is known of how the answer looks.
    """

    pattern: re.Pattern[str] | None
    steps: bool
    meaning: bool

    def met(self, text: str, /) -> bool:
        """Whether a text holds something that looks like the answer."""
        if self.pattern is None:
            return False
        return self.pattern.search(search_form(text)) is not None


def expected(question: str, /) -> Expected:
    """Return what a question asks for; the answer may be in either language."""
    asked = search_form(question)
    return Expected(
        pattern=_pattern(asked),
        steps=asks_for_steps(asked),
        meaning=_MEANING.search(asked) is not None,
    )


def asks_for_steps(text: str, /) -> bool:
    """Whether a question or a heading is about how something is done."""
    return _STEPS.search(search_form(text)) is not None


def without_question_words(question: str, /) -> str:
    """Return a question without words that no answer repeats, if anything is left."""
    bare = _QUESTION_WORDS.sub(" ", search_form(question))
    return bare if analyse(bare) else question


def _pattern(asked: str) -> re.Pattern[str] | None:
    for asks, answers in _RULES:
        if re.search(asks, asked, re.MULTILINE):
            return re.compile(answers)
    counted = _COUNTED.search(asked)
    if counted is None:
        return None
    return re.compile(
        rf"{_KANJI}[\d,.]*\s*(?:か|[ヶカ箇])?{counted[1]}|\b{_NUMBER} [a-z]"
    )
