"""What a declaration lacks of a proposal: what it defines in whatever way, a proposal leaves as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.errors import DevkeelError
from devkeel.project.root import INPUTS
from devkeel.project.survey import survey
from devkeel.source import yaml
from devkeel.source.path import format_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.detection.proposal import ProposedEdit

__all__ = ["lacking"]


def lacking(edits: Iterable[ProposedEdit], files: Mapping[str, bytes]) -> Iterator[ProposedEdit]:
    """Yield the edits, or the parts of them, about what the files of a declaration do not define."""
    found = survey(files, None)
    defined = {item.path for item in found.definitions}
    packages = {name.removeprefix("pkgs.") for name in found.packages}
    inputs = _inputs(files)
    for item in edits:
        edit = item.edit
        if edit["kind"] == "enable":
            yield from _enabling(item, defined)
        elif edit["kind"] == "set":
            if not _covered(edit["path"], defined):
                yield item
        elif edit["kind"] == "add_packages":
            if packages.isdisjoint(edit["names"]):
                yield item
        elif edit["name"] not in inputs:
            yield item


def _enabling(item: ProposedEdit, defined: set[str]) -> Iterator[ProposedEdit]:
    edit, path = item.edit, parse_path(item.edit["name"])
    # What the declaration says of it itself, `enable = false` included, is its person's choice.
    settings = {
        key: value
        for key, value in edit.get("settings", {}).items()
        if not _covered(format_path((*path, *parse_path(key))), defined)
    }
    if not _covered(format_path((*path, "enable")), defined):
        yield item
    elif settings:
        group = format_path(path)
        for key, value in settings.items():
            yield replace(item, edit={"kind": "set", "path": f"{group}.{key}", "value": value})


def _covered(path: str, defined: set[str]) -> bool:
    """Return whether a path is defined, or something above or below it is."""
    return any(known == path or known.startswith(f"{path}.") or path.startswith(f"{known}.") for known in defined)


def _inputs(files: Mapping[str, bytes]) -> frozenset[str]:
    try:
        found = yaml.get(files.get(INPUTS, b""), ("inputs",))
    except (KeyError, DevkeelError):
        return frozenset()
    return frozenset(found) if isinstance(found, dict) else frozenset()
