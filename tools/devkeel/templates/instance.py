"""What comes of a kit with parameters: files and edits, as data; nothing is read or written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.templates.kit import bad_kit
from devkeel.templates.parameters import completed
from devkeel.templates.paths import why_not_there
from devkeel.templates.placeholders import fill, fill_data, fill_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.templates.kit import Kit

__all__ = ["Instance", "instantiate"]


class Instance(Struct, frozen=True):
    """What a kit adds with these parameters. files: by their path in the project. edits: plain data.

    groups: of the files that have one, by path.
    """

    values: dict[str, Any]
    files: dict[str, bytes]
    edits: list[dict[str, Any]]
    groups: dict[str, str]


def instantiate(kit: Kit, given: Mapping[str, Any]) -> Instance:
    """Return what a kit adds. Raises UsageError `bad_template_parameter`, Refused `template_value`."""
    manifest = kit.manifest
    values = completed(manifest.parameters, given)
    files, groups = dict[str, bytes](), dict[str, str]()
    for item in manifest.files:
        if not _holds(item.when, values):
            continue
        path = fill_name(item.path, values)
        why = why_not_there(path)
        if why is None and path in files:
            why = f"two of its files go to {path}"
        if why is not None:
            raise bad_kit(why, at="files")
        files[path] = fill(path, kit.sources[item.source], values)
        groups |= {path: item.group} if item.group is not None else {}
    edits = [
        fill_data({name: value for name, value in edit.items() if name != "when"}, values)
        for edit in manifest.edits
        if _holds(edit.get("when", {}), values)
    ]
    # A list of names that is a parameter may be empty.
    edits = [edit for edit in edits if edit.get("names") != []]
    return Instance(values, files, edits, groups)


def _holds(when: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Return whether each parameter has the value, or one of the values; a list has it where it holds it."""
    return all(_has(values.get(name), wanted) for name, wanted in when.items())


def _has(value: object, wanted: object) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    held = value if isinstance(value, list) else [value]
    return any(type(one) is type(other) and one == other for one in held for other in choices)
