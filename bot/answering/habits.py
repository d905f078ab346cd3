"""Knows what models say instead of an answer: refusals, thoughts, lists of sources."""

import re
from typing import Final

from bot.answering.citing import without_marks

NO_ANSWER: Final = "NO_ANSWER"
"""What the model writes when the sources do not answer."""

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_REFUSAL: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:(?i:no_answer)|NO[- ]?ANSWER)(?![A-Za-z0-9_])"
)
_ONLY_A_REFUSAL: Final = re.compile(r"\W*no[\W_]{0,3}answer\W*", re.IGNORECASE)


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


# "The documents do not say", in a model's own words.
_IGNORANCE: Final = _any(
    r"(?:資料|文書|ドキュメント|情報源|出典|提供された|与えられた|上記)[^。\n]{0,40}"
    r"(?:記載|情報|記述|言及|含まれ|見つか|見当た|書かれ|ありません|ございません)"
    r"[^。\n]{0,12}(?:ない|なく|ませ|せん)",
    r"(?:記載|情報)(?:が|は)(?:ありません|ございません|見つかりません|見当たりません)",
    r"(?:分|わ)かり(?:ません|かね)|(?:お答え|回答)でき(?:ません|かね)",
    r"\b(?:sources?|documents?|passages?|context|excerpts?|information|text)\b"
    r"[^.\n]{0,60}\b(?:do(?:es)? not|don['’]t|doesn['’]t|did not|no)\b[^.\n]{0,20}"
    r"\b(?:contain|mention|provide|include|say|state|specify|cover|information|answer)",
    r"\bI (?:do not|don['’]t) know\b|\bnot (?:found|mentioned) in the\b",
    r"\b(?:cannot|can['’]t|could not|couldn['’]t|unable to)"
    r" (?:find|answer|be answered|be found|determine)\b",
)

# What is said about the question, not what a rule says about users or reading.
_FILLERS: Final = (
    r"(?:(?:okay|ok|alright|right|hmm|wait|so|well|now|first|next|then)\b[,.… ]+"
    r"|(?:えっと|うーん|さて|まず|では|それでは|次に|ふむ|よし)[、,…\s]*)*"
)
_THOUGHT: Final = _any(
    r"(?:the|this) (?:user|asker|person) (?:is asking|asks|asked|wants (?:to know|me))",
    r"(?:the|this) (?:question|query) (?:is (?:asking|about)|asks)",
    r"(?:the )?user['’]s (?:question|query)",
    r"(?:let me|let['’]s|i (?:need|have) to|i(?:['’]ll| will| should| must)"
    r"|i['’]m going to) (?:first )?(?:look|check|see|think|find|search|figure"
    r"|analy[sz]e|review|read|start|answer|go|provide|cite|respond|make|summari[sz]e|consider"
    r"|recall)\b",
    r"we (?:need|have) to (?:answer|cite|look|find|produce|respond|figure)\b",
    r"looking at the (?:sources?|documents?|passages?|provided)",
    r"(?:thinking(?: process)?|analysis|reasoning):",
    r"(?:ユーザー?(?:さん)?の(?:質問|意図)|質問の意図|この質問(?:は|に対して))",
    r"(?:ユーザー?(?:さん)?|質問者)(?:は|が)[^。\n]{0,60}(?:質問|尋ね|聞い|聞こう|知りた)",
    r"(?:提供された|与えられた)?(?:資料|文書|ソース)を(?:確認|検索|調べ|読み|見)"
    r"[^。\n]{0,6}(?:ます|ましょう|ると|ところ|必要)",
    r"(?:考え|検討し|整理し|確認し|調べ)て(?:み|いき)ま",
    r"(?:思考(?:過程)?|分析)[:：]",
)
_THINKING: Final = re.compile(rf"{_FILLERS}(?:{_THOUGHT.pattern})", re.IGNORECASE)
_HESITATION: Final = re.compile(r"(?:hmm|wait)[,.…]", re.IGNORECASE)

_LIST_OF_SOURCES: Final = re.compile(
    r"[\W_]*(?:出典|参考(?:文献|資料|情報)?|引用元?|情報源|sources?|references?|citations?)"
    r"(?:一覧|リスト)?[\s*_]*[:：]",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(
    r"\s*[*_#]*\s*(?:回答|答え|answer|final answer|response|a)[*_]*\s*[:：][*_]*\s*",
    re.IGNORECASE,
)


def refuses(sentence: str, /) -> bool:
    """Whether the model says by the agreed word that there is no answer.

    The word counts in any wrapping; inside code only when nothing stands beside it.
    """
    plain = without_marks(sentence)
    if _ONLY_A_REFUSAL.fullmatch(plain):
        return True
    return _REFUSAL.search(_CODE.sub(" ", plain)) is not None


def admits_ignorance(text: str, /) -> bool:
    """Whether a text without citations says that the sources do not answer."""
    return _IGNORANCE.search(text) is not None


def thinks_aloud(sentence: str, /) -> bool:
    """Whether the model talks about the question instead of answering it."""
    plain = sentence.strip(' \t\n*_>#-「『"')
    return bool(_THINKING.match(plain) or _HESITATION.match(plain))


def lists_sources(sentence: str, /) -> bool:
    """Whether this begins a list of sources, which only code writes."""
    return _LIST_OF_SOURCES.match(sentence) is not None


def without_label(sentence: str, /) -> str:
    """Return the sentence without an `Answer:` before it."""
    return _LABEL.sub("", sentence, count=1) if _LABEL.match(sentence) else sentence
