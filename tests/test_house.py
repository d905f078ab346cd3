"""The limits of the house, so that nobody has to remember them."""

import ast
import re
import tokenize
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from io import StringIO
from pathlib import Path

import pytest

from bot import settings

ROOT = Path(__file__).parents[1]
OURS = sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("connectors/**/*.py")])
TESTS = sorted(ROOT.glob("tests/**/*.py"))

MODULE_LINES = 400
FUNCTION_LINES = 50
POSITIONAL = 5
SUPPRESSIONS_PER_LINE = 1 / 500
SUPPRESSION = re.compile(r"#\s*(noqa|type: ignore)")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_module_fits_on_a_few_screens(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_module_opens_with_one_sentence(path: Path) -> None:
    assert ast.get_docstring(tree(path))


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_function_fits_on_one_screen(path: Path) -> None:
    long = [
        f"{name(path)}:{function.lineno} {function.name}"
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES
    ]

    assert not long


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_function_takes_few_positional_parameters(path: Path) -> None:
    crowded = [
        f"{name(path)}:{function.lineno} {function.name}"
        for function in functions(path)
        if len(function.args.posonlyargs) + len(function.args.args)
        > POSITIONAL + _is_method(function)
    ]

    assert not crowded


def _is_method(function: Function) -> bool:
    first = [*function.args.posonlyargs, *function.args.args][:1]
    return bool(first) and first[0].arg in {"self", "cls"}


def test_suppressions_are_rare_and_give_a_code() -> None:
    """Test files count as well; docstrings and strings do not."""
    found: list[str] = []
    lines = 0
    for path in [*OURS, *TESTS]:
        text = path.read_text(encoding="utf-8")
        lines += len(text.splitlines())
        for token in tokenize.generate_tokens(StringIO(text).readline):
            if token.type == tokenize.COMMENT and SUPPRESSION.search(token.string):
                found += [f"{name(path)}:{token.start[0]} {token.string}"]

    assert all(": " in comment for comment in found)
    assert len(found) <= lines * SUPPRESSIONS_PER_LINE, "\n".join(found)


def test_nothing_is_mocked() -> None:
    """The linter bans the import; this finds it spelled otherwise."""
    forbidden = "unittest" + ".mock"

    assert not [path for path in TESTS if forbidden in path.read_text(encoding="utf-8")]


def test_generic_package_names_belong_to_us_alone() -> None:
    owners = packages_distributions()

    for package in ("bot", "connectors"):
        assert set(owners.get(package, ["shirube"])) == {"shirube"}


def test_every_variable_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert not [key for key in settings.variables() if f"{key}=" not in example]


@pytest.mark.parametrize("page", ["docs/settings.md", "docs/ja/settings.md"])
def test_every_setting_is_documented(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert not [key for key in settings.dotted_keys() if f"`{key}`" not in text]


def test_the_example_settings_are_read() -> None:
    loaded = settings.load(ROOT / "deploy" / "shirube.example.toml")

    assert loaded.sources


def test_no_page_is_in_one_language_only() -> None:
    """A page for people who run the bot exists in English and in Japanese."""
    docs = ROOT / "docs"
    pages = {page.relative_to(docs) for page in docs.rglob("*.md")}
    japanese = {page.relative_to("ja") for page in pages if page.parts[0] == "ja"}
    english = {page for page in pages if page.parts[0] not in {"ja", "adr"}}

    assert english == japanese
