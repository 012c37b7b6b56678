"""What `devenv.lock` pins, where the Nix store has it. Nothing is fetched."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkeel.catalogue.pins import store_path
from devkeel.errors import Unavailable
from devkeel.runtime import find_program, run_nix
from devkeel.source import nix

__all__ = ["Locked", "read_lock"]

_SECONDS = 20.0
_VERSIONS = range(5, 8)
_NEEDED = ("devenv", "nixpkgs")
_PIN = "Run `devenv update` once, here or where devenv is installed, so that the inputs are pinned."
_INFO = ("rev", "revCount", "lastModified", "narHash")


@dataclass(frozen=True, slots=True)
class Locked:
    """The inputs of a project: `trees` and `inputs` as `evaluate.nix` takes them, `paths` that may be read."""

    trees: dict[str, dict[str, Any]]
    inputs: dict[str, str]
    paths: tuple[str, ...]


def read_lock(data: bytes | None, root: Path) -> Locked:
    """Return where the store has what a lock file pins.

    root: the project, for inputs that are directories in it. An input that the store lacks has no path, which
    matters only when the evaluation asks for it. Raises Unavailable `check_unavailable` where there is no lock, or
    it cannot be used, or the store lacks devenv or nixpkgs.
    """
    if data is None:
        raise _unavailable("there is no devenv.lock", _PIN)
    try:
        lock = json.loads(data)
        nodes, top, version = lock["nodes"], lock["root"], lock["version"]
        inputs = _inputs_of(nodes, top, top)
        trees = {key: _tree(nodes, top, key, root) for key in nodes if key != top}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unavailable("devenv.lock is not a lock file", "Run `devenv update` to write it anew.") from error
    if version not in _VERSIONS:
        raise _unavailable(f"devenv.lock has version {version}", "Use a devenv that writes versions 5 to 7.")
    for name in _NEEDED:
        if name not in inputs:
            raise _unavailable(f"devenv.lock pins no {name}", "Run `devenv update`, so that it does.")
        if trees[inputs[name]]["path"] is None:
            reason = f"the Nix store does not have the {name} that devenv.lock pins"
            raise _unavailable(reason, "Enter the environment once, which fetches it, or leave the level out.")
    return Locked(trees, inputs, tuple(sorted({tree["path"] for tree in trees.values() if tree["path"]})))


def _unavailable(reason: str, remedy: str) -> Unavailable:
    return Unavailable("check_unavailable", f"The evaluation cannot run: {reason}.", remedy=remedy)


def _inputs_of(nodes: dict[str, Any], top: str, key: str) -> dict[str, str]:
    """Return the inputs of a node as nodes: what follows another input is that input's node."""
    return {name: _resolve(nodes, top, target, 0) for name, target in nodes[key].get("inputs", {}).items()}


def _resolve(nodes: dict[str, Any], top: str, target: str | list[str], depth: int) -> str:
    if depth > len(nodes):
        raise ValueError("inputs follow each other in a circle")
    if isinstance(target, str):
        return target
    key = top
    for name in target:
        key = _resolve(nodes, top, nodes[key]["inputs"][name], depth + 1)
    return key


def _tree(nodes: dict[str, Any], top: str, key: str, root: Path) -> dict[str, Any]:
    node = nodes[key]
    locked = node["locked"]
    path, live = _source(locked, root)
    folder = locked.get("dir", "")
    return {
        "path": path,
        "live": live,
        "dir": f"/{folder}" if folder else "",
        "flake": node.get("flake", True),
        "info": {name: locked[name] for name in _INFO if name in locked}
        | ({"shortRev": locked["rev"][:7]} if "rev" in locked else {}),
        "inputs": _inputs_of(nodes, top, key),
    }


def _source(locked: dict[str, Any], root: Path) -> tuple[str | None, bool]:
    """Return where an input is, and whether that is a directory of the project rather than a store path."""
    if "narHash" in locked:
        path = store_path(locked["narHash"])
        if path is None:
            raise ValueError(locked["narHash"])
        there = os.path.lexists(path) or (locked.get("type") == "path" and _take_in(locked, path))
        return (path if there else None), False
    if locked.get("type") == "path":
        place = Path(os.path.realpath(root / locked["path"]))
        if place.is_relative_to(root):
            return str(place), True
    return None, False


def _take_in(locked: dict[str, Any], path: str) -> bool:
    """Bring a directory of this machine into the store, as devenv would: only the content that the lock names.

    This call is trusted with the lock alone; nothing of the project's text is evaluated. It needs no network.
    """
    program = find_program("nix-instantiate")
    place = Path(locked["path"])
    if program is None or not place.is_absolute() or not place.is_dir():
        return False
    tree = {name: locked[name] for name in ("type", "path", "narHash")}
    text = f"(builtins.fetchTree (builtins.fromJSON {nix.print_value(json.dumps(tree))})).outPath"
    options = ("--option", "experimental-features", "flakes", "--option", "substitute", "false")
    found = run_nix((program, "--eval", "--read-write-mode", *options, "-"), stdin=text.encode(), timeout=_SECONDS)
    return found.returncode == 0 and os.path.lexists(path)
