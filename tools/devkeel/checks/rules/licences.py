"""Licences of what is named, as its own metadata has them: in package-lock.json, or where it is installed."""

from __future__ import annotations

import email
import json
import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.checks.rules.manifest_libraries import normalised
from devkeel.errors import DevkeelError
from devkeel.system.reading_room import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from devkeel.project.rules import NameRule

__all__ = ["broken_licence", "licence_of_library", "licences_in_lock"]

_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_TOKEN = re.compile(r"[()]|[^\s()]+")
_OPERATORS = frozenset({"and", "or", "with"})
_BETWEEN = re.compile(r"\s+(?:and|or)\s+")
_DEEPEST = 64
# What npm and distributions of Python write where they say nothing (npm docs, package.json, license).
_NONE = frozenset({"", "unlicensed", "unknown", "see license in license", "custom"})


def broken_licence(rule: NameRule, licence: str | None) -> str | None:
    """Return which part of a rule a licence breaks: `forbid`, `allow`, `unknown` where there is none to judge, or None.

    licence: an expression of SPDX (specification, annex D), or a name. Of alternatives one has to be fine, and of
    licences that hold together each.
    """
    if licence is None:
        return "unknown" if rule.unknown == "deny" else None
    # Names of SPDX are the same in any case.
    allow = None if rule.allow is None else tuple(map(str.lower, rule.allow))
    any_case = replace(rule, allow=allow, forbid=tuple(map(str.lower, rule.forbid)))
    text = licence.lower()
    part = _judged(any_case, text)
    return None if part == "allow" and text in (allow or ()) else part


def _judged(rule: NameRule, licence: str) -> str | None:
    words = _TOKEN.findall(licence)
    expression = _Expression(rule, words)
    try:
        part = expression.any_of(0)
    except IndexError:
        expression.is_text = True
    else:
        if expression.at == len(words) and not expression.is_text:
            return part
    # A text that is no expression has names in it: each is judged.
    parts = (rule.broken_by(text.strip("() "), text) for text in _BETWEEN.split(licence))
    return next((part for part in parts if part is not None), None)


class _Expression:
    """An expression of SPDX that is judged as it is read: `WITH` binds closer than `AND`, and that than `OR`.

    at: how far it was read. is_text: whether a name has several words, which SPDX has none of.
    """

    def __init__(self, rule: NameRule, words: list[str]) -> None:
        self.rule, self.words = rule, words
        self.at, self.is_text = 0, False

    def any_of(self, depth: int) -> str | None:
        """Return None where one of alternatives is fine, else what the first of them breaks. Raises IndexError."""
        parts = [self._all_of(depth)]
        while self._takes("or"):
            parts.append(self._all_of(depth))
        return None if None in parts else parts[0]

    def _all_of(self, depth: int) -> str | None:
        parts = [self._one(depth)]
        while self._takes("and"):
            parts.append(self._one(depth))
        return next((part for part in parts if part is not None), None)

    def _one(self, depth: int) -> str | None:
        if self._takes("("):
            if depth > _DEEPEST:
                raise IndexError
            part = self.any_of(depth + 1)
            if not self._takes(")"):
                raise IndexError
            return part
        name = self._name()
        # An exception gives a right more: a rule may name the licence with it, or without.
        return (
            self.rule.broken_by(name, f"{name} with {self._name()}")
            if self._takes("with")
            else self.rule.broken_by(name)
        )

    def _name(self) -> str:
        word = self.words[self.at]
        if word in _OPERATORS or word in "()":
            raise IndexError
        self.at += 1
        following = self.words[self.at] if self.at < len(self.words) else ")"
        self.is_text = self.is_text or not (following in _OPERATORS or following == ")")
        return word

    def _takes(self, word: str) -> bool:
        found = self.at < len(self.words) and self.words[self.at] == word
        self.at += found
        return found


def licences_in_lock(name: str, data: bytes) -> Mapping[str, tuple[str, ...]]:
    """Return the licences of the libraries that a lock of npm pins, by normalised name, where it has them.

    A library may be there in several versions, of which each has its own.
    """
    if posixpath.basename(name) not in _LOCKS:
        return {}
    found = dict[str, tuple[str, ...]]()
    with suppress(ValueError, AttributeError, TypeError):
        for place, item in dict(json.loads(data).get("packages") or {}).items():
            licence = _plain(item.get("license"))
            if licence is not None and "node_modules/" in place:
                of = normalised("javascript", item.get("name") or place.rpartition("node_modules/")[2])
                found[of] = tuple(dict.fromkeys((*found.get(of, ()), licence)))
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
