"""The vocabulary of edits: one typed intention each, told apart by `kind`.

An edit says what is wanted, never where the bytes go; `devkeel.source` finds the place. JSON stands for data
(string, number, boolean, null, list, attribute set); Nix source is only ever taken from a field that is
called `expression`.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from devkeel.errors import UsageError
from devkeel.project.root import DECLARATION, INPUTS
from devkeel.text.wording import in_words, nearest

__all__ = [
    "KINDS",
    "AddLibrary",
    "AddPackages",
    "Append",
    "CommentOut",
    "Disable",
    "Edit",
    "Enable",
    "Prepend",
    "RemoveInput",
    "RemoveLibrary",
    "RemovePackages",
    "RemoveValues",
    "Rename",
    "ReplaceText",
    "SetInput",
    "SetOption",
    "Uncomment",
    "UnsetOption",
    "parse_edits",
]


class _Edit(BaseModel):
    # Only the kinds that a call uses are built: a command edits with one of them.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    file: str = DECLARATION


class AddPackages(_Edit):
    """Add packages to the `packages` list: `git`, `pkgs.git`, `python3Packages.numpy`, `inputs.x.packages.…`.

    `inside` names a package of the list whose own packages are meant: `python3` for `python3.withPackages (…)`.
    """

    kind: Literal["add_packages"] = "add_packages"
    names: list[str] = Field(min_length=1)
    inside: str | None = None


class RemovePackages(_Edit):
    """Remove packages from wherever the `packages` list names them, or from `inside` one with `withPackages`."""

    kind: Literal["remove_packages"] = "remove_packages"
    names: list[str] = Field(min_length=1)
    inside: str | None = None


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


class Prepend(_Valued):
    """Put one element first in the list at an option path, unless it is there."""

    kind: Literal["prepend"] = "prepend"


class RemoveValues(_Valued):
    """Remove one element from the list at an option path."""

    kind: Literal["remove"] = "remove"


class Rename(_Edit):
    """Give a definition another option path, where it stands."""

    kind: Literal["rename"] = "rename"
    path: str
    to: str


class CommentOut(_Edit):
    """Turn the definitions at an option path into comments."""

    kind: Literal["comment_out"] = "comment_out"
    path: str


class Uncomment(_Edit):
    """Turn a commented-out definition of an option path back into one."""

    kind: Literal["uncomment"] = "uncomment"
    path: str


class Enable(_Edit):
    """Enable a service or a language: `redis`, `services.redis`, `languages.python`, with settings below it."""

    kind: Literal["enable"] = "enable"
    name: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _enables(self) -> Enable:
        if self.settings.get("enable", True) is not True:
            raise ValueError("what is enabled cannot have the setting enable = false; disable it instead")
        return self


class Disable(_Edit):
    """Disable a service or a language and keep its settings."""

    kind: Literal["disable"] = "disable"
    name: str


_INPUT = r"^[A-Za-z_][A-Za-z0-9_-]*$"


class SetInput(_Edit):
    """Add an input to devenv.yaml, or change what it has: its reference, and which inputs of its own follow ours."""

    kind: Literal["set_input"] = "set_input"
    file: str = INPUTS
    name: str = Field(pattern=_INPUT)
    url: str | None = None
    follows: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _something(self) -> SetInput:
        if self.url is None and not self.follows:
            raise ValueError("give a url (a flake reference), or follows")
        return self


class RemoveInput(_Edit):
    """Remove an input from devenv.yaml."""

    kind: Literal["remove_input"] = "remove_input"
    file: str = INPUTS
    name: str = Field(pattern=_INPUT)


class _Library(_Edit):
    # Empty: the file that the project uses.
    file: str = ""
    language: str
    names: list[str] = Field(min_length=1)
    group: str | None = None


class AddLibrary(_Library):
    """Add libraries of a language to the project's own manifest, and to devenv.nix what they need.

    `names` are written as the language does, versions included; `group` is a dependency group such as `dev`.
    """

    kind: Literal["add_library"] = "add_library"


class RemoveLibrary(_Library):
    """Remove libraries of a language from the project's own manifest."""

    kind: Literal["remove_library"] = "remove_library"


class ReplaceText(_Edit):
    """Replace an exact text, which must occur once (or `occurrences` times), by another.

    `partial` publishes a step that leaves a file broken that was broken before, when it is less so.
    """

    kind: Literal["replace_text"] = "replace_text"
    old: str = Field(min_length=1)
    new: str
    occurrences: int = Field(default=1, ge=1)
    partial: bool = False


Edit = (
    AddPackages
    | RemovePackages
    | SetOption
    | UnsetOption
    | Append
    | Prepend
    | RemoveValues
    | Rename
    | CommentOut
    | Uncomment
    | Enable
    | Disable
    | SetInput
    | RemoveInput
    | AddLibrary
    | RemoveLibrary
    | ReplaceText
)

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
        first = min(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
        where = ".".join([f"edit {number} ({kind})", *(str(part) for part in first["loc"])])
        close = nearest(str(first["loc"][-1]) if first["loc"] else "", model.model_fields)
        raise _bad(where, in_words(first), first.get("input"), tuple(close)) from error


def _bad(where: str, why: str, seen: object, alternatives: tuple[str, ...]) -> UsageError:
    return UsageError(
        "bad_edit",
        f"The edit is malformed{f' at {where}' if where else ''}: {why}.",
        seen=repr(seen)[:200],
        remedy="Each edit is an object with a kind and the fields of that kind.",
        alternatives=alternatives,
    )
