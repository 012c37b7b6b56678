"""A lock file, as Nix and devenv write it: `devenv.lock` and `flake.lock` have one format."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.pinned.held import Held

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["VERSIONS", "Lock", "parse_lock", "pinned", "read_lock"]

# What this reads; Nix itself reads the same (nix, src/libflake/flake/lockfile.cc).
VERSIONS = range(5, 8)


class Lock(Struct, frozen=True):
    """What a lock file says; nothing of it is trusted.

    nodes: by key, each with `locked`, `original` and `inputs` as far as it has them. root: the key of the project's own
    node. version: of the format. A part that is not there is empty, or None.
    """

    nodes: Mapping[str, Any]
    root: Any = None
    version: Any = None

    @property
    def whole(self) -> bool:
        """Whether it has a root among its nodes."""
        return isinstance(self.root, str) and isinstance(self.nodes.get(self.root), dict)

    @property
    def own(self) -> dict[str, Any]:
        """The inputs of the root by name, as they are written: the key of a node, or the path that one follows."""
        found = self.nodes[self.root].get("inputs", {}) if self.whole else {}
        return dict(found) if isinstance(found, dict) else {}

    def inputs_of(self, key: str) -> dict[str, str]:
        """Return the inputs of a node by name, as keys; what follows another input is that input's node.

        Raises ValueError, KeyError, TypeError or AttributeError where the lock contradicts itself.
        """
        return {name: self.resolve(target) for name, target in self.nodes[key].get("inputs", {}).items()}

    def resolve(self, target: str | list[str], depth: int = 0) -> str:
        """Return the key of the node that an input means. Raises as `inputs_of`.

        A list is what `follows` becomes, a path from the root (nix, src/libflake/lockfile.cc, `doFind`).
        """
        # Nix refuses a circle too (nix, src/libflake/lockfile.cc, `doFind`: visited).
        if depth > len(self.nodes):
            raise ValueError("inputs follow each other in a circle")
        if isinstance(target, str):
            return target
        key: str = self.root
        for name in target:
            key = self.resolve(self.nodes[key]["inputs"][name], depth + 1)
        return key

    def locked(self, key: object) -> dict[str, Any]:
        """Return what a node pins, empty where it pins nothing."""
        return self._part(key, "locked") or {}

    def original(self, key: object) -> dict[str, Any] | None:
        """Return the reference that a node was locked from, None where it has none."""
        return self._part(key, "original")

    def without(self, names: Collection[str]) -> bytes:
        """Return the text of the lock without some of the root's own inputs; the others stay as they are."""
        kept = {name: key for name, key in self.own.items() if name not in names}
        return self.with_nodes({self.root: {**self.nodes[self.root], "inputs": kept}})

    def with_nodes(self, nodes: Mapping[str, Any]) -> bytes:
        """Return the text of the lock with other nodes of these keys, as Nix writes it."""
        # Keys in order, two blanks, a line break at the end (nix, src/libflake/lockfile.cc, `to_string`, and
        # src/libflake/flake.cc, `lockFlake`).
        whole = {"nodes": {**self.nodes, **nodes}, "root": self.root, "version": self.version}
        return f"{json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False)}\n".encode()

    def _part(self, key: object, name: str) -> dict[str, Any] | None:
        node = self.nodes.get(key) if isinstance(key, str) else None
        found = node.get(name) if isinstance(node, dict) else None
        return found if isinstance(found, dict) else None


@lru_cache(maxsize=8)
def parse_lock(data: bytes) -> Lock:
    """Return what a lock file says. Raises ValueError for what is no JSON object with nodes."""
    try:
        found = json.loads(data)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error
    nodes = found.get("nodes") if isinstance(found, dict) else None
    if not isinstance(nodes, dict):
        raise ValueError("its nodes, root or version are missing")  # noqa: TRY004  (the content of a file)
    return Lock(nodes, found.get("root"), found.get("version"))


def read_lock(data: bytes | None) -> Lock | None:
    """Return what a lock file says, None where there is none or it is no lock."""
    try:
        return parse_lock(data) if data is not None else None
    except ValueError:
        return None


def pinned(data: bytes) -> dict[str, Held]:
    """Return what the inputs are held at, by the path of each from the root, as Nix says them: `a/b`.

    What follows another input is held there. Raises ValueError and its like for what is no lock.
    """
    lock = parse_lock(data)
    found = dict[str, Held]()
    waiting: list[tuple[str, str]] = [(name, target) for name, target in lock.own.items() if isinstance(target, str)]
    while waiting and len(found) < len(lock.nodes):
        path, key = waiting.pop()
        found[path] = _held(lock.locked(key))
        inner = lock.nodes[key].get("inputs", {})
        waiting += [(f"{path}/{name}", target) for name, target in inner.items() if isinstance(target, str)]
    return found


def _held(locked: Mapping[str, Any]) -> Held:
    # A revision as Nix abbreviates it (nix, src/libutil/include/nix/util/hash.hh, `gitShortRev`).
    revision = str(locked.get("rev", ""))[:7]
    version = revision or str(locked.get("narHash", locked.get("path", "")))
    seconds = locked.get("lastModified")
    date = datetime.fromtimestamp(seconds, UTC).date().isoformat() if isinstance(seconds, int) else None
    return Held(version, date, json.dumps(locked, sort_keys=True))
