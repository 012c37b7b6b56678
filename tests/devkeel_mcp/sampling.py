"""Arguments made from a tool's schema, so that a test of every tool needs no list of tools."""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["plausible", "with_text"]


def plausible(schema: dict[str, Any], *, dry_run: bool = True) -> dict[str, Any]:
    """Return arguments that an input schema accepts: what is required, and what keeps the call short."""
    properties = schema.get("properties", {})
    required = {name: value_of(properties[name]) for name in schema.get("required", ())}
    careful = {"dry_run": dry_run, "level": "syntax"}
    return required | {name: value for name, value in careful.items() if name in properties}


def value_of(schema: dict[str, Any]) -> Any:
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return plausible(schema)
    if kind == "array":
        return [value_of(schema.get("items", {}))]
    return {"integer": 1, "number": 1, "boolean": False}.get(kind, "hello")


def with_text(schema: dict[str, Any], text: str, *, dry_run: bool = True) -> Iterator[dict[str, Any]]:
    """Yield arguments that have the text in one place each, wherever the schema takes a free text."""
    for path in places(schema):
        arguments = copy.deepcopy(plausible(schema, dry_run=dry_run))
        put(arguments, path, text)
        yield arguments


def places(schema: dict[str, Any], path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of what takes a text; a list is entered at its first element."""
    if "enum" in schema:
        return
    if "properties" in schema:
        for name, field in schema["properties"].items():
            yield from places(field, (*path, name))
    elif schema.get("type") == "array":
        yield from places(schema.get("items", {}), (*path, 0))
    elif schema.get("type", "string") == "string" or isinstance(schema.get("type"), list):
        yield path


def put(holder: Any, path: tuple[Any, ...], text: str) -> None:
    for key, following in itertools.pairwise(path):
        empty: Any = [] if following == 0 else {}
        if isinstance(key, int):
            if not holder:
                holder.append(empty)
            holder = holder[0]
        else:
            holder = holder.setdefault(key, empty)
    if isinstance(path[-1], int):
        holder[:1] = [text]
    else:
        holder[path[-1]] = text
