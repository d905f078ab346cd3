"""What the bot says on its Home tab: how to ask, what was asked, what there is."""

from typing import Final

from bot.text.phrases import Phrase

HELP_TITLE: Final = Phrase(ja="質問のしかた", en="How to ask")
HELP: Final = Phrase(
    ja=(
        "社内の文書から、出典付きで答えます。\n"
        "・チャンネルでこのボットにメンションして質問すると、そのスレッドで答えます。"
        "続けて聞くときはメンション不要です。\n"
        "・「メッセージ」タブか /ask で聞くと、あなただけに、あなたの権限で答えます。\n"
        "・スレッドで「まとめて」とメンションすると、そのスレッドを要約します。\n"
        "・他の人の発言について聞くには、その発言のメニューから選びます。\n"
        "・スレッドで「静かに」と書くと、次のメンションまで黙ります。\n"
        "・中止するには「中止」ボタンか /ask cancel を使います。"
    ),
    en=(
        "I answer from your team's documents, with sources.\n"
        "• Mention me in a channel with a question: I answer in its thread, and need "
        "no mention to go on there.\n"
        "• In the Messages tab, or by /ask, I answer you alone, by your own rights.\n"
        "• Mention me with “summarise” in a thread for a summary of it.\n"
        "• To ask about somebody's message, choose that in its menu.\n"
        "• “mute” in a thread keeps me quiet until somebody mentions me.\n"
        "• Stop an answer by its button, or by /ask cancel."
    ),
)
RECENT_TITLE: Final = Phrase(ja="あなたの最近の質問", en="Your recent questions")
NONE_RECENT: Final = Phrase(
    ja="まだ質問はありません。", en="You have not asked anything yet."
)
SOURCES_TITLE: Final = Phrase(
    ja="あなたへの回答に使える資料", en="What I may read for you"
)
NO_SOURCES: Final = Phrase(
    ja="あなたに見せられる資料は、今のところありません。",
    en="There is nothing yet that I may show you.",
)
CHANNELS: Final = Phrase(
    ja="チャンネルでは、そこにいる全員が見られる資料だけを使います。",
    en="In a channel I use only what everybody there may see.",
)
READ_DAYS: Final = Phrase(
    ja="{source}（{count}日前に確認）", en="{source} (read {count} d ago)"
)
READ_HOURS: Final = Phrase(
    ja="{source}（{count}時間前に確認）", en="{source} (read {count} h ago)"
)
READ_NOW: Final = Phrase(
    ja="{source}（1時間以内に確認）", en="{source} (read within the hour)"
)
READ_NEVER: Final = Phrase(
    ja="{source}（まだ最後まで確認できていません）", en="{source} (not yet read whole)"
)

# --- what to ask, for example: titles and messages ------------------------------

SUGGESTED: Final = Phrase(ja="たとえば、こんな質問", en="You could ask")
LEAVE: Final = Phrase(ja="有給休暇の日数", en="Days of leave")
LEAVE_ASKED: Final = Phrase(
    ja="有給休暇は何日ありますか？", en="How many days of paid leave do I have?"
)
EXPENSES: Final = Phrase(ja="経費精算の締め日", en="Claiming expenses")
EXPENSES_ASKED: Final = Phrase(
    ja="経費精算の締め日はいつですか？", en="When do I have to claim expenses?"
)
VPN: Final = Phrase(ja="VPNの不具合", en="Trouble with the VPN")
VPN_ASKED: Final = Phrase(
    ja="VPNにつながらないときは、どうすればよいですか？",
    en="What can I do when the VPN does not connect?",
)
SUGGESTIONS: Final = (
    (LEAVE, LEAVE_ASKED),
    (EXPENSES, EXPENSES_ASKED),
    (VPN, VPN_ASKED),
)
