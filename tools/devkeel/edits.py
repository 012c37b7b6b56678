"""The vocabulary of edits: one typed intention each, a discriminated union by `kind`.

An edit says what is wanted, never where the bytes go; `devkeel.source` finds the place. JSON stands for data
(string, number, boolean, null, list, attribute set); Nix source is only ever taken from a field that is
called `expression`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError, model_validator

from devkeel.errors import UsageError
from devkeel.project import DECLARATION

__all__ = [
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
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

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


KINDS = (
    "add_packages",
    "remove_packages",
    "set",
    "unset",
    "append",
    "remove",
    "enable",
    "disable",
    "replace_text",
)

Edit = Annotated[
    AddPackages | RemovePackages | SetOption | UnsetOption | Append | RemoveValues | Enable | Disable | ReplaceText,
    Field(discriminator="kind"),
]

_EDITS: TypeAdapter[list[Edit]] = TypeAdapter(list[Edit])


def parse_edits(items: object) -> list[Edit]:
    """Return edits from plain data, strictly: an unknown kind or field is a UsageError that names it."""
    try:
        return _EDITS.validate_python(items)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            "bad_edit",
            f"The edit is malformed at {where or 'its top'}: {first['msg'].removeprefix('Value error, ')}.",
            seen=repr(first.get("input"))[:200],
            remedy="Each edit is an object with a kind and the fields of that kind.",
            alternatives=KINDS,
        ) from error
