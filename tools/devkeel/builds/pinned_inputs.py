"""Whether lock files hold what they name to a revision and a hash."""

from __future__ import annotations

import posixpath
import re
import tomllib
from typing import TYPE_CHECKING, Any

from devkeel.errors import Diagnostic, Place
from devkeel.nix_cli.fetching import place_of
from devkeel.nix_cli.places import local_path
from devkeel.pinned.flake_lock import parse_lock
from devkeel.pinned.uv_lock import locked_packages
from devkeel.source.flake_reference import FORGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["READ", "unpinned"]

READ = ("devenv.lock", "flake.lock", "uv.lock")
"""The lock files that are looked into."""

# nix, src/libfetchers: those that name a revision; of the others a hash is all there is.
_REVISED = (*FORGES, "git", "hg")
_REVISION = re.compile(r"#[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


def unpinned(locks: Mapping[str, bytes]) -> tuple[Diagnostic, ...]:
    """Return what lock files name without holding it to one content. Raises ValueError for what is no lock."""
    found = list[Diagnostic]()
    for name, data in sorted(locks.items()):
        is_uv = posixpath.basename(name) == "uv.lock"
        found += _of_uv(name, data) if is_uv else _of_flake(name, data)
    return tuple(found)


def _of_flake(file: str, data: bytes) -> Iterator[Diagnostic]:
    lock = parse_lock(data)
    for key in lock.nodes:
        why = None if key == lock.root else _why_loose(lock.locked(key))
        if why:
            yield _finding(f"{key} {why}", place_of(file, data, key), key)


def _why_loose(locked: Mapping[str, Any]) -> str | None:
    if not locked:
        return "is locked to nothing"
    path = local_path(dict(locked))
    if path is not None and not path.startswith("/"):
        return None  # a part of the project, as its own revision has it
    if path is not None:
        return f"is at {path}, a place of this machine"
    if locked.get("type") in _REVISED and "rev" not in locked:
        return "has no revision"
    return None if "narHash" in locked else "has no hash"


def _of_uv(file: str, data: bytes) -> Iterator[Diagnostic]:
    try:
        packages = locked_packages(data)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} is no lock file") from error
    text = data.decode("utf-8", "replace")
    for item in packages:
        name, source = str(item.get("name")), item.get("source", {})
        files = [*([item["sdist"]] if "sdist" in item else []), *item.get("wheels", [])]
        held = bool(files) and all("hash" in each for each in files)
        held = held or _REVISION.search(str(source.get("git", ""))) is not None
        # A directory or a file beside the project is a part of it.
        held = held or any(str(source.get(key, "/"))[:1] != "/" for key in ("directory", "path"))
        if not held:
            line = text[: max(text.find(f'name = "{name}"'), 0)].count("\n") + 1
            yield _finding(f"{name} has no hash", Place(file, line), name)


def _finding(message: str, place: Place, subject: str) -> Diagnostic:
    return Diagnostic("input_not_pinned", "error", message, "pins", place, subject)
