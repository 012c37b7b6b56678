"""Globs over option paths: `services.*.enable`, `services.post*`, `processes.**`."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TypeAlias

from msgspec import Struct

from devkeel.errors import UsageError
from devkeel.source.path import AttrPath, parse_path

__all__ = ["Glob", "OptionGlob", "parse_option_glob", "related", "within"]

_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[^".]+', re.DOTALL)
_GLOB = re.compile(r"[A-Za-z0-9_'*?-]+")
_BELOW = "**"


class Glob(Struct, frozen=True):
    """Any one name that a pattern fits: `*` is any text in it, `?` one character."""

    text: str

    @property
    def expression(self) -> str:
        """The same as a regular expression of POSIX."""
        return self.text.replace("*", ".*").replace("?", ".")

    def fits(self, name: str) -> bool:
        """Return whether it is about a name."""
        return fnmatchcase(name, self.text)


OptionGlob: TypeAlias = tuple[str | Glob, ...]


def parse_option_glob(text: str) -> OptionGlob:
    """Return the names of an option path in which `*` and `?` stand for others; within quotes they are themselves.

    `**` at the end is what is below. Raises UsageError `bad_option_path`.
    """
    parts = _PART.findall(text)
    if ".".join(parts) != text:
        return parse_path(text)
    if len(parts) > 1 and parts[-1] == _BELOW:
        del parts[-1]
    if _BELOW in parts:
        raise UsageError(
            "bad_option_path",
            "`**` stands behind other names, and for all that is below them.",
            seen=repr(text[:200]),
            remedy="Write `*` for any one name, and nothing at all for what is below: a path protects that too.",
        )
    return tuple(name for part in parts for name in _names(part))


def _names(part: str) -> OptionGlob:
    plain = part.startswith('"') or not ("*" in part or "?" in part)
    if not plain and _GLOB.fullmatch(part):
        return (Glob(part),)
    return parse_path(part)


def related(path: AttrPath, wanted: OptionGlob) -> bool:
    """Return whether one of them is the other, or on the way to it."""
    pairs = zip(path, wanted, strict=False)
    return all(name == own or (isinstance(own, Glob) and own.fits(name)) for name, own in pairs)


def within(path: AttrPath, wanted: OptionGlob) -> bool:
    """Return whether a path is what is wanted, or below it."""
    return len(path) >= len(wanted) and related(path, wanted)
