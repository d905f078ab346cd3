"""What the SDK of Slack offers, and what would fail with us, is not used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOM = Path(__file__).parents[4] / "bot" / "chat" / "slack"
SOURCES = sorted(ROOM.glob("*.py"))


def names(source: Path) -> Iterator[str]:
    """Everything that a module imports, takes as an argument or looks up."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        match node:
            case ast.alias(name=name) | ast.arg(arg=name) | ast.Name(id=name):
                yield name
            case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                yield name
            case _:
                pass


USED = frozenset(name for source in SOURCES for name in names(source))


def test_the_sources_are_looked_through() -> None:
    assert {"AsyncApp", "chat_startStream", "response_url", "thread_ts"} <= USED


@pytest.mark.parametrize("name", ["Assistant", "AsyncAssistant", "assistant"])
def test_trap_1_the_class_that_hears_no_direct_message_of_a_new_app(name: str) -> None:
    assert name not in USED


@pytest.mark.parametrize("name", ["say", "say_stream", "set_status", "respond"])
def test_trap_2_what_is_none_in_commands_and_presses(name: str) -> None:
    """Everything is sent by the one place that sends, whatever it answers."""
    arguments = {
        argument.arg
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.arguments)
        for argument in (*node.posonlyargs, *node.args, *node.kwonlyargs)
    }

    assert name not in arguments


def test_trap_25_the_store_that_fails_on_messages_without_blocks() -> None:
    assert not [name for name in USED if "ThreadContextStore" in name]


@pytest.mark.parametrize("name", ["url_private", "url_private_download"])
def test_trap_28_no_file_is_downloaded(name: str) -> None:
    """What would come without the token is a page to log in, with status 200."""
    assert name not in USED
