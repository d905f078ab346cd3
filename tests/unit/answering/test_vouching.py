"""What a cited passage plainly does not say is told, and little else."""

import pytest

from bot.answering.vouching import Claim, vouched

LEAVE = (
    "休暇規程\n年次有給休暇は、入社6か月後に二十日を付与します。"
    "申請は3日前までに、勤怠システムで行います。宿泊費は12,000円までです。"
)
VPN = (
    "VPN guide\nA new certificate is issued every ninety days, and twelve times at "
    "most. Requests for access are approved by the network team within 2.5 hours."
)


def claim(text: str, *passages: str) -> Claim:
    return Claim(text=text, passages=passages or (LEAVE,))


@pytest.mark.parametrize(
    "text",
    [
        "年次有給休暇は入社6か月後に20日付与されます。",
        "1. 申請は３日前までに勤怠システムで行います。",
        "- 宿泊費は12000円までです。",
        "はい、できます。",
        "休暇の申請には勤怠システムを使います。",
        "入社してから半年が経つと年次有給休暇をもらえます。",
    ],
)
def test_what_is_said_in_other_words_is_vouched_for(text: str) -> None:
    assert vouched(claim(text))


@pytest.mark.parametrize(
    "text",
    [
        "年次有給休暇は入社6か月後に99日付与されます。",
        "宿泊費は12,500円までです。",
        "駐車場は地下一階にあり、社員は無料で利用できます。",
    ],
)
def test_numbers_and_matters_of_no_passage_are_not(text: str) -> None:
    assert not vouched(claim(text))


def test_a_number_counts_however_it_is_written() -> None:
    assert vouched(claim("It is issued 12 times at most.", VPN))
    assert vouched(claim("Access takes 2.5 hours.", VPN))
    assert not vouched(claim("Access takes 25 hours.", VPN))
    assert not vouched(claim("It is issued 13 times at most.", VPN))


@pytest.mark.parametrize(
    "text",
    [
        "CODENは、アルファベット5-6文字からなる。",
        "アポロ15・16・17号では各種の測定装置も搭載されていた。",
        "John Mayow (1641–1679) refined this work.",
        "1. 5-6名で行きます。",
        "- 8 - 9月に増水する。",
    ],
)
def test_what_is_copied_word_for_word_is_vouched_for(text: str) -> None:
    assert vouched(claim(text, f"前の文です。{text}後の文です。"))


def test_a_number_of_the_question_is_known() -> None:
    text = "出張が8日前に決まっても申請は3日前までに行います。"

    assert not vouched(claim(text))
    assert vouched(claim(text, LEAVE), known="8日前に決まった出張は？")


def test_one_of_several_passages_is_enough() -> None:
    assert vouched(claim("年次有給休暇は20日付与されます。", VPN, LEAVE))


def test_a_passage_in_another_language_is_held_to_its_numbers() -> None:
    assert vouched(claim("アクセスの申請は2.5時間以内に承認されます。", VPN))
    assert not vouched(claim("アクセスの申請は9時間以内に承認されます。", VPN))
