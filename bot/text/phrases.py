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
THREAD_UNREAD: Final = Phrase(
    ja=(
        "このスレッドのこれまでの発言を読み込めなかったため、"
        "何についての質問か分からなかった可能性があります。"
        "知りたいことを省略せずに書いて、もう一度お試しください。"
    ),
    en=(
        "I could not read what was said in this thread before, so I may not know what "
        "you mean. Please ask again and name it."
    ),
)
EMPTY_QUESTION: Final = Phrase(
    ja=(
        "ご質問の内容が空のようです。知りたいことを文章かキーワードでお送りください。"
        "添付ファイルの中身は読めません。"
    ),
    en="Your question seems to be empty. Send what you want to know, in a sentence or "
    "a few keywords. I cannot read what is attached.",
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

# --- the answer has to wait ---------------------------------------------------

IN_LINE: Final = Phrase(
    ja="順番待ちです。あなたは{place}、{wait}。",
    en="You are {place} in line, {wait}.",
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
PERHAPS_OUTDATED: Final = Phrase(
    ja="古くなっている可能性のある資料「{title}」（{date}）より:",
    en="From “{title}” ({date}), which may be outdated:",
)
OF_ANOTHER_YEAR: Final = Phrase(
    ja="別の年の資料「{title}」（{date}）より:",
    en="From another year, “{title}” ({date}):",
)
SOURCES: Final = Phrase(ja="出典", en="Sources")
UPDATED: Final = Phrase(ja="更新日: {date}", en="updated {date}")
REVIEWED: Final = Phrase(ja="確認日: {date}", en="reviewed {date}")
UNDATED: Final = Phrase(ja="日付不明", en="no date")
ANSWER_IN: Final = Phrase(
    ja=(
        "答えは次の資料にあると思われます。"
        "本文はここには載せられないため、資料を開いてご確認ください: {titles}"
    ),
    en="The answer seems to be in a document whose text I may not repeat here; please "
    "open it: {titles}",
)
ALSO_IN: Final = Phrase(
    ja="本文をここに載せられない資料にも答えがあるかもしれません: {titles}",
    en="The answer may also be in a document whose text I may not repeat here: "
    "{titles}",
)
CUT_SHORT: Final = Phrase(
    ja="モデルの応答が途中で切れたため、回答はここまでです。もう一度お試しください。",
    en="The model broke off, so the answer ends here. Please try again.",
)
NOT_IN_SOURCE: Final = Phrase(
    ja="「{claim}」は出典の文面では確認できません。出典でお確かめください。",
    en="“{claim}” could not be confirmed in the words of its source. "
    "Please check the source.",
)
PART_WITHDRAWN: Final = Phrase(
    ja=(
        "使った資料の一部が削除されたか、公開範囲が変わったため、"
        "回答の一部を取り下げました。"
    ),
    en=(
        "Part of this answer was withdrawn: a document it was based on has been "
        "removed or may no longer be shown here."
    ),
)

# --- the terminal ------------------------------------------------------------

CHAT_HELP: Final = Phrase(
    ja=(
        "質問をどうぞ。続けて質問できます。"
        "/why 根拠  /new 新しい会話  /profile faq|docs|brainstorm|quiz  /quit 終了"
    ),
    en=(
        "Ask away; follow-ups are understood. "
        "/why  /new  /profile faq|docs|brainstorm|quiz  /quit"
    ),
)
WHY_NOTHING: Final = Phrase(
    ja="まだ質問がありません。", en="Nothing has been asked yet."
)
CHECK_SAYS_WHY: Final = Phrase(
    ja="原因と対処は `shirube check` でわかります。",
    en="`shirube check` says why, and what to do.",
)
INIT_NEXT: Final = Phrase(
    ja=(
        "{path} を作成しました。情報源を書き込み、`shirube check` で確かめてから "
        "`shirube sync` を実行してください。"
    ),
    en=(
        "Wrote {path}. Fill in the source, prove it with `shirube check`, "
        "then run `shirube sync`."
    ),
)
DEMO_BEGIN: Final = Phrase(
    ja="架空の会社の文書を読み込みます。",
    en="Reading the documents of a fictional company.",
)
DEMO_END: Final = Phrase(
    ja=(
        "\n自分たちの文書で使うには: `shirube init`、`shirube check`、`shirube sync`、"
        "`shirube ask`。"
    ),
    en=(
        "\nFor your own documents: `shirube init`, `shirube check`, `shirube sync`, "
        "`shirube ask`."
    ),
)

# --- why an answer uses fewer documents ---------------------------------------

LIMITED_GUESTS: Final = Phrase(
    ja="ゲストがいるため、社外公開可の文書だけで回答",
    en="Guests are here, so only documents cleared for outsiders were used.",
)
LIMITED_SHARED: Final = Phrase(
    ja="社外と共有のチャンネルのため、社外公開可の文書だけで回答",
    en="This channel is shared with others, so only documents cleared for outsiders "
    "were used.",
)
LIMITED_UNKNOWN_CHANNEL: Final = Phrase(
    ja="チャンネルの参加者を確認できないため、文書は使っていません",
    en="I cannot see who is in this channel, so no documents were used.",
)
LIMITED_OUTSIDER: Final = Phrase(
    ja="社外の方のため、許可された文書だけで回答",
    en="You are a guest here, so only documents opened to you were used.",
)
LIMITED_UNKNOWN_PERSON: Final = Phrase(
    ja="あなたの権限を確認できないため、文書は使っていません",
    en="I cannot tell what you may read, so no documents were used.",
)

# --- how a question ended without an answer ------------------------------------

QUESTION_CANCELLED: Final = Phrase(ja="中止しました。", en="Stopped.")
QUESTION_EXPIRED: Final = Phrase(
    ja="時間内に答えられませんでした。少し待ってから、もう一度お尋ねください。",
    en="I could not answer in time. Please ask again in a while.",
)
QUESTION_FAILED: Final = Phrase(
    ja="申し訳ありません。うまく答えられませんでした。もう一度お尋ねください。"
    "続くようでしたら、管理者に番号 {reference} をお伝えください。",
    en="Sorry, something went wrong. Please ask again; if it stays, tell your "
    "administrator the number {reference}.",
)
AUDIENCE_CHANGED: Final = Phrase(
    ja="回答の途中で参加者が変わったため、回答を取り下げました。もう一度お尋ねください。",
    en="Who can read this changed while I was answering, so I took the answer back. "
    "Please ask again.",
)
