"""What the bot says to who pressed a button below an answer, and in its windows."""

from typing import Final

from bot.text.phrases import Phrase

THANKS: Final = Phrase(
    ja="ありがとうございます。評価を受け取りました。",
    en="Thank you, your feedback is kept.",
)
NOT_KEPT: Final = Phrase(
    ja="この回答の評価は受け付けられませんでした。",
    en="Feedback on this answer cannot be taken.",
)
FAILED: Final = Phrase(
    ja="うまくいきませんでした。少し待ってから、もう一度押してください。",
    en="That did not work. Please wait a little and press again.",
)
TOO_LATE: Final = Phrase(
    ja="時間内に開けませんでした。もう一度押してください。",
    en="This could not be opened in time. Please press again.",
)

# --- why an answer did not help: titles and buttons at most 24 characters -------------

REASONS: Final = Phrase(ja="回答の評価", en="Feedback")
WHY: Final = Phrase(ja="何が問題でしたか？", en="What was the matter?")
WRONG: Final = Phrase(ja="内容が間違っている", en="The answer is wrong")
OUTDATED: Final = Phrase(ja="情報が古い", en="It is outdated")
NOT_FOUND: Final = Phrase(
    ja="資料にあるはずのことが見つかっていない",
    en="It did not find what the documents say",
)
OTHER: Final = Phrase(ja="その他", en="Something else")
NOTE: Final = Phrase(ja="補足（任意）", en="A note (optional)")
SEND: Final = Phrase(ja="送信", en="Send")
CLOSE: Final = Phrase(ja="閉じる", en="Close")

# --- people --------------------------------------------------------------------------

PLEASE_HELP: Final = Phrase(
    ja="こちらの質問に、ご存じの方のご回答をお願いします。「{question}」",
    en="Could somebody who knows answer this, please? “{question}”",
)
CALLED: Final = Phrase(
    ja="担当者に声をかけました（一つの質問につき一度だけ知らせます）。",
    en="People who know are being asked, once for each question.",
)
CALLED_THERE: Final = Phrase(
    ja=(
        "元のチャンネルに、あなたの名前で質問だけを投稿し、担当者に声をかけます"
        "（回答と出典は載せません）。"
    ),
    en="I post your question in its channel, with your name, and ask people there. "
    "Nothing of the answer or its sources is shown.",
)
CALL_THERE: Final = Phrase(
    ja=(
        "質問の文だけを、あなたの名前とともに元のチャンネルに投稿し、担当者に声をかけます。"
        "回答と出典は載せません。"
    ),
    en="Your question is posted in its channel with your name, and people are asked "
    "there. Nothing of the answer or its sources is shown.",
)
NOT_THE_ASKER: Final = Phrase(
    ja="これができるのは、質問した人だけです。", en="Only who asked can do this."
)
CALL: Final = Phrase(ja="投稿する", en="Post it")
CALL_NOT: Final = Phrase(ja="やめる", en="Cancel")
NOBODY: Final = Phrase(
    ja="ここでは、声をかける担当者が設定されていません。",
    en="Nobody is named here who could be asked.",
)

# --- what a source says ------------------------------------------------------------

PASSAGE: Final = Phrase(ja="該当箇所", en="Passage")
NOT_SHOWN: Final = Phrase(
    ja="この資料は削除されたか、あなたには表示できません。",
    en="This document is gone, or is not one that I may show you.",
)
NOT_QUOTED: Final = Phrase(
    ja="この資料の本文は、ここには表示しない設定です。「開く」からご覧ください。",
    en="The text of this document is not shown here. Please open it by its link.",
)
CHANGED: Final = Phrase(
    ja="この資料は回答のあとに更新されました。もう一度質問すると、今の内容で回答します。",
    en="This document has changed since the answer. Ask again to have it as it is now.",
)
FORGOTTEN: Final = Phrase(
    ja="この回答の内容は保存期間を過ぎました。もう一度質問してください。",
    en="What this answer said is not kept any more. Please ask again.",
)
