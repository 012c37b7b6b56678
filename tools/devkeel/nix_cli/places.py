"""Places of this machine that inputs and imports name, and whether they are beneath the project's Git work tree.

Nix copies a local input into the store, which everybody can read, before it compares a hash; so a lock that came with a
repository must not name a directory of the user.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from devkeel.errors import Unavailable
from devkeel.nix_cli.devenv_yaml import read_inputs_file
from devkeel.nix_cli.pins import store_path
from devkeel.pinned.flake_lock import read_lock
from devkeel.system.reading_room import Room

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devkeel.candidate.candidate import Candidate

__all__ = ["leaves", "leaving_inputs", "local_path", "require_beneath"]

_LOCAL = re.compile(r"(?:[a-z]+\+)?(?:file|path):", re.IGNORECASE)
_OUTER = re.compile(r"(?:git|hg|tarball|file|path)[+:]", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][\w.+-]*:")
_HOST = re.compile(r"[^/]*:")  # git's host:path


def local_path(reference: object) -> str | None:
    """Return the path of this machine that a reference means, None where it means something else.

    reference: a flake's URL, or a node of a lock (`original` or `locked`).
    """
    if isinstance(reference, dict):
        return str(reference.get("path", "")) if reference.get("type") == "path" else _of_url(reference.get("url"))
    if not isinstance(reference, str):
        return None
    text = reference.strip()
    if (outer := _OUTER.match(text)) and _LOCAL.match(text[outer.end() :]):
        text = text[outer.end() :]
    scheme = _LOCAL.match(text)
    if scheme is None:
        # Without a scheme it is a path where it begins like one, else a name of the registry (nix,
        # src/libflake/flakeref.cc, `parseFlakeRefWithFragment`).
        return re.split(r"[?#]", text)[0] if text.startswith(("/", ".", "~")) else None
    path = unquote(re.split(r"[?#]", text[scheme.end() :])[0])
    # RFC 8089, 2: between two slashes and the path there may be a host.
    return "/" + path[2:].partition("/")[2] if path.startswith("//") else path


def _of_url(url: object) -> str | None:
    """Return the path that the `url` of a node means; git and hg take a bare path for one."""
    if not isinstance(url, str):
        return None
    found = local_path(url)
    return url if found is None and not (_SCHEME.match(url) or _HOST.match(url)) else found


def leaves(root: Path, path: str) -> bool:
    """Return whether a path, relative to the root, leads out of the work tree, or begins with `~`."""
    if path.startswith("~") or "\0" in path:
        return True
    try:
        Room(root).find(path or ".")
    except OSError:
        return True
    return False


def leaving_inputs(
    root: Path, lock: bytes | None, urls: Mapping[str, str] | None = None, imports: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    """Return what would be read outside of the work tree, as names and paths.

    lock: a lock file of devenv or of a flake. What it pins and the store has is not read again. urls: inputs as the
    declaration names them. imports: those of devenv.yaml.
    """
    nodes, known = _nodes(lock)
    found = [(key, path) for key, path in _of_lock(nodes) if leaves(root, path)]
    for name, url in (urls or {}).items():
        path = local_path(url)
        if path is not None and path != known.get(name) and leaves(root, path):
            found.append((name, path))
    for text in imports:
        path = text.removeprefix("path:")
        if path.startswith(("/", ".", "~")) and leaves(root, path):
            found.append(("imports", path))
    return list(dict.fromkeys(found))


def require_beneath(subject: Candidate, lock: bytes | None, urls: Mapping[str, str] | None = None) -> None:
    """Refuse to let a program that is not confined read what inputs and imports name outside of the work tree.

    urls: more of them than devenv.yaml names. Raises Unavailable `check_unavailable` with each name and path.
    """
    if subject.root is None:
        return
    settings = read_inputs_file(subject.files)
    found = leaving_inputs(subject.root, lock, settings.urls | dict(urls or {}), tuple(settings.imports))
    if found:
        told = ", ".join(f"{name} ({path})" for name, path in found[:5])
        raise Unavailable(
            "check_unavailable",
            f"The check cannot run: it would read what is outside of the project's Git work tree: {told}.",
            seen=told,
            remedy="Move it beneath, give the input a URL, or leave the level out.",
        )


def _nodes(lock: bytes | None) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the nodes of a lock, and the local path that each of the root's own inputs was locked from."""
    found = read_lock(lock)
    if found is None or not found.whole:
        return {}, {}
    nodes = {key: node for key, node in found.nodes.items() if isinstance(node, dict)}
    paths = {name: local_path(found.original(key)) for name, key in found.own.items()}
    return nodes, {name: path for name, path in paths.items() if path is not None}


def _of_lock(nodes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, node in nodes.items():
        locked = node.get("locked")
        if not isinstance(locked, dict):
            locked = node.get("original")
        path = local_path(locked)
        if path is not None and not _is_stored(locked):
            yield key, path


def _is_stored(locked: object) -> bool:
    told = locked.get("narHash") if isinstance(locked, dict) else None
    path = store_path(told) if isinstance(told, str) else None
    return path is not None and os.path.lexists(path)
