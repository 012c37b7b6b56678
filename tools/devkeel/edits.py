"""The vocabulary of edits: one typed intention each, told apart by `kind`.

An edit says what is wanted, never where the bytes go; `devkeel.source` finds the place. JSON stands for data
(string, number, boolean, null, list, attribute set); Nix source is only ever taken from a field that is
called `expression`.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from devkeel.errors import UsageError
from devkeel.project import DECLARATION

__all__ = [
    "KINDS",
    "AddPackages",
    "Append",
    "Disable",
    "Edit",
    "Enable",
    "RemovePackages",
    "RemoveValues",
    "ReplaceText",
    "SetOption",
    "UnsetOption",
    "parse_edits",
]


class _Edit(BaseModel):
    # Only the kinds that a call uses are built: a command edits with one of them.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    file: str = DECLARATION


class AddPackages(_Edit):
    """Add packages to the `packages` list: `git`, `pkgs.git`, `python3Packages.numpy`, `inputs.x.packages.…`."""

    kind: Literal["add_packages"] = "add_packages"
    names: list[str] = Field(min_length=1)


class RemovePackages(_Edit):
    """Remove packages from wherever the `packages` list names them."""

    kind: Literal["remove_packages"] = "remove_packages"
    names: list[str] = Field(min_length=1)


class _Valued(_Edit):
    path: str
    value: JsonValue = None
    expression: str | None = None

    @model_validator(mode="after")
    def _value_or_expression(self) -> _Valued:
        if self.expression is not None and "value" in self.model_fields_set:
            raise ValueError("give either value or expression, not both")
        if self.expression is None and "value" not in self.model_fields_set:
            raise ValueError("give a value (JSON) or an expression (Nix source)")
        return self


class SetOption(_Valued):
    """Set an option path to a value, wherever the path is defined now or else where its neighbours are."""

    kind: Literal["set"] = "set"


class UnsetOption(_Edit):
    """Remove every definition of an option path and below it."""

    kind: Literal["unset"] = "unset"
    path: str


class Append(_Valued):
    """Append one element to the list at an option path, unless it is there."""

    kind: Literal["append"] = "append"


class RemoveValues(_Valued):
    """Remove one element from the list at an option path."""

    kind: Literal["remove"] = "remove"


class Enable(_Edit):
    """Enable a service or a language: `redis`, `services.redis`, `languages.python`, with settings below it."""

    kind: Literal["enable"] = "enable"
    name: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)


class Disable(_Edit):
    """Disable a service or a language and keep its settings."""

    kind: Literal["disable"] = "disable"
    name: str


class ReplaceText(_Edit):
    """Replace an exact text, which must occur once (or `occurrences` times), by another.

    `partial` publishes a step that leaves a file broken that was broken before, when it is less so.
    """

    kind: Literal["replace_text"] = "replace_text"
    old: str = Field(min_length=1)
    new: str
    occurrences: int = Field(default=1, ge=1)
    partial: bool = False


Edit = AddPackages | RemovePackages | SetOption | UnsetOption | Append | RemoveValues | Enable | Disable | ReplaceText

_MODELS: dict[str, type[Edit]] = {model.model_fields["kind"].default: model for model in get_args(Edit)}
KINDS = tuple(_MODELS)


def parse_edits(items: object) -> list[Edit]:
    """Return edits from plain data, strictly: an unknown kind or field is a UsageError that names it."""
    if not isinstance(items, list):
        raise _bad("", "it is not a list of edits", items, KINDS)
    return [_parse(number, item) for number, item in enumerate(items)]


def _parse(number: int, item: object) -> Edit:
    kind = item.get("kind") if isinstance(item, dict) else None
    model = _MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise _bad(f"edit {number}", "it has no kind that is known", item, KINDS)
    try:
        return model.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join([f"edit {number} ({kind})", *(str(part) for part in first["loc"])])
        why = first["msg"].removeprefix("Value error, ")
        raise _bad(where, why, first.get("input"), tuple(model.model_fields)) from error


def _bad(where: str, why: str, seen: object, alternatives: tuple[str, ...]) -> UsageError:
    return UsageError(
        "bad_edit",
        f"The edit is malformed{f' at {where}' if where else ''}: {why}.",
        seen=repr(seen)[:200],
        remedy="Each edit is an object with a kind and the fields of that kind.",
        alternatives=alternatives,
    )
