"""What comes of a kit with parameters: files and edits, as data; nothing is read or written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from devkeel.templates.kit import bad_kit
from devkeel.templates.parameters import completed
from devkeel.templates.paths import why_not_there
from devkeel.templates.placeholders import fill, fill_data, fill_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.templates.kit import Kit

__all__ = ["Instance", "KitPart", "instantiate"]


_CHOOSING = ("when", "group", "unless")


class KitPart(Struct):
    """What comes together or not at all: files by their path in the project, edits as plain data.

    group: its name, None for what stands alone. unless: options of which none is defined.
    """

    group: str | None
    files: dict[str, bytes] = field(default_factory=dict)
    edits: list[dict[str, Any]] = field(default_factory=list)
    unless: list[str] = field(default_factory=list)


class Instance(Struct, frozen=True):
    """What a kit adds with these parameters, in the order of the manifest."""

    values: dict[str, Any]
    parts: list[KitPart]

    @property
    def edits(self) -> list[dict[str, Any]]:
        """All edits."""
        return [edit for part in self.parts for edit in part.edits]


def instantiate(kit: Kit, given: Mapping[str, Any]) -> Instance:
    """Return what a kit adds. Raises UsageError `bad_template_parameter`, Refused `template_value`."""
    manifest = kit.manifest
    values = completed(manifest.parameters, given, manifest.examples)
    made, seen = Instance(values, []), set[str]()
    for item in manifest.files:
        if _holds(item.when, values):
            path = fill_name(item.path, values)
            why = why_not_there(path) or (f"two of its files go to {path}" if path in seen else None)
            if why is not None:
                raise bad_kit(why, at="files")
            seen.add(path)
            _part(made, item.group).files[path] = fill(path, kit.sources[item.source], values)
    for given_edit in manifest.edits:
        edit = {name: value for name, value in given_edit.items() if name not in _CHOOSING}
        filled = fill_data(edit, values) if _holds(given_edit.get("when", {}), values) else None
        # A list of names that is a parameter may be empty.
        if filled is not None and filled.get("names") != []:
            part = _part(made, given_edit.get("group"))
            part.edits.append(filled)
            part.unless += given_edit.get("unless", [])
    return made


def _part(made: Instance, group: str | None) -> KitPart:
    """Return the part of a group, or a new one for what has none."""
    found = next((part for part in made.parts if group is not None and part.group == group), None)
    if found is None:
        found = KitPart(group)
        made.parts.append(found)
    return found


def _holds(when: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Return whether each parameter has the value, or one of the values; a list has it where it holds it."""
    return all(_has(values.get(name), wanted) for name, wanted in when.items())


def _has(value: object, wanted: object) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    held = value if isinstance(value, list) else [value]
    return any(type(one) is type(other) and one == other for one in held for other in choices)
