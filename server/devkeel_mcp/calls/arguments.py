"""Argument models: strict, closed, and with errors in the shape of every other error."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, TypeVar, get_args

from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from devkeel.errors import UsageError
from devkeel.text.wording import in_words, nearest

__all__ = [
    "Arguments",
    "FromJsonText",
    "Level",
    "OperationArguments",
    "WriteArguments",
    "argument_names",
    "parse_arguments",
]

A = TypeVar("A", bound=BaseModel)
Level = Literal["syntax", "schema", "evaluation", "build"]
_MAX_SEEN = 200


def _from_json_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        data = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return data if isinstance(data, (list, dict)) else value


FromJsonText = BeforeValidator(_from_json_text)
"""For arguments that are a list or an object: some hosts send those as JSON text. Only the outermost value
is read so; a string inside stays the string that it is."""


class Arguments(ArgModelBase):
    """The arguments of one tool: nothing unknown, nothing converted."""

    # Built by the first call or list: 16 models take 1 ms each, and the handshake needs none of them.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class OperationArguments(Arguments):
    """What every tool takes that makes an operation."""

    dry_run: bool = Field(default=False, description="Only try.")
    expected_revision: str | None = Field(default=None, description="Else a conflict.")
    reason: str | None = Field(default=None, description="Kept with it.")


class WriteArguments(OperationArguments):
    """What every tool that edits takes."""

    level: Level | None = Field(default=None, description="Else deepest.")


def parse_arguments(tool: str, model: type[A], arguments: dict[str, Any]) -> A:
    """Return validated arguments, or raise UsageError with what was seen and the names that exist."""
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        # The tool is named in details: the message is about the argument.
        raise _bad_argument(tool, model, error) from error
    except RecursionError as error:
        raise UsageError(
            "bad_argument",
            "The arguments are nested too deeply.",
            remedy="Give flatter values, or an expression.",
            details={"tool": tool},
        ) from error


def _bad_argument(tool: str, model: type[BaseModel], error: ValidationError) -> UsageError:
    # A misspelt name is also a missing one; the misspelling is what the caller can mend.
    problems = sorted(
        error.errors(include_url=False),
        key=lambda problem: problem["type"] != "extra_forbidden",
    )
    first = problems[0]
    where = _dotted(first["loc"])
    unknown = first["type"] == "extra_forbidden"
    names = argument_names(_model_at(model, first["loc"]))
    alternatives: list[str] = []
    if unknown:
        message = f"{tool} has no argument {where!r}."
        alternatives = nearest(str(first["loc"][-1]), names)
    elif first["type"] == "missing":
        message = f"{tool} needs the argument {where!r}."
        alternatives = names
    else:
        message = f"The argument {where!r} of {tool} is not valid: {in_words(first)}."
        if first["type"] == "literal_error":
            alternatives = re.findall(r"'([^']*)'", first["ctx"]["expected"])
            alternatives = nearest(str(first["input"]), alternatives)
    details: dict[str, Any] = {"tool": tool, "argument": where}
    if problems[1:]:
        details["more"] = [f"{_dotted(item['loc'])}: {in_words(item)}" for item in problems[1:6]]
    return UsageError(
        "bad_argument",
        message,
        seen=None if first["type"] == "missing" else repr(first["input"])[:_MAX_SEEN],
        remedy="Call again with the arguments that the tool's schema names.",
        alternatives=tuple(alternatives),
        details=details,
    )


def argument_names(model: type[BaseModel]) -> list[str]:
    """Return the names of a model's fields, its own before the inherited ones."""
    own = [name for name in model.__annotations__ if name in model.model_fields]
    return [*own, *(name for name in model.model_fields if name not in own)]


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model whose field a validation error is about, following lists of models."""
    for part in location[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for item in get_args(annotation) if (found := _model_in(item))), None)
