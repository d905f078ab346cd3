"""The pure parts of the adapters to models: lines, thoughts, vectors, prefixes."""

import json
import math
from array import array
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.backends import lines
from bot.backends.prefixes import PLAIN, prefix_of
from bot.backends.refusals import refusal_text
from bot.backends.thinking import ThinkFilter
from bot.backends.vectors import bare, halves, middle, unit
from tests.fakes.ollama_models import pieces_of

JAPANESE = st.text(alphabet="有給休暇は年20日。 \n<>/thinkabc", max_size=60)


def cut(text: str, places: Sequence[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(ends)]


async def chunks(parts: Sequence[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


# --- lines -------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20)), max_size=5),
    st.lists(st.integers(min_value=0), max_size=12),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
async def test_lines_are_the_same_however_they_arrive(
    objects: list[dict[str, str]], places: list[int], end: str
) -> None:
    wire = end.join(json.dumps(one, ensure_ascii=False) for one in objects).encode()
    ends = sorted({place % (len(wire) + 1) for place in places} | {0, len(wire)})
    parts = [wire[a:b] for a, b in pairwise(ends)]

    found = [line async for line in lines.cut(chunks(parts))]

    assert [json.loads(line) for line in found] == objects


async def test_a_line_without_end_is_refused() -> None:
    endless = chunks([b"x" * 2**20] * 9)

    with pytest.raises(ValueError, match="bytes"):
        [line async for line in lines.cut(endless)]


# --- thoughts ----------------------------------------------------------------


def shown(parts: Sequence[str]) -> str:
    thoughts = ThinkFilter()
    return "".join(map(thoughts.feed, parts)) + thoughts.finish()


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("20日です[1]。", "20日です[1]。"),
        ("<think>規程では…</think>\n\n20日です[1]。", "20日です[1]。"),
        ("<think>終わらない考え", ""),
        ("考えの続き</think>20日です。", "考えの続き20日です。"),
        ("はい。<think>いや</think>いいえ。", "はい。いいえ。"),
        ("a < b、b <thin", "a < b、b <thin"),
        ("<think></think>", ""),
        ("\n\n20日", "20日"),
    ],
)
def test_only_what_is_not_thought_is_shown(said: str, text: str) -> None:
    assert shown([said]) == text
    assert shown(list(said)) == text


@settings(deadline=None)
@given(JAPANESE, st.lists(st.integers(min_value=0), max_size=10))
def test_cuts_do_not_change_what_is_shown(text: str, places: list[int]) -> None:
    said = f"<think>{text}</think>はい。{text}"

    assert shown(cut(said, places)) == shown([said])


@settings(deadline=None)
@given(st.text(alphabet="有給<>/think ", max_size=30))
def test_a_text_without_tags_comes_through_whole(text: str) -> None:
    said = f"はい{text}".replace("<think>", "").replace("</think>", "")
    if "<think>" not in said and "</think>" not in said:
        assert shown(list(said)) == said


# --- vectors -----------------------------------------------------------------

NUMBER = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@given(st.lists(NUMBER, min_size=1, max_size=8))
@example([5e-324, 5e-324])
def test_a_vector_has_length_one_or_is_none(numbers: list[float]) -> None:
    vector = unit(numbers)

    if vector is None:
        assert math.hypot(*numbers) < 1e-300
    else:
        assert math.hypot(*vector) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_no_vector(bad: float) -> None:
    assert unit([1.0, bad]) is None
    assert unit([0.0, 0.0]) is None
    assert unit([]) is None


def test_the_middle_lies_between_and_leaves_out_what_is_missing() -> None:
    east, north = array("f", [1.0, 0.0]), array("f", [0.0, 1.0])

    assert middle([east, None, north]) == array("f", [0.5**0.5, 0.5**0.5])
    assert middle([None, north]) == north
    assert middle([None]) is None
    assert middle([east, array("f", [-1.0, 0.0])]) is None


@settings(deadline=None)
@given(st.text(alphabet="有給休暇。、 abc", min_size=2, max_size=80))
def test_halves_are_the_whole_and_neither_is_empty(text: str) -> None:
    left, right = halves(text)

    assert left + right == text
    assert left
    assert right


def test_halves_end_behind_a_sentence_where_one_is_near() -> None:
    text = "申請は三日前までに出します。繁忙期は変更します。"

    assert halves(text) == ("申請は三日前までに出します。", "繁忙期は変更します。")


def test_a_bare_text_has_no_markup() -> None:
    text = "## 休暇\n| **有給** | `２０日` |\n|---|---|\n[規程](https://x/) <br>"

    assert bare(text) == "休暇 有給 20日 規程"


# --- prefixes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("bge-m3", "none"),
        ("all-minilm:33m", "none"),
        ("granite-embedding:278m", "none"),
        ("paraphrase-multilingual", "none"),
        ("社内-embed", "none"),
        ("qwen3-embedding:0.6b", "qwen3-1"),
        ("embeddinggemma", "gemma-1"),
        ("snowflake-arctic-embed2", "arctic-2"),
        ("snowflake-arctic-embed:335m", "english-1"),
        ("nomic-embed-text-v2-moe", "nomic-1"),
        ("hf.co/team/ruri-v3-310m-GGUF:Q8_0", "ruri-3"),
        ("jeffh/intfloat-multilingual-e5-large:f16", "e5-1"),
    ],
)
def test_each_family_has_its_prefixes(model: str, name: str) -> None:
    prefix = prefix_of(model)

    assert prefix.name == name
    assert (prefix == PLAIN) == (name == "none")


# --- refusals ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"error": "モデルがありません"}', "モデルがありません"),
        ('{"error": {"message": "too long", "n_ctx": 9}}', "too long"),
        ('{"error": {"n_ctx": 9}}', '{"n_ctx": 9}'),
        ('{"object": "error", "message": "長すぎ"}', "長すぎ"),
        ("\ufeff <html><body>502</body></html>", "a web page, not JSON"),
        ("404 page not found", "404 page not found"),
        ("", ""),
        ('["odd"]', '["odd"]'),
    ],
)
def test_a_refusal_is_told_in_a_line(body: str, text: str) -> None:
    assert refusal_text(body) == text


# --- the models that the tests write -----------------------------------------


@settings(deadline=None)
@given(st.text(alphabet="社内規程では、[1]。abc ", min_size=2, max_size=80))
def test_a_text_is_cut_into_pieces_that_a_scripted_model_can_play(text: str) -> None:
    pieces = pieces_of(text)

    assert "".join(pieces) == text
    assert len(set(pieces)) == len(pieces)
    assert all(len(piece.encode()) >= 2 for piece in pieces)
