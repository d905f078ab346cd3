"""What `shirube check` says of rights that were read too long ago."""

from typing import Final

from bot.text.phrases import Phrase

RIGHTS_OLD: Final = Phrase(
    ja=(
        "ソース「{source}」の閲覧権限を最後に読んでから、"
        "rights_valid_days の{days}日が過ぎました。"
        "社内全員に公開の文書だけを使い、やがて何も使わなくなります。"
        "`shirube sync` を実行してください。"
    ),
    en="Who may see what in the source {source} was last read longer than its "
    "rights_valid_days of {days} ago: only what is open to all inside is used of it, "
    "and in the end nothing; run `shirube sync`.",
)
