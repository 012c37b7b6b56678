"""uv.lock: what uv pins for a project (uv documentation, Locking and syncing)."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from devkeel.pinned.held import Held

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["locked_packages", "pinned", "without_hash"]

_HASH = re.compile(r"[a-z0-9]+:[0-9a-f]{32,128}")

# Where the project itself and the members of its workspace are; they move with their own manifests.
_OWN = frozenset({"editable", "virtual"})
# What of an entry is no part of what is installed.
_ASIDE = frozenset({"name", "version", "dependencies", "optional-dependencies", "dev-dependencies", "metadata"})


def locked_packages(data: bytes) -> list[dict[str, Any]]:
    """Return the entries of what is pinned, without the project's own. Raises ValueError and its like."""
    found = tomllib.loads(data.decode()).get("package", [])
    return [item for item in found if _OWN.isdisjoint(item.get("source", {}))]


def pinned(data: bytes) -> dict[str, Held]:
    """Return what the packages are held at, by name: several versions where markers part them.

    The date is that of the upload, where the index said it. Raises ValueError and its like for what is no lock.
    """
    entries = dict[str, list[dict[str, Any]]]()
    for item in locked_packages(data):
        entries.setdefault(str(item["name"]), []).append(item)
    return {name: _held(items) for name, items in entries.items()}


def without_hash(data: bytes) -> tuple[str, ...]:
    """Return the packages with a file whose hash is none. Raises ValueError and its like for what is no lock."""
    found = [(str(item["name"]), file.get("hash")) for item in locked_packages(data) for file in _files(item)]
    return tuple(dict.fromkeys(name for name, mark in found if mark is not None and not _HASH.fullmatch(str(mark))))


def _held(items: list[dict[str, Any]]) -> Held:
    versions = ", ".join(dict.fromkeys(str(item.get("version", _source(item))) for item in items))
    dates = [str(file["upload-time"])[:10] for item in items for file in _files(item) if "upload-time" in file]
    identity = [{key: value for key, value in item.items() if key not in _ASIDE} for item in items]
    return Held(versions, max(dates, default=None), json.dumps(identity, sort_keys=True, default=str))


def _source(item: Mapping[str, Any]) -> str:
    return next((str(value) for value in item.get("source", {}).values()), "")


def _files(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*([item["sdist"]] if "sdist" in item else []), *item.get("wheels", [])]
