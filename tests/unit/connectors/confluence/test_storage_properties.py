"""Whatever comes in, Markdown comes out, and no text is lost."""

import re
import time
from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.confluence.storage import convert
from connectors.confluence.wiki import convert_wiki

_WORDS = re.compile(r"[^\W_]+")
_INLINE = ["strong", "em", "span", "code", "del", "a", "u", "ac:inline-comment-marker"]
_BLOCK = ["p", "div", "h2", "blockquote", "ul", "ol", "li", "table", "tr", "td", "th"]
_BLOCK += ["ac:layout", "ac:layout-cell", "ac:rich-text-body", "dl", "dd", "pre"]
_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
    | st.sampled_from("*_`#-+.>[]()!<&|\\~ \n1休暇規程"),
    max_size=20,
)


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inner = st.lists(children, max_size=4).map("".join)
    tags = st.sampled_from(_INLINE + _BLOCK)
    macros = st.sampled_from(["info", "expand", "excerpt", "不明", "code"])
    return st.one_of(
        st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", tags, inner),
        st.builds(
            lambda name, text: (
                f'<ac:structured-macro ac:name="{name}"><ac:rich-text-body>{text}'
                "</ac:rich-text-body></ac:structured-macro>"
            ),
            macros,
            inner,
        ),
        st.builds(
            lambda text: (
                '<ac:link><ri:page ri:content-title="x"/><ac:link-body>'
                f"{text}</ac:link-body></ac:link>"
            ),
            inner,
        ),
    )


_trees = st.recursive(_texts.map(escape), _element, max_leaves=25)


def _words(markup: str) -> list[str]:
    text = re.sub(r"<[^<>]*>", " ", markup)
    return _WORDS.findall(re.sub(r"&(amp|lt|gt|quot|#x27);", " ", text))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_trees)
def test_every_word_of_a_page_is_in_its_markdown(storage: str) -> None:
    """Nested in whatever way, sound or senseless."""
    markdown = convert(storage).markdown

    for word in _words(storage):
        assert word in markdown


@settings(deadline=None)
@given(st.text() | st.text("<>/=\"'&;![]- ac:riCDATA\x00\n休"))
def test_nothing_that_comes_in_raises(text: str) -> None:
    converted = convert(text)

    converted.markdown.encode()
    assert "\x00" not in converted.markdown
    convert_wiki(text)


@settings(deadline=None)
@given(_trees, st.integers(0, 400))
def test_a_page_that_was_cut_still_gives_its_words(storage: str, end: int) -> None:
    """The text before the cut is there, apart from the tag that was cut itself."""
    cut = storage[:end]
    whole, _, _ = cut.rpartition("<")
    markdown = convert(cut).markdown

    for word in _words(re.sub(r"&\w*$", "", whole))[:-1]:
        assert word in markdown


@given(_texts)
@settings(deadline=None)
def test_code_keeps_every_character(code: str) -> None:
    """Between its fences stands the code, and nothing else."""
    section = code.replace("]]>", "]]]]><![CDATA[>")
    storage = (
        '<ac:structured-macro ac:name="code"><ac:plain-text-body>'
        f"<![CDATA[{section}]]></ac:plain-text-body></ac:structured-macro>"
    )
    lines = convert(storage).markdown.split("\n")

    if code.strip():
        sent = re.sub("[\u2028\u2029]", "\n", code.replace("\r\n", "\n"))
        sent = re.sub("[\ufffe\uffff]", "", sent)
        assert "\n".join(lines[1:-2]) == sent.removesuffix("\n")
        assert set(lines[0]) == {"`"}
        assert lines[0] == lines[-2]


@pytest.mark.parametrize("depth", [90, 400, 3000, 100_000])
@pytest.mark.parametrize("tag", ["div", "ul", "strong", "blockquote"])
def test_what_lies_below_any_depth_is_kept(tag: str, depth: int) -> None:
    storage = f"<{tag}>" * depth + "番人 sentinel" + f"</{tag}>" * depth + "<p>後</p>"
    markdown = convert(storage).markdown

    assert "番人" in markdown
    assert "sentinel" in markdown
    assert "後" in markdown


@pytest.mark.parametrize(
    "hostile",
    [
        "<![CDATA[" * 50_000,
        '<a x="' * 100_000,
        "<!--" * 100_000,
        "<p" * 100_000,
        "&" * 200_000,
        "[" * 100_000,
        "*a_" * 50_000,
        "{code:x}{noformat:y}" * 20_000,
        "<span>" * 90 + "<b>x</b>" * 20_000,
    ],
)
def test_hostile_text_takes_no_more_than_its_length(hostile: str) -> None:
    """Far from the minutes that a quadratic search would take."""
    before = time.process_time()
    convert(hostile)
    convert_wiki(hostile)

    assert time.process_time() - before < 20


def test_a_body_of_more_than_ten_megabytes_is_converted() -> None:
    storage = f"<p>{'長い文書です。' * 500_000}</p><p>終わり</p>"

    assert convert(storage).markdown.endswith("終わり\n")
