"""What people of the small firm said before somebody looked: two threads to sum up."""

from typing import Final, TypeAlias

from tests.fakes.slack import Slack

Line: TypeAlias = tuple[str, str]

THREADS: Final[tuple[tuple[str, tuple[Line, ...]], ...]] = (
    (
        "総務",
        (
            (
                "sato",
                "来月の全社会議の会場を決めたいです。候補は大会議室か外部のホールです。",
            ),
            ("tanaka", "大会議室は60人までなので、今回の72人は入れません。"),
            ("sato", "では外部のホールにします。予約は田中さんにお願いできますか？"),
            ("tanaka", "分かりました。金曜日までに予約します。料金はまだ確認中です。"),
        ),
    ),
    (
        "総務",
        (
            ("smith", "The printer on the third floor is broken again."),
            (
                "sato",
                "The vendor comes on Tuesday morning. Please use the second floor.",
            ),
            ("smith", "Thanks. Who tells the sales team?"),
            ("sato", "I will post it in their channel today."),
        ),
    ),
)
"""In which channel, and who said what; the first line opened the thread."""


async def tell(slack: Slack, /) -> None:
    """Write the threads; nothing in them is for the bot."""
    for where, lines in THREADS:
        (opener, first), *replies = lines
        root = await slack.say(opener, where, first)
        for author, text in replies:
            await slack.say(author, where, text, thread=root)
