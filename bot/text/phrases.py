"""What the bot itself says to people, in Japanese and English."""

from dataclasses import dataclass
from string import Formatter
from typing import Final, assert_never

from bot.core.model import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One thing the bot says; both languages have the same `{placeholders}`."""

    ja: str
    en: str

    def say(self, language: Language, /, **values: object) -> str:
        """Return the phrase with its placeholders filled; all must be given."""
        return self._in(language).format(**values)

    def placeholders(self, language: Language, /) -> frozenset[str]:
        """Return the names of the values that `say` wants."""
        parts = Formatter().parse(self._in(language))
        return frozenset(name for _, name, _, _ in parts if name is not None)

    def _in(self, language: Language) -> str:
        match language:
            case Language.JA:
                return self.ja
            case Language.EN:
                return self.en
            case _:
                assert_never(language)


# --- there is no answer ------------------------------------------------------

NOT_FOUND: Final = Phrase(
    ja=(
        "お探しの内容は、参照できる資料の中に見つかりませんでした。"
        "別の言葉で言い換えるか、担当部署にお問い合わせください。"
    ),
    en=(
        "I could not find this in the documents I may use here. "
        "Try other words, or ask the team in charge."
    ),
)
EMPTY_QUESTION: Final = Phrase(
    ja="ご質問の内容が空のようです。知りたいことを文章かキーワードでお送りください。",
    en="Your question seems to be empty. Send what you want to know, in a sentence or "
    "a few keywords.",
)
EMOJI_ONLY: Final = Phrase(
    ja="絵文字だけでは資料を検索できません。知りたいことを言葉でお送りください。",
    en="I cannot search the documents by emoji alone. Please ask in words.",
)
QUESTION_TOO_LONG: Final = Phrase(
    ja=(
        "ご質問が長すぎます（{length}文字）。"
        "知りたいことを{limit}文字以内にまとめてお送りください。"
    ),
    en=(
        "Your question is too long ({length} characters). "
        "Please put what you want to know into {limit} characters or fewer."
    ),
)
NOTHING_INDEXED: Final = Phrase(
    ja=(
        "検索できる資料がまだありません。"
        "管理者が`shirube sync`を実行すると、お答えできるようになります。"
    ),
    en=(
        "There are no documents to search yet. "
        "I can answer once the operator has run `shirube sync`."
    ),
)
SEARCH_DOWN: Final = Phrase(
    ja="ただいま検索を利用できません。しばらくしてから、もう一度お試しください。",
    en="The search is not available right now. Please try again in a while.",
)
WITHDRAWN: Final = Phrase(
    ja=(
        "回答に使った資料が削除されたか、公開範囲が変わったため、"
        "この回答を取り下げました。"
    ),
    en=(
        "I have withdrawn this answer: a document it was based on has been removed "
        "or may no longer be shown here."
    ),
)

# --- the answer is not what it could be --------------------------------------

EXTRACTIVE_HEADER: Final = Phrase(
    ja="文章での回答は作成せず、資料から関連する箇所をそのまま引用します。",
    en="I have not written an answer; these are the most relevant passages, quoted.",
)
NO_MODEL: Final = Phrase(
    ja=(
        "回答を書くモデルが見つからないため、資料の引用でお答えしています。"
        "モデルを用意するには、次を実行してください: `ollama pull {model}`"
    ),
    en=(
        "There is no model to write answers, so I quote the documents. "
        "To get one, run: `ollama pull {model}`"
    ),
)
MODEL_FAILED: Final = Phrase(
    ja="モデルが応答しないため、資料の引用でお答えします。",
    en="The model does not respond, so I quote the documents.",
)
UNUSABLE: Final = Phrase(
    ja="資料で裏づけられる回答を作成できなかったため、資料の引用でお答えします。",
    en="I could not write an answer that the documents support, so I quote them.",
)
DEGRADED_LEXICAL: Final = Phrase(
    ja=(
        "意味による検索を利用できないため、語句の一致だけで検索しました。"
        "見落としがあるかもしれません。"
    ),
    en=(
        "Search by meaning is not available, so I searched by matching words only "
        "and may have missed something."
    ),
)

# --- notes and sources -------------------------------------------------------

NEWER_CHOSEN: Final = Phrase(
    ja=(
        "新しい版の「{newer}」（{newer_date}）に基づいてお答えしました。"
        "古い版の「{older}」（{older_date}）は使っていません。"
    ),
    en=(
        "This answer follows the newer version, “{newer}” ({newer_date}), and not "
        "the older one, “{older}” ({older_date})."
    ),
)
SOURCES_DISAGREE: Final = Phrase(
    ja=(
        "資料によって内容が異なる可能性があります:"
        "「{newer}」（{newer_date}）と「{older}」（{older_date}）。"
        "新しいほうの資料もご確認ください。"
    ),
    en=(
        "The sources may disagree: “{newer}” ({newer_date}) and “{older}” "
        "({older_date}). Please check the newer one."
    ),
)
SOURCES: Final = Phrase(ja="出典", en="Sources")
UPDATED: Final = Phrase(ja="更新日: {date}", en="updated {date}")
UNDATED: Final = Phrase(ja="日付不明", en="no date")
