"""`.gitattributes`: machine-made and unexported files are left out."""

import pytest

from connectors.git.attributes import read_attributes

RULES = """
# 規則
*.gen.md linguist-generated
/vendored/** linguist-vendored=true
社外/ export-ignore
社外/公開.md -export-ignore
生成/*.md linguist-generated=false
*.txt text eol=lf
!bad linguist-generated
"空白 名.md" export-ignore
"""


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        ("規約/a.gen.md", True),
        ("vendored/深い/a.md", True),
        ("x/vendored/a.md", False),
        ("社外/a.md", True),
        ("社外/公開.md", False),
        ("生成/a.gen.md", False),
        ("a.txt", False),
        ("a.md", False),
    ],
)
def test_the_last_rule_of_an_attribute_wins(path: str, *, left_out: bool) -> None:
    assert read_attributes(RULES).leave_out(path) is left_out


def test_no_rules_leave_nothing_out() -> None:
    assert not read_attributes("").leave_out("資料.md")
