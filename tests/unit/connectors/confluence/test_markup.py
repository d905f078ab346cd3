"""Bodies that are no XML are read all the same, and marked."""

import pytest

from connectors.confluence.storage import convert


def test_named_entities_of_html_are_characters() -> None:
    assert convert("<p>&nbsp;&rarr;&yen;1&hellip;&nosuch; &amp;</p>").markdown == (
        "→¥1…&nosuch; &\n".replace("&nosuch;", r"\&nosuch;")
    )


def test_entities_inside_code_are_code() -> None:
    storage = (
        '<ac:structured-macro ac:name="code"><ac:plain-text-body>'
        "<![CDATA[a&nbsp;b &foo;]]></ac:plain-text-body></ac:structured-macro>"
    )
    converted = convert(storage)

    assert converted.markdown == "```\na&nbsp;b &foo;\n```\n"
    assert not converted.degraded


@pytest.mark.parametrize(
    "reference", ["&#1;", "&#xB;", "&#0;", "&#xD800;", "&#xFFFF;", "&#9999999999;"]
)
def test_references_to_forbidden_characters_are_left_out(reference: str) -> None:
    converted = convert(f"<p>前{reference}後</p>")

    assert converted.markdown == "前後\n"
    assert not converted.degraded


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        ("<p>一<br>二</p>", "一  \n二\n"),
        ("<p>一 <b>二 <i>三</b></i> 四</p><p>五", "一 **二 *三*** 四\n\n五\n"),
        ("<p>a < b & c</p>", "a < b & c\n"),
        ("</p>一</root>", "一\n"),
        ("<p x=1>一</p>", "一\n"),
        (
            '<p><ac:link><ri:page ri:content-title="休暇"/></ac:link> 参照<p>',
            "[休暇](confluence::休暇) 参照\n",
        ),
    ],
)
def test_what_is_not_well_formed_is_degraded_and_kept(storage: str, shown: str) -> None:
    converted = convert(storage)

    assert converted.markdown == shown
    assert converted.degraded


def test_code_in_a_broken_body_is_still_code() -> None:
    storage = (
        '<p>前<br><ac:structured-macro ac:name="code"><ac:plain-text-body>'
        "<![CDATA[<b>&nbsp;</b>]]></ac:plain-text-body></ac:structured-macro>"
    )

    assert convert(storage).markdown == "前\n\n```\n<b>&nbsp;</b>\n```\n"


def test_a_well_formed_body_is_not_degraded() -> None:
    assert not convert("<p>文 &lt; <ac:emoticon ac:name='tick' /></p>").degraded


def test_declarations_of_entities_are_not_obeyed() -> None:
    """A body has no place for a DTD: nothing grows and no file is read."""
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY f SYSTEM "file:///etc/hostname">]><p>&b;&f;</p>'
    )
    converted = convert(bomb)

    assert converted.degraded
    assert "aaaaaaaaaaaa" not in converted.markdown
