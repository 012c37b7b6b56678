"""Packages that nixpkgs had: since when it has not, and what is used instead."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.pinned.flake_lock import read_lock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.pinned.flake_lock import Lock

__all__ = ["Removed", "all_removed", "as_of", "removed"]

# What is taken out of nixpkgs reaches its channels later, what goes by way of staging after some weeks.
_LATE = timedelta(days=45)
_RELEASE = re.compile(r"(?:nixos|nixpkgs|release)-(\d\d)\.(\d\d)\b")
_SOURCES = frozenset({("nixos", "nixpkgs"), ("cachix", "devenv-nixpkgs"), ("nixos", "nixpkgs-channels")})


class Removed(Struct, frozen=True):
    """A package that is gone. since: the day, as ISO says it; instead: what is used now, the likeliest first."""

    name: str
    since: str
    instead: tuple[str, ...]

    def by(self, day: date) -> bool:
        """Return whether every nixpkgs of a day lacks it."""
        return date.fromisoformat(self.since) + _LATE <= day


def removed(name: str) -> Removed | None:
    """Return what became of a package of an earlier nixpkgs, `nodejs_14` or one in a set, `python27Packages.numpy`."""
    head, dot, rest = name.partition(".")
    found = _table().get(head)
    if found is None or not dot:
        return found
    sets = [item for item in found.instead if item.endswith(("Packages", "Extensions"))]
    instead = tuple(f"{item}.{rest}" for item in sets) if sets or found.instead else (rest,)
    return Removed(name, found.since, instead)


@cache
def all_removed() -> frozenset[str]:
    """Return the names of the top level that are gone."""
    return frozenset(_table())


@cache
def _table() -> Mapping[str, Removed]:
    found = dict[str, Removed]()
    for line in Path(__file__).with_name("removed.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            since, names, instead = line.split("\t")
            used = () if instead == "-" else tuple(instead.split(" "))
            found |= {name: Removed(name, since, used) for name in names.split(" ")}
    return found


def as_of(lock: bytes | None, url: str | None = None) -> date | None:
    """Return the day whose nixpkgs a project uses, None where that is not known.

    lock: the bytes of devenv.lock. url: the reference of its nixpkgs, where devenv.yaml has one. A branch of a release
    keeps what the release had. Without a lock, a branch that moves is the newest there is when it is locked.
    """
    locked, said = read_lock(lock), _of_reference(url)
    if lock is None or said is None:
        return said
    if locked is None:
        return None
    try:
        day = _of_node(locked, locked.inputs_of(locked.root)["nixpkgs"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, OSError):
        return None
    return day if day is None else min(day, said)


def _of_node(lock: Lock, node: str) -> date | None:
    original, locked = lock.original(node) or {}, lock.locked(node)
    source = (str(original.get("owner")).lower(), str(original.get("repo")).lower())
    if source not in _SOURCES:
        return None
    wrapped = [inner for name, inner in lock.inputs_of(node).items() if name.startswith("nixpkgs")]
    seconds = (lock.locked(wrapped[0]) if wrapped else locked)["lastModified"]
    day = datetime.fromtimestamp(seconds, UTC).date()
    release = _released(str(original.get("ref", "")))
    return day if release is None else min(day, release)


def _of_reference(url: str | None) -> date | None:
    if url is None:
        return date.max
    match = re.fullmatch(r"github:([\w.-]+)/([\w.-]+)(?:/([\w.-]+))?(?:\?ref=([\w.-]+))?", url)
    if match is None or (match[1].lower(), match[2].lower()) not in _SOURCES:
        return None
    branch = match[3] or match[4] or "nixos-unstable"
    if branch in ("rolling", "master", "nixos-unstable", "nixpkgs-unstable", "nixos-unstable-small"):
        return date.max
    return _released(branch)


def _released(branch: str) -> date | None:
    """Return the day on which a branch of a release was made, some weeks before the release."""
    match = _RELEASE.search(branch)
    if match is None or not 1 <= int(match[2]) <= 12:  # noqa: PLR2004  (months)
        return None
    return date(2000 + int(match[1]), int(match[2]), 1)
