"""Licences of what is named, as its own metadata has them: in package-lock.json, or where it is installed."""

from __future__ import annotations

import email
import json
import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.checks.rules.manifest_libraries import normalised
from devkeel.errors import DevkeelError
from devkeel.system.reading_room import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from devkeel.project.rules import NameRule

__all__ = ["broken_licence", "licence_of_library", "licences_in_lock"]

_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_OR, _AND = re.compile(r"\s+OR\s+", re.IGNORECASE), re.compile(r"\s+AND\s+", re.IGNORECASE)
# An exception gives a right more.
_WITH = re.compile(r"\s+WITH\s+[^\s()]+", re.IGNORECASE)
# What npm and distributions of Python write where they say nothing (npm docs, package.json, license).
_NONE = frozenset({"", "unlicensed", "unknown", "see license in license", "custom"})


def broken_licence(rule: NameRule, licence: str | None) -> str | None:
    """Return which part of a rule a licence breaks: `forbid`, `allow`, `unknown` where there is none to judge, or None.

    licence: an expression of SPDX (specification, annex D), or a name. Of alternatives one has to be fine, and of
    licences that hold together each.
    """
    if licence is None:
        return "unknown" if rule.unknown == "deny" else None
    parts = [_of_all(rule, item) for item in _OR.split(_WITH.sub("", licence))]
    return None if None in parts else parts[0]


def _of_all(rule: NameRule, licence: str) -> str | None:
    found = [rule.broken_by(name.strip("() ")) for name in _AND.split(licence)]
    return next((part for part in found if part is not None), None)


def licences_in_lock(name: str, data: bytes) -> Mapping[str, str]:
    """Return the licences of the libraries that a lock of npm pins, by normalised name, where it has them."""
    if posixpath.basename(name) not in _LOCKS:
        return {}
    found = dict[str, str]()
    with suppress(ValueError, AttributeError, TypeError):
        for place, item in dict(json.loads(data).get("packages") or {}).items():
            licence = _plain(item.get("license"))
            if licence is not None and "node_modules/" in place:
                found[normalised("javascript", item.get("name") or place.rpartition("node_modules/")[2])] = licence
    return found


def licence_of_library(language: str, name: str, read: Callable[[str], bytes | None], root: Path) -> str | None:
    """Return the licence of a library as it is installed in the project; None where it is not, or says none."""
    with suppress(DevkeelError, OSError, ValueError, AttributeError, TypeError):
        if language == "javascript":
            data = read(f"node_modules/{name}/package.json")
            return _plain(json.loads(data).get("license")) if data is not None else None
        if language == "python":
            for folder in _distributions(root):
                stem = posixpath.basename(folder).removesuffix(".dist-info")
                if normalised("python", stem.rpartition("-")[0]) == name:
                    return _of_metadata(read(f"{folder}/METADATA") or b"")
    return None


def _distributions(root: Path) -> Iterator[str]:
    """Yield the directories with the metadata of what is installed in the project's own environment of Python."""
    room = Room(root)
    for python in room.names(".venv/lib"):
        if python.startswith("python3"):
            place = f".venv/lib/{python}/site-packages"
            yield from (f"{place}/{name}" for name in room.names(place) if name.endswith(".dist-info"))


def _of_metadata(data: bytes) -> str | None:
    """Return what a distribution's metadata says (Core metadata: License-Expression; License before that)."""
    found = email.message_from_bytes(data)
    stated = found.get("License-Expression") or found.get("License")
    return _plain(stated) if stated and "\n" not in stated else None


def _plain(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("type")
    return value.strip() if isinstance(value, str) and value.strip().lower() not in _NONE else None
