"""Reads the options of a source, and says in one sentence what is wrong with them."""

import difflib
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.api import Context, Problem
from connectors.errors import OptionsError, SourceError

_BEGINNINGS = ("Value error, ", "Assertion failed, ")

OptionsT = TypeVar("OptionsT", bound="Options")


class Options(BaseModel):
    """What the options of every connector share: unknown ones are errors.

    A validator raises `ValueError` with the rest of the sentence after the
    option's name, such as `"must be a folder"`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def read_options(model: type[OptionsT], context: Context, /) -> OptionsT:
    """Return the options of a source as its model; raises `OptionsError`."""
    try:
        return model.model_validate(dict(context.options))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        told = _sentence(model, first)
        raise OptionsError(f"source '{context.source}': {told}") from error


def suggestion(wrong: str, known: list[str]) -> str:
    """Return `did you mean 'x'?`, or the whole choice where nothing is near."""
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    return "known are " + ", ".join(f"'{name}'" for name in sorted(known))


def problem(error: SourceError, /, *, fix: str) -> Problem:
    """Return what a source raised as a problem; `fix` is for a text that names none.

    The last part of such a text is the fix, after a semicolon.
    """
    what, _, named = str(error).rpartition("; ")
    return Problem(what=what, fix=named) if what else Problem(what=named, fix=fix)


def missing_access(context: Context, /) -> list[Problem]:
    """Return the problem of a source that nobody was given access to."""
    if context.layers:
        return []
    what = f"source '{context.source}' does not say who may read it: nobody can"
    return [Problem(what=what, fix='set its access, such as access = ["pub"]')]


def _sentence(model: type[Options], error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"unknown option '{name}'; {suggestion(name, _names(model))}"
        case "missing":
            return f"option '{name}' is missing; add it to the source's options"
        case _:
            return f"option '{name}': {_reason(error['msg'])}".replace(
                "option '': ", "options: "
            )


def _names(model: type[Options]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _reason(message: str) -> str:
    for beginning in _BEGINNINGS:
        if message.startswith(beginning):
            return message.removeprefix(beginning)
    return message[:1].lower() + message[1:]
