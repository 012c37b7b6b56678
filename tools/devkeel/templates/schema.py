"""Whether a template's schema of parameters is one: JSON Schema, and nothing that could leave it or hang.

A kit is not trusted, and its schema is evaluated. So it refers to nothing, since a reference may be fetched; and its
patterns, together, are matched in few steps whatever the value is, since matching the others may take for ever.
"""

from __future__ import annotations

import math
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
# Of all patterns together: some hundredths of a second. A value has at most _LONG characters, all values _MANY of them.
_MOST_STEPS, _LONG, _MANY = 5_000_000, 500, 32
_REPEATS = re.compile(r"[*+?{]")
_REPEAT = re.compile(r"\{[0-9]*,?[0-9]*\}|[*+?]")
# Those that end: {3}, {1,3} or {,3}.
_COUNT = re.compile(r"\{([0-9]*),([0-9]+)\}|\{[0-9]+\}")
_CLASSES = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.")


def problems_of(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a schema of parameters: where, as a path with dots, and why."""
    found = [*_unsafe(schema, "", 0)]
    if not found and sum(_steps(schema, 1)) > _MOST_STEPS:
        found.append(("", "matching its patterns may take long: let each begin with ^, and choose and repeat less"))
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
    bare = _bare(pattern)
    # Python's matcher goes back: (a+)+ takes a time that doubles with each character.
    if re.search(r"\)[*+{]", bare) or "(?" in bare or len(_REPEATS.findall(bare)) > _MOST_REPEATS:
        return f"it repeats a group, or more than {_MOST_REPEATS} times: what such a pattern takes is not known"
    if any(found[0][0] == "\\" and found[0][1] in "123456789" for found in _CLASSES.finditer(pattern)):
        return "it refers to a group: what such a pattern takes is not known"
    return None


def _bare(pattern: str) -> str:
    """Return the repeats, groups and choices of a pattern, with x for what matches a sign."""
    return _CLASSES.sub("x", pattern).replace("(?:", "(")


def _steps(value: object, times: int) -> Iterator[int]:
    """Yield the most steps that matching each pattern of a schema takes, for `times` values."""
    if isinstance(value, list):
        for item in value:
            yield from _steps(item, times)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "pattern" and isinstance(item, str):
                yield times * _steps_of(_bare(item))
            yield from _steps(item, _MANY if key in ("items", "prefixItems", "contains") else times)


def _steps_of(bare: str) -> int:
    """Return the most ways to match a pattern: where each repeat ends, and which of its choices each group takes."""
    groups, free = [[0, 1]], not bare.startswith("^")
    for sign in bare:
        if sign == "(":
            groups.append([0, 1])
        elif sign == "|":
            groups[-1][0] += groups[-1][1]
            groups[-1][1] = 1
            free = free or len(groups) == 1
        elif sign == ")":
            ways = sum(groups.pop())
            groups[-1][1] *= ways
    few, ends = 1, int(free)
    for found in _REPEAT.finditer(bare):
        count = _COUNT.fullmatch(found[0])
        if count is not None and count[2]:
            few *= int(count[2]) - int(count[1] or 0) + 1
        elif found[0] == "?":
            few *= 2
        elif count is None:
            ends += 1
    return sum(groups[0]) * few * math.comb(_LONG + ends, ends)
