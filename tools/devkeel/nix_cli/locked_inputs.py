"""The inputs that `devenv.lock` pins, as an evaluation takes them, where the Nix store has them. Nothing is fetched."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, Unavailable
from devkeel.nix_cli.pins import store_path
from devkeel.nix_cli.settings import run_nix
from devkeel.pinned.flake_lock import VERSIONS, parse_lock
from devkeel.project.root import LOCK, Project
from devkeel.runtime import find_program
from devkeel.source import nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.nix_cli import archive, fetching
    from devkeel.pinned.flake_lock import Lock
    from devkeel.system.reading_room import Located
else:
    archive, fetching = Deferred("devkeel.nix_cli.archive"), Deferred("devkeel.nix_cli.fetching")

__all__ = ["NEEDED", "LockedInputs", "locate_inputs", "not_fetched", "path_of"]

_SECONDS = 20.0
NEEDED = ("devenv", "nixpkgs")
_PIN = f"Pin the inputs with {do('lock')}."
_DAMAGED = ("devenv.lock is not a lock file", f"Restore it from version control, or make it anew with {do('lock')}.")
_INFO = ("rev", "revCount", "lastModified", "narHash")


class LockedInputs(Struct, frozen=True):
    """The inputs of a project: `trees` and `inputs` as `evaluate.nix` takes them, `paths` that may be read."""

    trees: dict[str, dict[str, Any]]
    inputs: dict[str, str]
    paths: tuple[str, ...]


def locate_inputs(data: bytes | None, root: Path | None, origin: Path | None = None) -> LockedInputs:
    """Return where the store has what a lock file pins.

    root: the project as the evaluation sees it, for inputs that are directories in it; None where only the store is
    to be looked at. origin: the project itself, where that is another directory. An input that the store lacks has no
    path, which matters only when the evaluation asks for it; so has one outside of the project's Git work tree, which
    is not looked at. Raises Unavailable `check_unavailable` where there is no lock, or
    it cannot be used, `not_fetched` where the store lacks devenv or nixpkgs.
    """
    if data is None:
        raise _unavailable("there is no devenv.lock", _PIN)
    try:
        lock = parse_lock(data)
        inputs = lock.inputs_of(lock.root)
        sources = _Sources(root, origin or root)
        trees = {key: _tree(lock, key, sources) for key in lock.nodes if key != lock.root}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unavailable(*_DAMAGED) from error
    if lock.version is None:
        raise _unavailable(*_DAMAGED)
    if lock.version not in VERSIONS:
        raise _unavailable(
            f"devenv.lock has version {lock.version}",
            f"Make it anew: {do('lock', action='renew')} moves everything that it pins.",
        )
    for name in NEEDED:
        if name not in inputs:
            raise _unavailable(f"devenv.lock pins no {name}", _PIN)
        if trees[inputs[name]]["path"] is None:
            if (outside := sources.refused.get(inputs[name])) is not None:
                reason = f"devenv.lock takes {name} from {outside}, outside of the project's Git work tree"
                raise _unavailable(reason, "Move it beneath, or give the input a URL.")
            raise not_fetched(data, inputs[name], origin or root)
    return LockedInputs(trees, inputs, tuple(sorted({tree["path"] for tree in trees.values() if tree["path"]})))


def path_of(locked: dict[str, Any], root: Path) -> str | None:
    """Return where the store has what a node of a lock names, or where it is in the project; None where it is not.

    root: of the project. A directory of its work tree is brought into the store where the node has its hash. Raises
    ValueError, KeyError.
    """
    return _Sources(root, root).of("", locked)[0]


def not_fetched(data: bytes, key: str, root: Path | None = None) -> Unavailable:
    """Return the error about an input that the lock pins and the store lacks: `hash_mismatch` where another one came.

    root: of the project.
    """
    source = fetching.locked_source(LOCK, data, key, root)
    reason = fetching.why_not(source) if source is not None else None
    if reason and fetching.is_other_content(reason):
        names = [name for name, target in parse_lock(data).own.items() if target == key]
        return Unavailable(
            "hash_mismatch",
            f"{key} is not what devenv.lock pins: {reason}. It was not taken.",
            place=fetching.place_of(LOCK, data, key),
            seen=key,
            remedy="Find out who changed it, or its hash. Where that was meant: "
            f"{do('lock', action='renew', names=names or None)} pins it anew.",
        )
    told = f" Fetching it failed: {reason}" if reason else ""
    return Unavailable(
        "not_fetched",
        f"The evaluation cannot run: the Nix store does not have the {key} that devenv.lock pins.{told}",
        place=fetching.place_of(LOCK, data, key),
        seen=key,
        remedy=f"Where devkeel may execute and reach the network, {do('check')} fetches it, or leave the level out."
        if source is not None
        else "Enter the environment once with devenv, which fetches it, or leave the level out.",
    )


def _unavailable(reason: str, remedy: str) -> Unavailable:
    return Unavailable("check_unavailable", f"The evaluation cannot run: {reason}.", remedy=remedy)


def _tree(lock: Lock, key: str, sources: _Sources) -> dict[str, Any]:
    node = lock.nodes[key]
    locked = node["locked"]
    path, live = sources.of(key, locked)
    folder = locked.get("dir", "")
    if ".." in folder.split("/"):
        raise ValueError(folder)
    return {
        "path": path,
        "live": live,
        "dir": f"/{folder}" if folder else "",
        # A lock leaves it out where it is true (nix, src/libflake/lockfile.cc).
        "flake": node.get("flake", True),
        "info": {name: locked[name] for name in _INFO if name in locked}
        # 7 digits, as Nix has them (nix, src/libutil/include/nix/util/hash.hh, `gitShortRev`).
        | ({"shortRev": locked["rev"][:7]} if "rev" in locked else {}),
        "inputs": lock.inputs_of(key),
    }


class _Sources(Struct, frozen=True):
    """Where inputs are. root, origin: as for `locate_inputs`. refused: nodes outside of the work tree."""

    root: Path | None
    origin: Path | None
    refused: dict[str, str] = field(default_factory=dict)

    def of(self, key: str, locked: dict[str, Any]) -> tuple[str | None, bool]:
        """Return where an input is, and whether that is a directory of the project rather than a store path."""
        stored = None
        if "narHash" in locked:
            stored = store_path(locked["narHash"])
            if stored is None:
                raise ValueError(locked["narHash"])
            if os.path.lexists(stored):
                return stored, False
        if locked.get("type") != "path":
            return None, False
        if self.root is None or self.origin is None:
            return stored or locked["path"], False
        try:
            place = Project(self.origin).directory(locked["path"])
        except DevkeelError:
            self.refused[key] = locked["path"]
            return None, False
        if stored is not None:
            return (stored if _take_in(locked, place, stored) else None), False
        inside = not place.name.startswith("../")
        return str(self.root / place.name if inside else place.top.joinpath(*place.parts)), True


def _take_in(locked: dict[str, Any], place: Located, path: str) -> bool:
    """Bring a directory of the work tree into the store, as devenv would: only the content that the lock names.

    Nix is given a private copy whose hash is right. It is trusted with the lock alone; nothing of the project's text is
    evaluated. It needs no network.
    """
    program = find_program("nix-instantiate")
    if program is None or not place.there:
        return False
    try:
        with archive.copied_if(place.top, place.parts, locked["narHash"]) as copy:
            if copy is None:
                return False
            tree = {"type": "path", "path": str(copy), "narHash": locked["narHash"]}
            text = f"(builtins.fetchTree (builtins.fromJSON {nix.print_value(json.dumps(tree))})).outPath"
            # What a narHash names may be substituted before the path is looked at (nix, src/libfetchers/fetchers.cc,
            # `computeStorePath`).
            options = ("--option", "experimental-features", "flakes", "--option", "substitute", "false")
            argv = (program, "--eval", "--read-write-mode", *options, "-")
            found = run_nix(argv, stdin=text.encode(), timeout=_SECONDS)
    except OSError:
        return False
    return found.returncode == 0 and os.path.lexists(path)
