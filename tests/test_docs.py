"""The pages say what is there."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#[^)]*)?\)")
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [unquote(target) for target in LINK.findall(text) if target]

    assert not [target for target in targets if not (page.parent / target).exists()]


def test_the_readme_exists_in_both_languages_with_the_same_commands() -> None:
    english = (ROOT / "README.md").read_text(encoding="utf-8")
    japanese = (ROOT / "README.ja.md").read_text(encoding="utf-8")
    command = re.compile(r"^(?:make|shirube|ollama|git) .*$", re.MULTILINE)

    assert command.findall(english)
    assert command.findall(english) == command.findall(japanese)


@pytest.mark.parametrize("page", ["docs/reliability.md", "docs/ja/reliability.md"])
def test_every_test_that_proves_a_fault_is_there(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text(encoding="utf-8"))
    lacking = [
        f"{file}::{name}"
        for file, name in named
        if not any(
            f"def {name}(" in path.read_text(encoding="utf-8")
            for path in ROOT.glob(f"tests/**/{file}")
        )
    ]

    assert len(named) > 20
    assert not lacking
