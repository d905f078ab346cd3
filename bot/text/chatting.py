"""What the bot says around its answers in a chat: status lines, buttons, sources."""

from typing import Final

from bot.text.phrases import Phrase

# --- what is going on: at most 50 characters ------------------------------------

STATUS_BEGUN: Final = Phrase(ja="質問を確認しています…", en="is reading the question…")
STATUS_SEARCHING: Final = Phrase(
    ja="資料を検索しています…", en="is searching the documents…"
)
STATUS_READING: Final = Phrase(
    ja="見つかった資料を読んでいます…", en="is reading what it found…"
)
STATUS_CHECKING: Final = Phrase(
    ja="出典を確かめています…", en="is checking the sources…"
)
STATUS_WRITING: Final = Phrase(ja="回答をまとめています…", en="is writing the answer…")
STATUS_AHEAD: Final = Phrase(
    ja="{count}人待ち（{wait}）", en="has {count} ahead of you, {wait}"
)

# --- cards above an answer that is being written -----------------------------------

CARD_SEARCHED: Final = Phrase(
    ja="「{query}」を資料から検索しました", en="Searched the documents for “{query}”"
)
CARD_READ: Final = Phrase(
    ja="{count}件の資料を読みました", en="Documents read: {count}"
)

# --- buttons: at most 75 characters ----------------------------------------------

STOP: Final = Phrase(ja="中止", en="Stop")
OPEN: Final = Phrase(ja="開く", en="Open")
PASSAGE: Final = Phrase(ja="[{number}] 該当箇所を見る", en="[{number}] Show passage")
MORE: Final = Phrase(ja="もっと詳しく", en="More")
GOOD: Final = Phrase(ja="👍 役に立った", en="👍 Helpful")
BAD: Final = Phrase(ja="👎 役に立たなかった", en="👎 Not helpful")
AGAIN: Final = Phrase(ja="もう一度質問", en="Ask again")
PRIVATELY: Final = Phrase(ja="自分だけに回答", en="Answer me privately")
PERSON: Final = Phrase(ja="担当者に聞く", en="Ask a person")
SHARE: Final = Phrase(ja="チャンネルで聞く", en="Ask in the channel")

# --- around an answer --------------------------------------------------------------

ANSWER_TO: Final = Phrase(ja="「{question}」への回答です。", en="About “{question}”:")
STALE: Final = Phrase(
    ja="⚠️ {days}日以上更新されていません", en="⚠️ not updated for over {days} days"
)
SENT_AGAIN: Final = Phrase(
    ja="（届いたか確認できなかったため再送）",
    en="(sent again, as it may not have arrived)",
)
CUT_HERE: Final = Phrase(
    ja="長いため、ここまでを表示しています。ボットとのダイレクトメッセージでお尋ねください。",
    en="This is too long to show here whole. Ask me in a direct message.",
)
