"""The vocabulary of edits: every kind of every family, and how one is read from plain data.

An edit says what is wanted, never where the bytes go; `devkeel.source` finds the place. JSON stands for data
(string, number, boolean, null, list, attribute set); Nix source is only ever taken from a field that is
called `expression`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from pydantic import ValidationError

from devkeel.errors import UsageError
from devkeel.text.clean import one_line
from devkeel.text.wording import in_words, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.edits.base import Edit

__all__ = ["FAMILIES", "families", "model", "models", "parse_edits"]

# Modules of this package, each with its `KINDS`, in the order in which an agent reads them. They are imported one after
# the other until the kind is found: pydantic takes 1 ms for a kind.
FAMILIES = ("packages", "options", "services", "inputs", "libraries", "text")


def families() -> Iterator[tuple[type[Edit], ...]]:
    """Yield the kinds of each family."""
    for name in FAMILIES:
        yield import_module(f"devkeel.edits.{name}").KINDS


@cache
def model(kind: str) -> type[Edit] | None:
    """Return the kind of that name, if there is one."""
    return next((item for family in families() for item in family if item.model_fields["kind"].default == kind), None)


@cache
def models() -> dict[str, type[Edit]]:
    """Return every kind by its name."""
    return {item.model_fields["kind"].default: item for family in families() for item in family}


def parse_edits(items: object) -> list[Edit]:
    """Return edits from plain data, strictly: an unknown kind or field is a UsageError that names it."""
    if not isinstance(items, list):
        raise _bad("", "it is not a list of edits", items, tuple(models()))
    return [_parse(number, item) for number, item in enumerate(items)]


def _parse(number: int, item: object) -> Edit:
    kind = item.get("kind") if isinstance(item, dict) else None
    found = model(kind) if isinstance(kind, str) else None
    if found is None:
        near = nearest(kind, models()) if isinstance(kind, str) else ()
        why = f"no kind is called {one_line(kind)[:40]!r}" if isinstance(kind, str) else "it has no kind that is known"
        raise _bad(f"edit {number}", why, item, tuple(near) or tuple(models()))
    try:
        return found.model_validate(item)
    except ValidationError as error:
        first = min(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
        where = ".".join([f"edit {number} ({kind})", *(str(part) for part in first["loc"])])
        close = nearest(str(first["loc"][-1]) if first["loc"] else "", found.model_fields)
        raise _bad(where, in_words(first), first.get("input"), tuple(close)) from error


def _bad(where: str, why: str, seen: object, alternatives: tuple[str, ...]) -> UsageError:
    return UsageError(
        "bad_edit",
        f"The edit is malformed{f' at {where}' if where else ''}: {why}.",
        seen=repr(seen)[:200],
        remedy="Each edit is an object with a kind and the fields of that kind.",
        alternatives=alternatives,
    )
