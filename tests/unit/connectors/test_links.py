"""Link templates: every value percent-encoded, what comes later left in place."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.api import Context, Link
from connectors.errors import OptionsError
from connectors.links import LinkTemplate, link_template

VALUES = {
    "id": "規程/休暇 1.md",
    "path": "規程/休暇 1.md",
    "space": "人事&総務",
    "title": "休暇?#{x}",
}


def template(text: str) -> LinkTemplate:
    context = Context(
        source="規程",
        options={},
        base=Path(),
        cache=Path("cache"),
        layers=(),
        link=text,
    )
    made = link_template(context)
    assert made is not None
    return made


def test_values_are_encoded_and_a_path_keeps_its_slashes() -> None:
    link = template("https://w.example/{space}/{path}?id={id}").link(VALUES)

    assert link == Link(
        page="https://w.example/%E4%BA%BA%E4%BA%8B%26%E7%B7%8F%E5%8B%99/"
        "%E8%A6%8F%E7%A8%8B/%E4%BC%91%E6%9A%87%201.md"
        "?id=%E8%A6%8F%E7%A8%8B%2F%E4%BC%91%E6%9A%87%201.md"
    )


def test_lines_are_filled_later_and_left_out_of_the_page() -> None:
    link = template("https://w.example/{path}#L{first}-L{last}").link(
        VALUES, lines=True
    )

    assert link.page is not None
    assert link.page.endswith("1.md")
    assert link.lines == f"{link.page}#L{{first}}-L{{last}}"


def test_lines_in_a_query_point_to_the_first_line_of_the_page() -> None:
    link = template("https://w.example/?f={path}&line={first}").link(VALUES, lines=True)

    assert (link.page or "").endswith("&line=1")
    assert (link.lines or "").endswith("&line={first}")


def test_a_document_with_other_lines_than_its_file_has_no_lines() -> None:
    assert template("https://w.example/{path}#L{first}").link(VALUES).lines is None


def test_an_anchor_makes_a_link_to_headings() -> None:
    link = template("https://w.example/{path}#{anchor}").link(VALUES)

    assert link.heading == f"{link.page}#{{anchor}}"


def test_a_fixed_fragment_stays() -> None:
    assert template("https://w.example/a#top").link(VALUES).page == (
        "https://w.example/a#top"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://w.example/{titel}", "did you mean 'title'?"),
        ("https://w.example/{}", "unknown placeholder '{}'"),
        ("https://w.example/{path", "is no address"),
        ("https://w.example/a b", "is no address"),
        ("javascript:alert({id})", "is no address"),
        ("file:///srv/{path}", "is no address"),
        ('https://w.example/"{path}', "is no address"),
    ],
)
def test_a_template_that_cannot_work_is_an_error(text: str, told: str) -> None:
    with pytest.raises(OptionsError) as caught:
        template(text)

    assert str(caught.value).startswith("source '規程': ")
    assert told in str(caught.value)


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
@settings(deadline=None)
def test_any_title_comes_back_out_of_its_link(title: str) -> None:
    link = template("https://w.example/p?t={title}#L{first}").link(
        {**VALUES, "title": title}, lines=True
    )

    assert unquote(urlsplit(link.page or "").query.removeprefix("t=")) == title
    assert (link.lines or "").count("{") == 1
