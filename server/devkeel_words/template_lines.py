"""What templates are and whether they are sound, as lines that both clients say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.templates.listing import TemplateInfo, TemplateList
    from devkeel.templates.validation import TemplateValidation

__all__ = ["info", "listed", "validation"]

_FACTS = ("enum", "pattern", "minimum", "maximum")


def listed(found: TemplateList) -> Iterator[str]:
    """Yield the templates, each in a line."""
    for item in found.templates:
        yield f"{item.name} {item.version}: {item.description} Parameters: {', '.join(item.parameters) or 'none'}."


def info(found: TemplateInfo) -> Iterator[str]:
    """Yield all about a template, what it is first."""
    yield f"{found.name} {found.version}: {found.description}"
    if found.revision is not None:
        yield f"fetched at {found.revision}"
    required = found.parameters.get("required", [])
    for name, schema in found.parameters.get("properties", {}).items():
        yield f"parameter {name}: {_parameter(schema, required=name in required)}"
    for file in found.files:
        when = f" when {json.dumps(file.when, ensure_ascii=False)}" if file.when else ""
        yield f"file {file.path}{when}"
    for edit in found.edits:
        yield f"edit {json.dumps(edit, ensure_ascii=False)}"
    yield f"its result needs: {', '.join(found.permissions)}"
    if found.lacks:
        yield f"of these you lack: {', '.join(found.lacks)}"
    for example in found.examples:
        yield f"example: {json.dumps(example, ensure_ascii=False)}"


def _parameter(schema: dict[str, Any], *, required: bool) -> str:
    facts = [str(schema.get("type"))]
    facts += [f"{name} {json.dumps(schema[name], ensure_ascii=False)}" for name in _FACTS if name in schema]
    if "default" in schema:
        facts.append(f"default {json.dumps(schema['default'], ensure_ascii=False)}")
    elif required:
        facts.append("required")
    told = ", ".join(facts)
    return f"{told}. {schema['description']}" if "description" in schema else told


def validation(report: TemplateValidation) -> Iterator[str]:
    """Yield whether a template is sound, and what is not."""
    if report.ok:
        rungs = ", ".join(report.ran) or "none"
        yield f"{report.name} is sound; sets of parameters that were tried: {report.examples}; checks that ran: {rungs}"
        return
    yield f"{report.where} is not sound: {len(report.problems)} problem{'s' * (len(report.problems) != 1)}"
    for item in report.problems:
        place = f"{item.place}: " if item.place else ""
        example = f" (with {json.dumps(item.example, ensure_ascii=False)})" if item.example is not None else ""
        yield f"{place}error[{item.code}]: {item.message}{example}"
