"""Wiki markup of old versions: what matters keeps its meaning, the rest its text."""

import pytest

from connectors.confluence.wiki import convert_wiki


@pytest.mark.parametrize(
    ("wiki", "shown"),
    [
        ("h1. 休暇規程\n本文", "# 休暇規程\n\n本文"),
        ("h6. a\r\nh2. b", "###### a\n\n## b"),
        ("* 一\n** 二\n* 三", "- 一\n    - 二\n- 三"),
        ("# 一\n## 二\n- 三", "1. 一\n    1. 二\n- 三"),
        ("見よ [休暇規程]", "見よ [休暇規程](confluence::休暇規程)"),
        ("[こちら|HR:休暇規程#申請]", "[こちら](confluence:HR:休暇規程#申請)"),
        ("[^表 1.xlsx]", "[表 1.xlsx](confluence:::表%201.xlsx)"),
        ("[外|https://x.example/a]", "[外](https://x.example/a)"),
        ("[https://x.example/a]", "<https://x.example/a>"),
        ("[x|javascript:alert(1)]", "x"),
        ("[~hanako] さん", "@user さん"),
        ("{code:title=a|java}\nint a;\n  {x}\n{code}", "```java\nint a;\n  {x}\n```"),
        ("{noformat}\n# 生\n{noformat}", "```\n# 生\n```"),
        ("{code}\n終わらない", "```\n終わらない\n```"),
        ("{toc}\n{section}本文{section}", "本文"),
        ("||見出し||\n|値|", "||見出し||\n|値|"),
        ("*太字* と {color:red}赤{color}", "*太字* と {color:red}赤{color}"),
        ("", ""),
    ],
)
def test_wiki_markup(wiki: str, shown: str) -> None:
    assert convert_wiki(wiki).rstrip("\n") == shown
