"""The JSON schema of a tool's arguments: what pydantic gives, without what costs a model tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel_mcp.calls.arguments import argument_names

if TYPE_CHECKING:
    from pydantic import BaseModel

    from devkeel_mcp.answers.text import Json

__all__ = ["input_schema"]

_REF = "#/$defs/"
_NULL = {"type": "null"}
# What a reader assumes anyway. A list, because an empty schema cannot be hashed.
_IMPLIED: list[tuple[str, object]] = [
    ("default", None),
    ("default", False),
    ("default", []),
    ("minItems", 1),
    ("minimum", 1),
]


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of an argument model: no titles, no references, own fields before inherited ones."""
    raw = model.model_json_schema()
    schema: dict[str, Any] = _tidy(raw, raw.get("$defs", {}))
    properties = schema["properties"]
    # JSON Schema has no order of properties; a model reads them as they stand.
    schema["properties"] = {name: properties[name] for name in argument_names(model)}
    return schema


def _tidy(schema: Json, definitions: dict[str, Json]) -> Json:
    if isinstance(schema, list):
        return [_tidy(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = _resolved(schema, definitions)
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("title", "$defs") or (key, value) in _IMPLIED:
            continue
        if key == "properties":
            # Here the keys are names, not keywords: a field may well be called title.
            result[key] = {name: _tidy(item, definitions) for name, item in value.items()}
        elif (tidied := _tidy(value, definitions)) != {}:
            # An empty schema takes anything, as a keyword that is left out does.
            result[key] = tidied
    if "const" in result:
        result.pop("type", None)
    return result


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its reference inlined and `X or null` written as `X`: left out means the same."""
    if "$ref" in schema:
        target = dict(definitions[schema["$ref"].removeprefix(_REF)])
        target.pop("description", None)  # the docstring is for readers of the code
        schema = target | {key: value for key, value in schema.items() if key != "$ref"}
    alternatives = [item for item in schema.get("anyOf", ()) if item != _NULL]
    if "anyOf" in schema and len(alternatives) == 1:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return _resolved(alternatives[0] | rest, definitions)
    return schema
