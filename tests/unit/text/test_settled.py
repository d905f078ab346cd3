"""Who says that a question is settled is not answered any more."""

import pytest

from bot.text.settled import is_settled


@pytest.mark.parametrize(
    "text",
    [
        "解決しました",
        "自己解決した！",
        "【解決済】有給休暇は何日ですか？",
        "【解決】VPNがつながらない",
        "【自己解決】VPNのつなぎ方を教えてください",
        "有給休暇は何日ですか？\n→解決しました",
        "有給休暇は何日ですか？ 解決済み。",
        "有給休暇は何日ですか？（自己解決しました）",
        "[Solved] Where is the VPN guide?",
        "Where is the VPN guide?\nEdit: never mind.",
        "すみません、分かりました。",
        "見つかりました、失礼しました",
        "もう大丈夫です",
        "エラーが出ましたが解決しました",
        "やり方が分かりました。ありがとうございます",
        "ありがとうございます！",
        "Never mind, found it.",
        "solved :tada:",
        "nvm",
        "Thanks!",
    ],
)
def test_it_is_settled(text: str) -> None:
    assert is_settled(text)


@pytest.mark.parametrize(
    "text",
    [
        "入社3年目です",
        "まだ解決していません",
        "早く解決したいです",
        "解決方法を探しています",
        "これは解決しましたか？",
        "これで大丈夫ですか？",
        "どなたか分かりますか",
        "It is not working",
        "Is it solved?",
        "Where is the VPN guide? Thanks!",
        "Where do I see tickets that are resolved?",
        "I got it to work, but how do I stop it?",
        "有給休暇は何日ですか？よろしくお願いします。ありがとうございます。",
        "解決済みのチケットはどこで見ますか？",
        "【解決策】はどこに書きますか？",
        "予約できましたが、変更はどこでしますか？",
        "ありがとうございます。半休も取れますか",
        "",
    ],
)
def test_it_is_not_settled_yet(text: str) -> None:
    assert not is_settled(text)
