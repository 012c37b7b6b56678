"""Whether a template's schema of parameters is one: JSON Schema, and nothing that could leave it or hang.

A kit is not trusted, and its schema is evaluated. So it refers to nothing, since a reference may be fetched; and its
patterns repeat no group and little else, since matching the others may take for ever.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jsonschema  # type: ignore[import-untyped]  # it has no types
else:
    jsonschema = Deferred("jsonschema")

__all__ = ["NAME", "problems_of"]

NAME = re.compile(r"[a-z][a-z0-9_]*")
_OUTWARD = ("$ref", "$dynamicRef", "$recursiveRef", "$schema", "$id")
# What is asked of all that other parts of a schema have looked at takes twice as long with each level.
_WIDE = ("patternProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames")
_KINDS = ("string", "integer", "number", "boolean", "array")
_MOST_REPEATS, _LONGEST_PATTERN, _DEEPEST = 2, 200, 20
_REPEATS = re.compile(r"[*+?{]")
_CLASSES = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.")


def problems_of(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a schema of parameters: where, as a path with dots, and why."""
    found = [*_unsafe(schema, "", 0)]
    yield from found
    if found:
        return
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        yield ".".join(str(part) for part in error.absolute_path), error.message
        return
    if schema and (schema.get("type") != "object" or not isinstance(schema.get("properties"), dict)):
        yield "", 'a schema of parameters is of the type "object", with properties'
        return
    for name, item in schema.get("properties", {}).items():
        yield from _of_parameter(name, item)


def _of_parameter(name: str, item: object) -> Iterator[tuple[str, str]]:
    at = f"properties.{name}"
    if not NAME.fullmatch(name):
        yield at, "the name of a parameter is lower-case letters, digits and underscores"
    kind = item.get("type") if isinstance(item, dict) else None
    if kind not in _KINDS:
        yield f"{at}.type", f"a parameter is of one of the types {', '.join(_KINDS)}"
    elif kind == "array" and _kind_of_items(item) not in _KINDS[:-1]:
        yield f"{at}.items", f"the items of a list are of one of the types {', '.join(_KINDS[:-1])}"


def _kind_of_items(item: Any) -> object:  # noqa: ANN401  (data)
    items = item.get("items")
    return items.get("type") if isinstance(items, dict) else None


def _unsafe(value: object, at: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield what is not evaluated."""
    if depth > _DEEPEST:
        yield at, f"it is nested deeper than {_DEEPEST}"
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unsafe(item, f"{at}.{number}".lstrip("."), depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            place = f"{at}.{key}".lstrip(".")
            if key in _OUTWARD:
                yield place, "a schema of parameters refers to nothing"
            elif key in _WIDE:
                yield place, "parameters are named one by one"
            elif key == "pattern" and isinstance(item, str):
                why = _why_not_matched(item)
                if why is not None:
                    yield place, why
            yield from _unsafe(item, place, depth + 1)


def _why_not_matched(pattern: str) -> str | None:
    if len(pattern) > _LONGEST_PATTERN:
        return f"it has more than {_LONGEST_PATTERN} characters"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"it is no pattern: {error}"
    bare = _CLASSES.sub("x", pattern)
    # Python's matcher goes back: (a+)+ takes a time that doubles with each character.
    repeats = _REPEATS.findall(bare.replace("(?:", "("))
    if re.search(r"\)[*+{]", bare) or "(?" in bare.replace("(?:", "(") or len(repeats) > _MOST_REPEATS:
        return f"it repeats a group, or more than {_MOST_REPEATS} times: what such a pattern takes is not known"
    return None
