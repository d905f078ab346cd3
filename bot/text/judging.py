"""What `shirube feedback` says, in Japanese and English."""

from typing import Final

from bot.text.phrases import Phrase

QUESTIONS: Final = Phrase(ja="質問数", en="questions")
ASKERS: Final = Phrase(ja="人数", en="askers")
FIRST: Final = Phrase(ja="最初", en="first")
LAST: Final = Phrase(ja="最後", en="last")
EXAMPLE: Final = Phrase(ja="質問の例", en="such as")

NO_GAPS: Final = Phrase(
    ja="この{days}日間に、{askers}人以上が尋ねて見つからなかったことはありません。",
    en="In the last {days} days nothing was asked in vain by {askers} people or more.",
)
NOTHING_KEPT: Final = Phrase(
    ja=(
        "retention.text_days が 0 のため、終わった質問の文は残っていません。"
        "日数を設定すると、それ以降の質問から使えます。"
    ),
    en=(
        "retention.text_days is 0, so no question outlives its end; set a number of "
        "days to use what is asked from then on."
    ),
)
CHANNELS_ONLY: Final = Phrase(
    ja=(
        "チャンネルでの質問だけです。ダイレクトメッセージ、/ask、端末での質問も"
        "含めるには、利用者に知らせたうえで feedback.private = true にしてください。"
    ),
    en=(
        "Only what was asked in channels; to include direct messages, /ask and the "
        "terminal, tell people and set feedback.private = true."
    ),
)
EXPORTED: Final = Phrase(
    ja="評価のある質問 {count} 件を書き出しました。",
    en="Exported questions with a verdict: {count}.",
)
