"""The inputs of a generated flake: those of the environment, as its own lock pins them, else as they are named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import UsageError
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import INPUTS, LOCK
from devkeel.source import nix
from devkeel.source.flake_reference import FORGES, FlakeReference, is_revision
from devkeel.source.inputs import format_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.generate.kind import ProjectSource

__all__ = ["DEVENV", "NIXPKGS", "FlakeInput", "environment_inputs", "require_reference"]

NIXPKGS, DEVENV = "nixpkgs", "devenv"
_UNSAID = {NIXPKGS: "github:NixOS/nixpkgs/nixpkgs-unstable", DEVENV: "github:cachix/devenv"}
# nix, src/libfetchers, `inputFromURL` of each: what stands before `+` and the transport.
_SCHEMES = frozenset({*FORGES, *("git", "hg", "path", "tarball", "file", "http", "https", "flake", "indirect")})
_WORD = re.compile(r"[A-Za-z0-9][\w.%~-]*", re.ASCII)
# What a lock says beside what its fetcher takes (nix, src/libfetchers: they are no part of a reference).
_NOT_GIVEN = frozenset({"lastModified", "revCount", "lastModifiedDate", "shortRev", "__final"})


class FlakeInput(Struct, frozen=True):
    """An input. reference: its attributes, `url` or those of a fetcher. pinned: whether it names one revision.

    follows: the inputs of its own that are others of the flake. flake: whether it is one itself.
    """

    name: str
    reference: Mapping[str, Any]
    pinned: bool
    follows: Mapping[str, str] = {}
    flake: bool = True

    def lines(self) -> list[str]:
        """Return its bindings, one a line: others of the same file may be written beside them."""
        said: dict[tuple[str, ...], Any] = {(key,): value for key, value in self.reference.items()}
        said |= {("inputs", inner, "follows"): target for inner, target in self.follows.items()}
        said |= {} if self.flake else {("flake",): False}
        named = {nix.format_path(("inputs", self.name, *path)): value for path, value in said.items()}
        return [f"{path} = {nix.print_value(value)};" for path, value in named.items()]


def environment_inputs(source: ProjectSource, *, nixpkgs: str | None, whole: bool) -> tuple[FlakeInput, ...]:
    """Return nixpkgs first, and with `whole` devenv and whatever else devenv.yaml declares. nixpkgs: its reference."""
    data = source.read(INPUTS)
    said = format_of(INPUTS).read(INPUTS, data) if data is not None else {}
    declared: dict[str, Mapping[str, Any]] = {NIXPKGS: {}, **({DEVENV: {}} if whole else {})}
    declared |= {name: _table(value) for name, value in said.items() if whole or name == NIXPKGS}
    found = tuple(_input(source, name, value) for name, value in declared.items())
    if nixpkgs is None:
        return found
    require_reference(NIXPKGS, nixpkgs)
    reference = FlakeReference.of(nixpkgs)
    return (FlakeInput(NIXPKGS, {"url": nixpkgs}, reference.revision is not None), *found[1:])


def require_reference(name: str, url: str) -> None:
    """Refuse what no Nix takes for a reference. Raises UsageError `bad_parameter`."""
    scheme, colon, rest = url.partition(":")
    words = rest.partition("?")[0].split("/")
    if colon and scheme.partition("+")[0] not in _SCHEMES:
        why = f"Nix has no scheme {scheme}"
    elif colon and scheme in FORGES and not (len(words) > 1 and all(words[:2])):
        why = f"it wants {scheme}:OWNER/REPOSITORY"
    else:
        return
    raise UsageError(
        "bad_parameter",
        f"The reference of {name[:80]} cannot be so: {why}.",
        seen=url[:200],
        remedy="Give the reference of a flake, as github:OWNER/REPOSITORY or path:../DIRECTORY.",
    )


def _input(source: ProjectSource, name: str, declared: Mapping[str, Any]) -> FlakeInput:
    follows = {
        inner: tree["follows"]
        for inner, tree in _table(declared.get("inputs")).items()
        if isinstance(inner, str) and isinstance(_table(tree).get("follows"), str)
    }
    if name == DEVENV:
        follows.setdefault(NIXPKGS, NIXPKGS)
    flake = declared.get("flake") is not False
    target = declared.get("follows")
    if isinstance(target, str):
        return FlakeInput(name, {"follows": target}, True)
    locked = _locked(source, name)
    if locked:
        return FlakeInput(name, _pin(name, locked), True, follows, flake)
    url = declared.get("url")
    if not isinstance(url, str):
        url = _UNSAID.get(name, f"flake:{name}")
    if name == DEVENV:  # devenv.yaml names its modules, a flake the whole
        url = url.replace("?dir=src/modules", "")
    return FlakeInput(name, {"url": url}, FlakeReference.of(url).revision is not None, follows, flake)


def _locked(source: ProjectSource, name: str) -> dict[str, Any]:
    """Return what devenv.lock pins an input to, empty where it does not."""
    lock = read_lock(source.read(LOCK))
    if lock is None:
        return {}
    try:
        return lock.locked(lock.resolve(lock.own[name]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _pin(name: str, locked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reference to what is locked: a URL for a forge, as people write it, else the attributes of the lock."""
    given = {key: value for key, value in locked.items() if isinstance(value, str) and key not in _NOT_GIVEN}
    folder = None if name == DEVENV else given.get("dir")
    given = {key: value for key, value in given.items() if key != "dir" or folder}
    words = [given.get(key, "") for key in ("owner", "repo", "rev")]
    if given.get("type") in FORGES and all(map(_WORD.fullmatch, words)) and is_revision(words[-1]) and not folder:
        host = given.get("host")
        query = f"?host={host}" if host and _WORD.fullmatch(host) else ""
        if host is None or query:
            return {"url": f"{given['type']}:{'/'.join(words)}{query}"}
    return given


def _table(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}
