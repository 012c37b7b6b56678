"""What a template is, as a caller sees it: its parameters, files and edits, and what its result needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from devkeel.templates.kit import Kit

__all__ = ["TemplateFile", "TemplateInfo", "TemplateList", "TemplateSummary", "describe", "summary"]


class TemplateSummary(Struct, frozen=True):
    """A template in a line."""

    name: str
    version: str
    description: str
    parameters: tuple[str, ...]


class TemplateList(Struct, frozen=True):
    """The templates that come with devkeel."""

    templates: tuple[TemplateSummary, ...]


class TemplateFile(Struct, frozen=True):
    """Where a file goes, as the template says it, and when it comes: see `KitFile`."""

    path: str
    when: dict[str, Any]
    group: str | None


class TemplateInfo(Struct, frozen=True):
    """A template. parameters: its JSON Schema. permissions: what its result needs, by name.

    lacks: those of them that the caller has not. revision: of what was fetched for it.
    """

    name: str
    version: str
    description: str
    where: str
    parameters: dict[str, Any]
    files: tuple[TemplateFile, ...]
    edits: tuple[dict[str, Any], ...]
    permissions: tuple[str, ...]
    examples: tuple[dict[str, Any], ...]
    revision: str | None = None
    lacks: tuple[str, ...] = ()


def summary(kit: Kit) -> TemplateSummary:
    """Return a kit in a line."""
    manifest = kit.manifest
    return TemplateSummary(manifest.name, manifest.version, manifest.description, tuple(manifest.properties))


def describe(kit: Kit) -> TemplateInfo:
    """Return all that a caller may want to know of a kit."""
    manifest = kit.manifest
    return TemplateInfo(
        manifest.name,
        manifest.version,
        manifest.description,
        kit.where,
        manifest.parameters,
        tuple(TemplateFile(item.path, item.when, item.group) for item in manifest.files),
        manifest.edits,
        manifest.permissions,
        manifest.examples,
        kit.revision,
    )
