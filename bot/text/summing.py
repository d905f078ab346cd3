"""What the bot says about a thread that somebody wants summarised."""

from typing import Final

from bot.text.phrases import Phrase

OF_THREAD: Final = Phrase(
    ja="このスレッドの発言{count}件の要約です。文書は検索していません。",
    en="A summary of this thread, of messages: {count}. No documents were searched.",
)
OF_PART: Final = Phrase(
    ja=(
        "このスレッドの発言{count}件のうち、はじめと終わりの{used}件の要約です。"
        "文書は検索していません。"
    ),
    en=(
        "A summary of this thread, of messages at its beginning and its end: {used} of "
        "{count}. No documents were searched."
    ),
)
NO_THREAD: Final = Phrase(
    ja=(
        "要約できるのはスレッドです。"
        "要約したいスレッドの中で「まとめて」とメンションしてください。"
    ),
    en=(
        "I summarise threads. Mention me with “summarise” in the thread that you want "
        "summarised."
    ),
)
NOTHING: Final = Phrase(
    ja="このスレッドには、要約できる発言がありません。",
    en="There is nothing in this thread that I could summarise.",
)
FORBIDDEN: Final = Phrase(
    ja=(
        "このスレッドの発言を読む権限がないため、要約できません。"
        "管理者がアプリに発言を読む権限（…:history）を加えると、要約できます。"
    ),
    en=(
        "I may not read the messages of this thread, so I cannot summarise it. I can "
        "once an administrator has given the app the right to (the scopes …:history)."
    ),
)
UNREAD: Final = Phrase(
    ja="スレッドの発言を読み込めませんでした。少し待ってから、もう一度お試しください。",
    en="I could not read the messages of this thread. Please try again in a while.",
)
NO_MODEL: Final = Phrase(
    ja="文章を書くモデルがないため、スレッドを要約できません。管理者にお問い合わせください。",
    en=(
        "There is no model to write with, so I cannot summarise threads. Please ask "
        "your administrator."
    ),
)
MODEL_FAILED: Final = Phrase(
    ja="モデルが応答しないため、要約できませんでした。少し待ってから、もう一度お試しください。",
    en="The model does not respond, so there is no summary. Please try again later.",
)
UNUSABLE: Final = Phrase(
    ja="要約をうまく作成できませんでした。もう一度お試しください。",
    en="I could not write a usable summary. Please try again.",
)
