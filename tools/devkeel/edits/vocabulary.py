"""The vocabulary of edits: every kind of every family, and how one is read from plain data.

An edit says what is wanted, never where the bytes go; `devkeel.source` finds the place. JSON stands for data
(string, number, boolean, null, list, attribute set); Nix source is only ever taken from a field that is
called `expression`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from devkeel.edits import inputs, libraries, options, packages, services, text
from devkeel.errors import UsageError
from devkeel.text.wording import in_words, nearest

if TYPE_CHECKING:
    from devkeel.edits.base import Edit

__all__ = ["FAMILIES", "KINDS", "MODELS", "parse_edits"]

# The order is that in which an agent reads the kinds.
FAMILIES: tuple[tuple[type[Edit], ...], ...] = (
    packages.KINDS,
    options.KINDS,
    services.KINDS,
    inputs.KINDS,
    libraries.KINDS,
    text.KINDS,
)
MODELS: dict[str, type[Edit]] = {model.model_fields["kind"].default: model for family in FAMILIES for model in family}
KINDS = tuple(MODELS)


def parse_edits(items: object) -> list[Edit]:
    """Return edits from plain data, strictly: an unknown kind or field is a UsageError that names it."""
    if not isinstance(items, list):
        raise _bad("", "it is not a list of edits", items, KINDS)
    return [_parse(number, item) for number, item in enumerate(items)]


def _parse(number: int, item: object) -> Edit:
    kind = item.get("kind") if isinstance(item, dict) else None
    model = MODELS.get(kind) if isinstance(kind, str) else None
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
