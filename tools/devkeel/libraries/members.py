"""Members of a workspace: the manifests that one of uv, Cargo or npm takes in, by their paths."""

from __future__ import annotations

import json
import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from devkeel.source import toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["member_patterns", "members_among"]

_TABLES = {"pyproject.toml": ("tool", "uv", "workspace"), "Cargo.toml": ("workspace",)}


def member_patterns(manifest: str, read: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """Return the patterns of the paths of a manifest's members, none where it is the root of no workspace.

    read: a file relative to the root, None where there is none.
    """
    folder, name = posixpath.split(manifest)
    found = _named(name, read(manifest) or b"")
    if name == "package.json":
        found += _of_pnpm(read(posixpath.join(folder, "pnpm-workspace.yaml")) or b"")
    return tuple(posixpath.normpath(posixpath.join(folder, item, name)) for item in found)


def members_among(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Return those of some paths that the patterns mean; a star stands for one directory, two for any number."""
    wanted = [*patterns]
    return sorted(
        name
        for name in names
        if any(fnmatchcase(name, item) and ("**" in item or name.count("/") == item.count("/")) for item in wanted)
    )


def _named(name: str, data: bytes) -> list[str]:
    try:
        found = _workspaces(data) if name == "package.json" else _of_table(_TABLES.get(name, ()), data)
    except ValueError:
        return []
    return [item for item in found if isinstance(item, str) and not item.startswith("!")]


def _of_table(path: tuple[str, ...], data: bytes) -> list[Any]:
    model: Any = toml.loads(data) if path and b"workspace" in data else {}
    for key in (*path, "members"):
        model = model.get(key) if isinstance(model, dict) else None
    return model if isinstance(model, list) else []


def _of_pnpm(data: bytes) -> list[str]:
    if not data:
        return []
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that most projects do not need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        model = YAML(typ="safe", pure=True).load(data.decode())
    except (YAMLError, ValueError, RecursionError):
        return []
    found = model.get("packages") if isinstance(model, dict) else None
    return [item for item in found if isinstance(item, str) and item[:1] != "!"] if isinstance(found, list) else []


def _workspaces(data: bytes) -> list[Any]:
    model = json.loads(data) if b"workspaces" in data else {}
    found = model.get("workspaces") if isinstance(model, dict) else None
    # npm docs, package.json, "workspaces": a list; yarn has them in a table too.
    found = found.get("packages") if isinstance(found, dict) else found
    return found if isinstance(found, list) else []
