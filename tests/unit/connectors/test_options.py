"""Options: what is wrong is said in one sentence, with what was meant."""

from pathlib import Path

import pytest

from connectors.api import Context
from connectors.errors import OptionsError
from connectors.folder import FolderOptions
from connectors.git.options import GitOptions
from connectors.options import Options, missing_access, read_options


def context(**options: object) -> Context:
    return Context(
        source="規程", options=options, base=Path(), cache=Path("cache"), layers=()
    )


def told(model: type[Options], **options: object) -> str:
    with pytest.raises(OptionsError) as caught:
        read_options(model, context(**options))
    return str(caught.value)


def test_an_unknown_option_comes_with_the_nearest_name() -> None:
    expected = "source '規程': unknown option 'exlude'; did you mean 'exclude'?"

    assert told(FolderOptions, path="資料", exlude=["*.tmp"]) == expected


def test_an_option_that_is_near_to_none_comes_with_the_choice() -> None:
    expected = (
        "source '規程': unknown option 'zzz'; "
        "known are 'exclude', 'include', 'max_bytes', 'path'"
    )

    assert told(FolderOptions, path="資料", zzz=1) == expected


def test_a_missing_option_is_named() -> None:
    expected = "source '規程': option 'path' is missing; add it to the source's options"

    assert told(FolderOptions) == expected


def test_a_wrong_value_says_what_would_be_right() -> None:
    message = told(FolderOptions, path="資料", max_bytes=0)

    assert (
        message == "source '規程': option 'max_bytes': input should be greater than 0"
    )


def test_a_pattern_that_cannot_work_is_named() -> None:
    message = told(FolderOptions, path="資料", include=["*.md", "!"])

    assert message == "source '規程': option 'include': '!' is no pattern"


def test_options_that_contradict_each_other_are_an_error() -> None:
    expected = "source '規程': options: set either 'path' or 'url'"

    assert told(GitOptions, path="repo", url="https://git.example/a/b") == expected
    assert told(GitOptions) == expected


def test_secrets_never_show_in_errors() -> None:
    message = told(GitOptions, path="repo", token="秘密-s3cr3t")

    assert "a token needs a 'url'" in message
    assert "s3cr3t" not in message


def test_a_source_without_access_is_a_problem() -> None:
    problems = missing_access(context())

    assert [p.what for p in problems] == [
        "source '規程' does not say who may read it: nobody can"
    ]
