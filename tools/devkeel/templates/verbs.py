"""The verbs of templates, each about the kit that a source means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from devkeel.templates.finding import built_in, find_kit, folder_of
from devkeel.templates.listing import TemplateInfo, TemplateList, describe, summary
from devkeel.templates.use import use
from devkeel.templates.validation import TemplateValidation, validate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.change.changes import Asked
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context

__all__ = ["add", "every", "examine", "one"]


def every() -> TemplateList:
    """Return the templates that come with devkeel."""
    return TemplateList(tuple(summary(kit) for kit in built_in()))


def one(context: Context, source: str, *, anywhere: bool) -> TemplateInfo:
    """Return what a template is."""
    found = describe(find_kit(context, source, anywhere=anywhere))
    return replace(found, lacks=context.permission.lacks(found.permissions))


def examine(context: Context, source: str, *, anywhere: bool) -> TemplateValidation:
    """Return what is not sound in a template."""
    return validate(folder_of(context, source, anywhere=anywhere)[0], source)


def add(
    context: Context,
    source: str,
    given: Mapping[str, Any],
    asked: Asked,
    *,
    level: str | None,
    anywhere: bool,
) -> ChangeResult:
    """Add what a template has to the project."""
    kit = find_kit(context, source, anywhere=anywhere)
    result = use(kit, context, given, asked, level=level)
    lacks = context.permission.lacks(kit.manifest.permissions)
    if not lacks:
        return result
    needs = f"What comes of {kit.manifest.name} needs {', '.join(kit.manifest.permissions)}"
    return replace(result, notes=(*result.notes, f"{needs}; this caller lacks {', '.join(lacks)}."))
