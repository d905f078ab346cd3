"""What the bot says at once in a chat, where there is nothing to look up."""

from typing import Final

from bot.text.phrases import Phrase

IN_DIRECT: Final = Phrase(
    ja="ダイレクトメッセージで回答します。このボットとの会話をご覧ください。",
    en="I will answer in our direct messages. Please look there.",
)
ASK_HELP: Final = Phrase(
    ja=(
        "`/ask` のあとに質問を書いてください。例: `/ask 有給休暇は何日ですか`\n"
        "回答はダイレクトメッセージで、あなただけに届きます。"
        "`/ask cancel` で質問を中止できます。"
    ),
    en=(
        "Write your question after `/ask`, such as `/ask How many days of leave do I "
        "have?`\nThe answer comes as a direct message, to you alone. `/ask cancel` "
        "stops your questions."
    ),
)
BUSY: Final = Phrase(
    ja=(
        "先にいただいた質問に回答しているところです。一度にお受けできるのは、回答中の1件と"
        "順番待ちの1件までです。回答が届いてから、もう一度お尋ねください。"
    ),
    en=(
        "I am still working on your earlier questions: one at a time, and one that "
        "waits. Please ask this again when an answer has come."
    ),
)
HUSHED: Final = Phrase(
    ja="承知しました。次にメンションされるまで、このスレッドでは回答しません。",
    en="All right. I stay out of this thread until somebody mentions me.",
)
HUSHED_ALONE: Final = Phrase(
    ja="承知しました。次にメッセージをいただくまで、ここには何も書きません。",
    en="All right. I write nothing here until you write to me again.",
)
MENTION_ONLY: Final = Phrase(
    ja=(
        "このチャンネルの発言は読めない設定のため、スレッドで続けて質問するときも、"
        "毎回メンションしてください。"
    ),
    en=(
        "I may not read this channel, so please mention me in the thread as well, "
        "each time you ask on."
    ),
)
STOPPED_MINE: Final = Phrase(
    ja="質問を{count}件中止しました。", en="Stopped questions: {count}."
)
NOTHING_OPEN: Final = Phrase(
    ja="回答中や順番待ちの質問はありません。", en="You have no question that is open."
)
TOO_LATE: Final = Phrase(
    ja="もう中止できません。回答の投稿が始まっているか、すでに終わっています。",
    en="It is too late to stop this: its answer is being posted, or it is over.",
)
NOT_YOURS: Final = Phrase(
    ja="中止できるのは、質問した人と管理者だけです。",
    en="Only who asked, and administrators, can stop this.",
)
ANSWER_STAYS: Final = Phrase(
    ja=(
        "質問を削除されましたが、ほかの方の発言が続いているため、回答は残してあります。"
        "回答も削除しますか？"
    ),
    en=(
        "You deleted a question, but others have gone on after it, so the answer is "
        "still there. Shall it go as well?"
    ),
)
EDITED: Final = Phrase(
    ja="質問が編集されました。編集後の内容で、もう一度回答しますか？",
    en="The question was edited. Shall I answer it again, as it is now?",
)
EDITED_LONG: Final = Phrase(
    ja=(
        "質問が編集されましたが、長いため、ここからはもう一度回答できません。"
        "短くして、新しいメッセージでもう一度お尋ねください。"
    ),
    en=(
        "The question was edited, but it is too long to be answered again from here. "
        "Please ask it in a new message, and shorter."
    ),
)
ASK_EDITED: Final = Phrase(ja="もう一度回答", en="Answer again")
TAKE_AWAY: Final = Phrase(ja="回答を削除", en="Delete the answer")
SHARED: Final = Phrase(
    ja="「{question}」について、このチャンネルで回答します。",
    en="About “{question}”, asked here too:",
)
NOT_SHARED: Final = Phrase(
    ja=(
        "そのチャンネルには投稿できませんでした。"
        "ボットを招待し、ご自身も参加してから、チャンネルで質問してください。"
    ),
    en=(
        "I cannot write in that channel for you. "
        "Please invite me there, join it yourself, and ask there."
    ),
)
