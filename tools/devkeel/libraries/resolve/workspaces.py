"""Where a manifest's own tool is asked: in the directory of its workspace, which holds the lock of all its members."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError
from devkeel.libraries.manifests import cargo_file
from devkeel.source import toml

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["home_of"]

_NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock")


def home_of(manifest: str, read: Callable[[str], bytes | None]) -> str:
    """Return the directory, relative to the root, in which a resolver is asked about a manifest.

    That of the manifest itself where it is in no workspace of this project. read: a file relative to the root.
    """
    folder, name = posixpath.split(manifest)
    if name == cargo_file.MANIFEST:
        return _cargo(manifest, read, folder)
    return _npm(read, folder) if name == "package.json" else folder


def _cargo(manifest: str, read: Callable[[str], bytes | None], folder: str) -> str:
    try:
        root = cargo_file.workspace_of(manifest, lambda name: toml.Document(read(name) or b"", name))
    except DevkeelError:
        return folder
    return folder if root is None else posixpath.dirname(root)


def _npm(read: Callable[[str], bytes | None], folder: str) -> str:
    """Return the nearest directory with a lock, where the packages above say that they are of a workspace.

    npm docs, package.json, "workspaces"; pnpm has a file of its own for them (pnpm-workspace.yaml).
    """
    above = folder
    while all(read(posixpath.join(above, lock)) is None for lock in _NPM_LOCKS):
        if not above:
            return folder
        above = posixpath.dirname(above)
    shared = read(posixpath.join(above, "pnpm-workspace.yaml")) is not None
    return above if above == folder or shared or _workspaces(read(posixpath.join(above, "package.json"))) else folder


def _workspaces(data: bytes | None) -> bool:
    try:
        model: Any = json.loads(data or b"{}")
    except ValueError:
        return False
    return isinstance(model, dict) and bool(model.get("workspaces"))
