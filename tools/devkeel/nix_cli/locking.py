"""Making a lock with Nix: `nix flake lock` on the inputs alone, in a directory of its own.

devenv.lock is what Nix' own locker gives for the inputs of devenv.yaml (devenv, devenv-nix-backend/src/lib.rs,
`lock_inputs`), in the format of flake.lock; so the inputs are written as a flake that has nothing else. What the old
lock has stays; an input that is to move is taken out of it, which is what `nix flake update NAME` means (nix,
src/libflake/flake.cc, `lockFlake`: what is not locked is fetched), and works with each version of Nix.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from devkeel.diagnosis.obstacles import obstacle_in
from devkeel.errors import Place, Refused, Unavailable
from devkeel.nix_cli.devenv_yaml import read_inputs_file
from devkeel.nix_cli.flake_pins import FLAKE, FLAKE_LOCK
from devkeel.nix_cli.places import leaving_inputs
from devkeel.nix_cli.settings import run_nix
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import INPUTS, LOCK
from devkeel.runtime import find_program
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from devkeel.candidate.candidate import Candidate

__all__ = ["declared_inputs", "lock_devenv", "lock_flake"]

_SECONDS = 600.0
# What devenv adds where the file does not name it (devenv, devenv-nix-backend/src/lib.rs, `create_flake_inputs`).
_IMPLIED: dict[str, dict[str, Any]] = {
    "nixpkgs": {"url": "github:cachix/devenv-nixpkgs/rolling"},
    "devenv": {"url": "github:cachix/devenv?dir=src/modules"},
}
_SHOWN = 400


def declared_inputs(subject: Candidate) -> dict[str, dict[str, Any]]:
    """Return the inputs of devenv.yaml as Nix takes them, those that devenv implies among them."""
    declared = read_inputs_file(subject.files).inputs
    found = {name: _input(fields) for name, fields in declared.items()}
    return {**{name: fields for name, fields in _IMPLIED.items() if name not in found}, **_without(found, {})}


def lock_devenv(subject: Candidate, renew: Collection[str] | None, timeout: float = _SECONDS) -> bytes:
    """Return the devenv.lock of a declaration: each input that it had stays, but for those to renew.

    renew: names of inputs; None for all. timeout: seconds. Raises Refused `lock_failed`, Unavailable of a host that is
    not reached and of what else stands in Nix' way.
    """
    inputs = declared_inputs(subject)
    urls = {name: str(fields["url"]) for name, fields in inputs.items() if "url" in fields}
    text = f"{{\n  inputs = {nix.print_value(dict(inputs))};\n  outputs = _: {{ }};\n}}\n"
    return _locked(subject, LOCK, INPUTS, text.encode(), urls, renew, timeout)


def lock_flake(subject: Candidate, renew: Collection[str] | None, timeout: float = _SECONDS) -> bytes:
    """Return the flake.lock of a flake, as `lock_devenv` does."""
    return _locked(subject, FLAKE_LOCK, FLAKE, subject.read(FLAKE) or b"", {}, renew, timeout)


def _input(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return an input in the words of a flake; its overlays are devenv's own affair."""
    found: dict[str, Any] = {
        name: str(fields[name]) for name in ("url", "follows") if isinstance(fields.get(name), str)
    }
    if fields.get("flake") is False:
        found |= {"flake": False}
    inner = fields.get("inputs")
    if isinstance(inner, dict):
        found |= {"inputs": {str(name): _input(item) for name, item in inner.items() if isinstance(item, dict)}}
    return found


def _without(found: dict[str, Any], nothing: object) -> dict[str, Any]:
    return {name: fields for name, fields in found.items() if fields != nothing}


def _locked(
    subject: Candidate,
    file: str,
    manifest: str,
    flake: bytes,
    urls: Mapping[str, str],
    renew: Collection[str] | None,
    timeout: float,
) -> bytes:
    program = find_program("nix")
    if program is None:
        raise Unavailable(
            "tool_missing",
            f"{file} is made by Nix, and nix is not installed.",
            seen=file,
            remedy="Install Nix, then repeat the call.",
        )
    old = _kept(subject.read(file), renew)
    _require_beneath(subject, old, file, urls)
    with TemporaryDirectory(prefix="devkeel-lock-") as folder:
        place = Path(folder)
        (place / FLAKE).write_bytes(flake)
        if old is not None:
            (place / FLAKE_LOCK).write_bytes(old)
        argv = (program, "--extra-experimental-features", "nix-command flakes", "flake", "lock", f"path:{folder}")
        done = run_nix(argv, timeout=timeout, cwd=Path("/"))
        if done.returncode:
            raise _failed(file, manifest, done.stderr.decode("utf-8", "replace").replace(folder, "."))
        try:
            return (place / FLAKE_LOCK).read_bytes()
        except FileNotFoundError:  # a flake without inputs has no lock
            return b'{\n  "nodes": {\n    "root": {}\n  },\n  "root": "root",\n  "version": 7\n}\n'


def _kept(data: bytes | None, renew: Collection[str] | None) -> bytes | None:
    """Return an old lock without the inputs that are to move; None where nothing of it is to stay."""
    lock = read_lock(data)
    if data is None or lock is None or not lock.whole or renew is None:
        return None
    if not renew:
        return data
    return lock.without(renew)


def _require_beneath(subject: Candidate, old: bytes | None, file: str, urls: Mapping[str, str]) -> None:
    """Refuse to copy into the store, which everybody reads, what is outside of the project's work tree."""
    found = leaving_inputs(subject.root, old, urls)
    if found:
        told = ", ".join(f"{name} ({path})" for name, path in found[:5])
        raise Refused(
            "outside_root",
            f"{file} was not made: Nix would copy into its store what is outside of the Git work tree: {told}.",
            seen=told,
            remedy="Move it beneath, or give the input a URL.",
        )


def _failed(file: str, manifest: str, told: str) -> Refused | Unavailable:
    last = told.rpartition("error:")[2].strip()
    reason = " ".join(last.split())[:_SHOWN]
    obstacle = obstacle_in(last)
    if obstacle is not None:
        return obstacle.stops(f"{file} could not be made", reason)
    return Refused(
        "lock_failed",
        f"Nix could not lock the inputs of {manifest}: {reason or 'it gave no reason'}.",
        place=Place(manifest),
        seen=reason or None,
        remedy=f"Correct the input that it names in {manifest}, and try again.",
    )
