"""The pages say what is there."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#[^)]*)?\)")
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
RELIABILITY = {
    "docs/reliability.md": "### Journeys",
    "docs/ja/reliability.md": "### 利用の流れ",
}
"""The pages about what fails, and where their tables of journeys begin."""

TABLE_LINE = re.compile(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
PROVEN_BY_NUMBER = re.compile(r"(?:test|and)_(row|trap)s?_(\d+_(?:(?:and_)?\d+_)*)")

REASON = re.compile(r"not shown before |Discord がまだない")
"""How the reason begins why something cannot be shown here."""

ROWS = {
    *range(1, 15),
    *(17, 18),
    *range(20, 28),
    *(29, 30),
    *range(32, 45),
    *range(46, 49),
    *(51, 52, 53, 55),
    *range(57, 61),
    *range(62, 66),
    *(92, 97, 98, 99, 101, 102),
}
TRAPS = {*range(1, 31), *range(46, 51)}


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


@pytest.mark.parametrize(
    ("readme", "folder"), [("README.md", "docs"), ("README.ja.md", "docs/ja")]
)
def test_a_readme_leads_to_every_page(readme: str, folder: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    pages = [page.name for page in (ROOT / folder).glob("*.md")]

    assert pages
    assert not [name for name in pages if f"({folder}/{name})" not in text]


@pytest.mark.parametrize("page", RELIABILITY)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What a page says of each number: the tests it names, or its reason."""

    row: dict[int, str]
    trap: dict[int, str]


def tables(page: str) -> Tables:
    """Read the tables of rows and of traps, which follow each other."""
    lines = TABLE_LINE.findall((ROOT / page).read_text(encoding="utf-8"))
    numbers = [int(number) for number, _ in lines]
    first_trap = next(
        at for at, number in enumerate(numbers) if at and number < numbers[at - 1]
    )
    cells = [cell for _, cell in lines]
    return Tables(
        row=dict(zip(numbers[:first_trap], cells[:first_trap], strict=True)),
        trap=dict(zip(numbers[first_trap:], cells[first_trap:], strict=True)),
    )


def proven(cell: str) -> set[tuple[str, int]]:
    """Tell which numbers the names of the tests in a cell begin with."""
    return {
        (kind, int(number))
        for _, test in NAMED.findall(cell)
        for kind, numbers in PROVEN_BY_NUMBER.findall(test)
        for number in re.findall(r"\d+", numbers)
    }


@pytest.mark.parametrize("page", RELIABILITY)
@pytest.mark.parametrize("kind", ["row", "trap"])
def test_every_number_names_a_test_of_its_own_or_says_why_not(
    page: str, kind: str
) -> None:
    found = tables(page)
    cells = found.row if kind == "row" else found.trap
    unproven = {
        number
        for number, cell in cells.items()
        if (kind, number) not in proven(cell) and not REASON.match(cell)
    }

    assert sorted(cells) == sorted(ROWS if kind == "row" else TRAPS)
    assert not unproven


@pytest.mark.parametrize(("page", "heading"), RELIABILITY.items())
def test_every_journey_names_a_test(page: str, heading: str) -> None:
    _, _, below = (ROOT / page).read_text(encoding="utf-8").partition(f"{heading}\n")
    table, _, _ = below.partition("\n#")
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]

    assert len(lines) == 14
    assert all(NAMED.search(line) for line in lines)


def test_both_languages_name_the_same_tests() -> None:
    english, japanese = (
        NAMED.findall((ROOT / page).read_text(encoding="utf-8")) for page in RELIABILITY
    )

    assert english == japanese
