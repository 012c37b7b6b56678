"""Inputs that are directories of the project, named relative to it, where a lock is made elsewhere.

Since 2.26 Nix locks such an input by its path alone, relative to what names it, so that it is what stands there (nix,
doc/manual/source/release-notes/rl-2.26.md); before, it held the content by a hash. devenv has the former.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from devkeel.errors import Refused
from devkeel.nix_cli.archive import copy_to
from devkeel.nix_cli.places import local_path
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import INPUTS, Project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from devkeel.pinned.flake_lock import Lock

__all__ = ["hashed", "lay", "live", "relative"]

_HELD = ("narHash", "lastModified")


def relative(url: object) -> str | None:
    """Return the path of a directory that a reference means relative to what names it, None for any other."""
    path = local_path(url)
    if path is None or path.startswith(("/", "~")) or (isinstance(url, str) and "+" in url.partition(":")[0]):
        return None
    return posixpath.normpath(path)


def lay(root: Path, urls: Iterable[str], folder: Path) -> dict[str, str]:
    """Copy what is named relative to the root below another folder; return the hash of each, by its path.

    Raises Refused `lock_failed` for what is not there, or is above the root.
    """
    found = dict[str, str]()
    for path in sorted({path for url in urls if (path := relative(url)) is not None}):
        if path.startswith("..") or path == ".":
            raise _refused(path, "it is not beneath the directory of the project")
        if any(path.startswith(f"{other}/") for other in found):
            continue
        place = Project(root).directory(path)
        if not place.there:
            raise _refused(path, "there is no such directory")
        try:
            found[path] = copy_to(place.top, place.parts, folder / path)
        except OSError as error:
            raise _refused(path, error.strerror or str(error)) from error
    return found


def hashed(data: bytes, hashes: Mapping[str, str]) -> bytes:
    """Return a lock in which each input of the project holds its content, as a Nix before 2.26 wants it."""
    lock = read_lock(data)
    if lock is None:
        return data
    nodes: dict[str, Any] = {
        key: {**node, "locked": {**node["locked"], "narHash": hashes[path], "lastModified": 1}}
        for key, node, path in _own(lock)
        if path in hashes and "narHash" not in node["locked"]
    }
    return lock.with_nodes(nodes) if nodes else data


def live(data: bytes) -> bytes:
    """Return a lock in which each input of the project is what stands there, as a Nix since 2.26 writes it."""
    lock = read_lock(data)
    if lock is None:
        return data
    nodes = dict[str, Any]()
    for key, node, _ in _own(lock):
        held = {name: value for name, value in node["locked"].items() if name not in _HELD}
        nodes[key] = {**node, "locked": held, "parent": []}
    return lock.with_nodes(nodes) if nodes else data


def _own(lock: Lock) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the root's own inputs that are named relative to it: key, node, path."""
    for key in lock.own.values():
        original = lock.original(key) if isinstance(key, str) else None
        if isinstance(key, str) and original is not None and original.get("type") == "path":
            path = str(original.get("path", ""))
            if not path.startswith("/") and lock.locked(key):
                yield key, lock.nodes[key], posixpath.normpath(path)


def _refused(path: str, why: str) -> Refused:
    return Refused(
        "lock_failed",
        f"The input {path} could not be locked: {why}.",
        seen=path,
        remedy=f"Correct its url in {INPUTS}, or give it one that is no path.",
    )
