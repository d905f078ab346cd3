"""What the operator is told of documents that chat platforms do not get."""

from typing import Final

from bot.text.phrases import Phrase

KEPT_BACK: Final = Phrase(
    ja=(
        "{source}: どの [[sources]] の表にも名前がなく、chat_text で出す範囲を絞った"
        "情報源があるため、文書 {count} 件をチャットには出しません。表を戻して "
        "chat_text を書くか、`shirube forget --source {source}` を実行してください。"
    ),
    en=(
        "{source}: no [[sources]] table names it and chat_text keeps something from "
        "chats, so {count} documents of it are kept from chats too; put its table "
        "back with a chat_text, or run `shirube forget --source {source}`."
    ),
)
