"""Packages of the nixpkgs that a lock of the project pins: where the store has it, and what is built for a name."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.errors import Unavailable
from devkeel.nix_cli.confinement import evaluate, settings
from devkeel.nix_cli.derivations import with_imports
from devkeel.nix_cli.fetching import fetch, locked_source, why_not
from devkeel.nix_cli.locked_inputs import path_of
from devkeel.nix_cli.pins import Pin, read_pins
from devkeel.pinned.flake_lock import parse_lock, read_lock
from devkeel.source import nix as nix_text
from devkeel.system.reading_room import Room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.runtime import Completed
    from devkeel.source.path import AttrPath

__all__ = ["LICENCES", "NIXPKGS", "PACKAGE", "ask_packages", "pinned_nixpkgs", "pins_nixpkgs"]

NIXPKGS = "nixpkgs"
# A package as data: what builds it, and which of its outputs a person gets who installs it (nix,
# src/libexpr/get-drvs.cc, `queryOutputs`).
PACKAGE = (
    "(value: if builtins.isAttrs value && value ? drvPath then { inherit (value) drvPath; outputs = "
    'builtins.filter (name: builtins.elem name (value.outputs or [ "out" ])) '
    "(if value.outputSpecified or false then [ value.outputName ] "
    'else value.meta.outputsToInstall or [ (value.outputName or "out") ]); } '
    "else { type = builtins.typeOf value; names = if builtins.isAttrs value then builtins.attrNames value else [ ]; })"
)
# The licences of a package, by the names that SPDX has for them where it does (nixpkgs, lib/licenses.nix).
LICENCES = (
    "(value: if !builtins.isAttrs value then [ ] else let found = value.meta.license or [ ]; in map "
    '(one: if builtins.isString one then one else one.spdxId or (one.shortName or (one.fullName or "unknown"))) '
    "(if builtins.isList found then found else [ found ]))"
)
# As `import` without arguments would be, but for what this user configured (nixpkgs, pkgs/top-level/impure.nix).
_ASK = """\
let
  packages = import {path} {{ system = builtins.currentSystem; config = {{ }}; overlays = [ ]; }};
  has = found: name: found ? value && builtins.isAttrs found.value && found.value ? ${{name}};
  next = found: name: if has found name then {{ value = found.value.${{name}}; }} else {{ }};
  look = names: let found = builtins.foldl' next {{ value = packages; }} names;
    in if found ? value then {package} found.value else null;
in map look (builtins.fromJSON {names})
"""
_OUTPUT = 1024**2


def pins_nixpkgs(data: bytes) -> bool:
    """Return whether a lock pins an input of this name."""
    return any(_keys(data))


def pinned_nixpkgs(name: str, data: bytes, root: Path, deadline: float) -> Pin:
    """Return the nixpkgs that a lock pins; what the store lacks is brought, held to the hash of the lock.

    name: of the lock. A directory of the project that the lock names without a hash is what stands there. deadline: of
    the monotonic clock. Raises Unavailable `not_fetched`.
    """
    reason = None
    for key in _keys(data):
        if pin := read_pins(data).nixpkgs:
            return pin
        if source := locked_source(name, data, key, root):
            fetch(source, max(0.0, deadline - time.monotonic()))
            reason = reason or why_not(source)
        elif pin := _of_the_project(data, key, root):
            return pin
    if pin := read_pins(data).nixpkgs:
        return pin
    raise Unavailable(
        "not_fetched",
        f"The Nix store lacks the nixpkgs that {name} pins. "
        + (f"Fetching it failed: {reason}" if reason else "It is nothing that is fetched from elsewhere."),
        seen=NIXPKGS,
        remedy="Put that right (its host, the network, your access to it), and repeat the call."
        if reason
        else "Name what the project's flake has of it, as #name.",
    )


def _of_the_project(data: bytes, key: str, root: Path) -> Pin | None:
    """Return a directory of the project that a node names: the store's where the node has its hash."""
    try:
        lock = parse_lock(data)
        locked = lock.locked(key)
        # A node that has a parent is relative to that one (nix, src/libflake/lockfile.cc, `parentInputAttrPath`).
        path = None if lock.nodes[key].get("parent") else path_of(locked, root)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if path is None or Room(Path(path)).status("pkgs/top-level/.") is None:
        return None
    return Pin(path, str(locked.get("narHash", "")), "", str(locked.get("dir", "")))


def _keys(data: bytes) -> Iterator[str]:
    """Yield the nodes that may be nixpkgs: the input of that name, then what it wraps (see `pins.read_pins`)."""
    found = read_lock(data)
    key = found.own.get(NIXPKGS) if found and found.whole else None
    if found and isinstance(key, str):
        yield key
        try:
            yield from (node for name, node in found.inputs_of(key).items() if name.startswith(NIXPKGS))
        except (ValueError, KeyError, TypeError):
            return


def ask_packages(
    nix: str, pin: Pin, names: tuple[AttrPath, ...], root: Path, deadline: float, what: str = PACKAGE
) -> tuple[list[Any]] | Completed:
    """Return what an expression says of each name, None for what there is not, in a tuple of one; or how Nix ended.

    what: a function of the value, as `PACKAGE` or `LICENCES`. It reads the pinned nixpkgs and the store, and no more.
    root: the project, where it runs. deadline: of the monotonic clock.
    """
    place = f"{pin.path}/{pin.directory}".rstrip("/")
    text = _ASK.format(path=place, package=what, names=nix_text.print_value(json.dumps(names)))
    # Without `flakes` there is no fetchTree, which takes a path past `restrict-eval`.
    confined = settings(experimental_features="nix-command")
    argv = (nix, "eval", "--json", *confined, "--impure", "-I", f"devkeel={pin.path}", "--expr", text)

    def call(more: tuple[str, ...]) -> Completed:
        left = max(0.0, deadline - time.monotonic())
        return evaluate((*argv, *more), timeout=left, cwd=root, limit=_OUTPUT)

    found = with_imports(call, deadline)
    return found if found.returncode or any(found.omitted) else (json.loads(found.stdout),)
