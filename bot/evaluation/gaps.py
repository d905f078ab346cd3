"""Finds what several people asked in vain: what the documents lack.

Questions belong together when they share words. What one or two people asked is not
told: it would say more about them than about the documents.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.core.feedback import Unmet
from bot.core.model import Language
from bot.text.courtesy import essence
from bot.text.normalise import search_form
from bot.text.tokens import analyse

ASKERS: Final = 3
"""Fewer people than this stay unheard."""

ALIKE: Final = 0.4
"""The cosine from which questions belong together."""

_MINOR: Final = 0.15
"""What a word counts that many questions have, whatever they ask about."""

# As they come in questions of any topic: longer ones first.
_COMMON: Final = re.compile(
    "申請書?|手続き?|提出|方法|手順|仕方|やり方|場所|期限|締め?切り?|担当者?|部署|確認|利用|使用"
    "|設定|変更|連絡先?|問い?合わ?せ先?|必要|可能|場合|社内|会社|弊社|当社|現在|最新|情報|資料"
    "|一覧|詳細|対応|作成|登録|予約|ルール|マニュアル|フロー|システム|ページ|リンク|エラー"
    r"|\b(?:how|find|get|gets|use|used|using|way|need|needs|work|works|working|company"
    r"|team|new|process|policy|rules?|request|apply|info|information|page|link|there"
    r"|please|tell|know|want|anyone|someone|does|ask|set|change|available|allowed)\b"
)
_HAN: Final = re.compile("[\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]+")
_RUNS: Final = re.compile(f"{_HAN.pattern}|[\u30a1-\u30fa]+|[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that the documents lack, and how often it was asked.

    `question` is the one that is most like the others.
    """

    question: str
    language: Language
    questions: int
    askers: int
    first: datetime
    last: datetime


@dataclass(slots=True, kw_only=True)
class _Cluster:
    members: list[tuple[Unmet, Mapping[str, float]]] = field(default_factory=list)
    weights: Counter[str] = field(default_factory=Counter)

    def add(self, unmet: Unmet, weights: Mapping[str, float]) -> None:
        self.members.append((unmet, weights))
        self.weights.update(weights)

    def take(self, other: "_Cluster") -> None:
        for unmet, weights in other.members:
            self.add(unmet, weights)

    def gap(self) -> Gap:
        asked = [unmet.incoming for unmet, _ in self.members]
        typical = max(self.members, key=lambda member: _cosine(member[1], self.weights))
        return Gap(
            question=typical[0].incoming.text,
            language=typical[0].incoming.language,
            questions=len(asked),
            askers=len(self.askers()),
            first=min(incoming.asked_at for incoming in asked),
            last=max(incoming.asked_at for incoming in asked),
        )

    def askers(self) -> set[tuple[str, str, str]]:
        return {
            (incoming.origin.surface, incoming.origin.workspace, incoming.asker)
            for incoming in (unmet.incoming for unmet, _ in self.members)
        }


def gaps(unmet: Sequence[Unmet], /, *, askers: int = ASKERS) -> list[Gap]:
    """Return what so many people asked in vain, what most asked first.

    The same questions give the same gaps. A question may be left out because nobody
    else has its words, though others have its meaning.
    """
    clusters = _merged(_gathered(_weighed(unmet)))
    found = [each.gap() for each in clusters if len(each.askers()) >= askers]
    return sorted(found, key=lambda gap: (-gap.askers, -gap.questions, gap.first))


def _weighed(
    unmet: Iterable[Unmet],
) -> Iterator[tuple[Unmet, Mapping[str, float]]]:
    """Leave out what has no word to go by."""
    for each in unmet:
        if words := _words(each.incoming.text):
            yield each, words


def _words(text: str) -> dict[str, float]:
    """Return what a question is about, with what each word counts.

    Common words are cut out first, so that none of them makes a pair with what stands
    beside it.
    """
    said = search_form(essence(text) or text)
    words: dict[str, float] = {}
    for run in _RUNS.findall(" ".join(_COMMON.findall(said))):
        words |= _run(run, _MINOR)
    for run in _RUNS.findall(_COMMON.sub(" ", said)):
        words |= _run(run, 1.0)
    return words


def _run(run: str, weight: float) -> dict[str, float]:
    """Return the parts of a run of one script, which count as much as one word.

    Words written in Han characters are cut as the index cuts them, because nobody
    says where one ends; others are taken whole.
    """
    if _HAN.match(run):
        pairs = [word for word in analyse(run) if len(word) > 1] or [run]
        return dict.fromkeys(pairs, weight / math.sqrt(len(set(pairs))))
    return dict.fromkeys(analyse(run)[:1] if run.isascii() else [run], weight)


def _gathered(
    weighed: Iterable[tuple[Unmet, Mapping[str, float]]],
) -> list[_Cluster]:
    """Put each question, in the order of asking, to those it is most like."""
    clusters: list[_Cluster] = []
    for unmet, weights in weighed:
        likeness = [_cosine(weights, each.weights) for each in clusters]
        best = max(range(len(clusters)), key=likeness.__getitem__, default=None)
        if best is None or likeness[best] < ALIKE:
            clusters.append(_Cluster())
            best = len(clusters) - 1
        clusters[best].add(unmet, weights)
    return clusters


def _merged(clusters: list[_Cluster]) -> list[_Cluster]:
    """Put together what grew alike, so that the order of asking matters less."""
    merged: list[_Cluster] = []
    for cluster in sorted(clusters, key=lambda each: -len(each.members)):
        likeness = [_cosine(cluster.weights, each.weights) for each in merged]
        best = max(range(len(merged)), key=likeness.__getitem__, default=None)
        if best is None or likeness[best] < ALIKE:
            merged.append(cluster)
        else:
            merged[best].take(cluster)
    return merged


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    few, many = sorted((one, other), key=len)
    shared = sum(weight * many[word] for word, weight in few.items() if word in many)
    if not shared:
        return 0.0
    return shared / (_length(one) * _length(other))


def _length(weights: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values()))
