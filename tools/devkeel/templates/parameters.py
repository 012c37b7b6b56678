"""The parameters of a template: what a caller gives, completed by the defaults and judged by the schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred
from devkeel.errors import UsageError
from devkeel.source.plain_data import require_data
from devkeel.text.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import jsonschema  # type: ignore[import-untyped]  # it has no types
    from jsonschema import ValidationError
else:
    jsonschema = Deferred("jsonschema")

__all__ = ["completed"]

_LONGEST, _MOST, _MOST_BYTES = 500, 100, 16 * 1024
_SHOWN = 80
_TYPES = {
    "boolean": "it is to be true or false",
    "integer": "it is to be a whole number",
    "number": "it is to be a number",
    "array": "it is to be a list",
    "string": "it is to be a text",
}


def completed(
    schema: Mapping[str, Any], given: Mapping[str, Any], examples: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return the values of all parameters that have one, the defaults among them.

    schema: a sound one. examples: sets of parameters, of which an error names a value. Raises UsageError
    `bad_template_parameter`, which names the path in the schema and what that allows.
    """
    properties = schema.get("properties", {})
    values = {name: item["default"] for name, item in properties.items() if "default" in item} | dict(given)
    for name in values:
        if name not in properties:
            raise _bad(name, "additionalProperties", f"there is no parameter {name}", None, nearest(name, properties))
    try:
        require_data(values)
    except UsageError as error:
        raise _bad("", "properties", str(error.message), error.seen, ()) from error
    for name, value in values.items():
        size = _LONGEST if isinstance(value, str) else _MOST
        if isinstance(value, (str, list)) and len(value) > size:
            raise _bad(name, f"properties/{name}", f"it is longer than {size}", value, ())
        long = isinstance(value, list) and any(isinstance(item, str) and len(item) > _LONGEST for item in value)
        if long:
            raise _bad(name, f"properties/{name}/items", f"one of it is longer than {_LONGEST}", value, ())
    if len(json.dumps(values)) > _MOST_BYTES:
        raise _bad("", "properties", f"together they have more than {_MOST_BYTES} bytes", None, ())
    validator = jsonschema.Draft202012Validator(dict(schema))
    found = sorted(validator.iter_errors(values), key=lambda error: [str(part) for part in error.absolute_path])
    if found:
        raise _refused(found, values, examples)
    return values


def _refused(
    found: list[ValidationError], values: Mapping[str, Any], examples: Iterable[Mapping[str, Any]]
) -> UsageError:
    first = found[0]
    name = ".".join(str(part) for part in first.absolute_path)
    rule, allowed = str(first.validator), first.validator_value
    if rule == "required":
        missing = [item for item in allowed if item not in values]
        name = missing[0] if missing else name
    error = _bad(
        name, _path(first), _why(rule, allowed), None if rule == "required" else first.instance, _choice(first)
    )
    such = next((example[name] for example in examples if name in example), None)
    if such is not None:
        error.remedy = f"Give {name} a value, such as {json.dumps(such, ensure_ascii=False)[:_SHOWN]}."
    error.details["problems"] = [
        {
            "parameter": ".".join(str(part) for part in item.absolute_path),
            "schema_path": _path(item),
            "rule": item.validator,
        }
        for item in found[:20]
    ]
    return error


def _path(error: ValidationError) -> str:
    return "/".join(str(part) for part in error.absolute_schema_path)


def _choice(error: ValidationError) -> list[str]:
    return [str(item) for item in error.validator_value] if error.validator == "enum" else []


def _why(rule: str, allowed: object) -> str:
    """Return what a rule of the schema allows, as the rest of a sentence."""
    words = {
        "enum": "it is none of the values that it may have",
        "required": "it has no value, and no default",
        "type": _TYPES.get(str(allowed), f"it is to be of the type {allowed}"),
        "pattern": f"it is to match {allowed}",
        "minimum": f"it is at least {allowed}",
        "maximum": f"it is at most {allowed}",
        "exclusiveMinimum": f"it is more than {allowed}",
        "exclusiveMaximum": f"it is less than {allowed}",
        "minLength": f"it has at least {allowed} characters",
        "maxLength": f"it has at most {allowed} characters",
        "minItems": f"it has at least {allowed} items",
        "maxItems": f"it has at most {allowed} items",
        "uniqueItems": "each of its items is there once",
        "const": f"it is {allowed!r}",
        "multipleOf": f"it is a multiple of {allowed}",
    }
    return words.get(rule, f"{rule} of the schema allows {str(allowed)[:_SHOWN]}")


def _bad(name: str, path: str, why: str, seen: object, choice: list[str] | tuple[str, ...]) -> UsageError:
    return UsageError(
        "bad_template_parameter",
        f"The parameter {name} cannot be so: {why}." if name else f"The parameters cannot be so: {why}.",
        seen=None if seen is None else repr(seen)[:_SHOWN],
        remedy="Give one of those that there are." if choice else "Give another value.",
        alternatives=tuple(choice),
        details={"parameter": name, "schema_path": path},
    )
