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

from msgspec import Struct

from devkeel.diagnosis.obstacles import obstacle_in
from devkeel.errors import Place, Refused, Unavailable
from devkeel.nix_cli import local_inputs
from devkeel.nix_cli.devenv_yaml import read_inputs_file
from devkeel.nix_cli.flake_pins import FLAKE, FLAKE_LOCK, flake_inputs, input_definitions
from devkeel.nix_cli.places import leaving_inputs
from devkeel.nix_cli.settings import run_nix
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import INPUTS, LOCK
from devkeel.runtime import find_program
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from devkeel.candidate.candidate import Candidate

__all__ = ["declared_inputs", "defined_inputs", "lock_devenv", "lock_flake"]

_PATIENT, _IMPATIENT = 600.0, 60.0
# Nix asks a host five times, and waits as long as the system does for it to answer (Nix manual, nix.conf).
_ONCE = ("--option", "download-attempts", "1", "--option", "connect-timeout", "10")
# What devenv adds where the file does not name it (devenv, devenv-nix-backend/src/lib.rs, `create_flake_inputs`).
_IMPLIED: dict[str, dict[str, Any]] = {
    "nixpkgs": {"url": "github:cachix/devenv-nixpkgs/rolling"},
    "devenv": {"url": "github:cachix/devenv?dir=src/modules"},
}
_EMPTY = b'{\n  "nodes": {\n    "root": {}\n  },\n  "root": "root",\n  "version": 7\n}\n'
_SHOWN = 400


class _Lockable(Struct, frozen=True):
    """What is locked. file: the lock. manifest: what names the inputs. flake: the same as a flake. urls: of inputs."""

    file: str
    manifest: str
    flake: bytes
    urls: Mapping[str, str]


def declared_inputs(subject: Candidate) -> dict[str, dict[str, Any]]:
    """Return the inputs of devenv.yaml as a flake has them, those that devenv implies among them."""
    found = {name: _input(fields) for name, fields in read_inputs_file(subject.files).inputs.items()}
    return _IMPLIED | {name: fields for name, fields in found.items() if fields}


def defined_inputs(subject: Candidate) -> dict[str, Any]:
    """Return what flake.nix defines of its inputs, by path."""
    return {".".join(path): value for path, value, _ in input_definitions(subject)}


def lock_devenv(subject: Candidate, renew: Collection[str] | None, *, patient: bool = True) -> bytes:
    """Return the devenv.lock of a declaration: each input that it had stays, but for those to renew.

    renew: names of inputs; None for all. patient: whether a host that does not answer is waited for. Raises Refused
    `lock_failed` and `outside_root`, Unavailable of a host that is not reached and of what else stands in Nix' way.
    """
    inputs = declared_inputs(subject)
    urls = {name: fields["url"] for name, fields in inputs.items() if "url" in fields}
    text = f"{{\n  inputs = {nix.print_value(dict(inputs))};\n  outputs = _: {{ }};\n}}\n"
    made = _locked(subject, _Lockable(LOCK, INPUTS, text.encode(), urls), renew, patient=patient)
    return local_inputs.live(made)


def lock_flake(subject: Candidate, renew: Collection[str] | None, *, patient: bool = True) -> bytes:
    """Return the flake.lock of a flake, as `lock_devenv` does."""
    inputs = {name: reference for name, (reference, _) in flake_inputs(subject).items()}
    urls = {name: str(fields["url"]) for name, fields in inputs.items() if "url" in fields}
    urls |= {name: f"path:{fields['path']}" for name, fields in inputs.items() if "path" in fields}
    lockable = _Lockable(FLAKE_LOCK, FLAKE, subject.read(FLAKE) or b"", urls)
    return _locked(subject, lockable, renew, patient=patient)


def _input(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return an input in the words of a flake; its overlays are devenv's own affair."""
    found: dict[str, Any] = {name: fields[name] for name in ("url", "follows") if isinstance(fields.get(name), str)}
    if (path := local_inputs.relative(found.get("url"))) is not None:
        found["url"] = f"path:./{path}"
    if fields.get("flake") is False:
        found["flake"] = False
    inner = fields.get("inputs")
    if isinstance(inner, dict):
        known = {str(name): _input(item) for name, item in inner.items() if isinstance(item, dict)}
        found["inputs"] = {name: item for name, item in known.items() if item}
    return found


def _locked(subject: Candidate, lockable: _Lockable, renew: Collection[str] | None, *, patient: bool) -> bytes:
    program = find_program("nix")
    if program is None:
        raise Unavailable(
            "tool_missing",
            f"{lockable.file} is made by Nix, and nix is not installed.",
            seen=lockable.file,
            remedy="Install Nix, then repeat the call.",
        )
    data = subject.read(lockable.file)
    old = _kept(data, renew)
    if old is None and renew is not None and data is not None:
        subject.notes.append(f"{lockable.file} could not be read: nothing of it was kept, and all in it is new.")
    _require_beneath(subject, old, lockable)
    with TemporaryDirectory(prefix="devkeel-lock-") as folder:
        place = Path(folder)
        hashes = local_inputs.lay(subject.root, lockable.urls.values(), place)
        (place / FLAKE).write_bytes(lockable.flake)
        if old is not None:
            (place / FLAKE_LOCK).write_bytes(local_inputs.hashed(old, hashes))
        features = ("--extra-experimental-features", "nix-command flakes")
        argv = (program, *features, *(() if patient else _ONCE), "flake", "lock", f"path:{folder}")
        done = run_nix(argv, timeout=_PATIENT if patient else _IMPATIENT, cwd=Path("/"))
        if done.returncode:
            raise _failed(lockable, done.stderr.decode("utf-8", "replace").replace(folder, "."))
        made = place / FLAKE_LOCK
        # A flake without inputs has no lock.
        return made.read_bytes() if made.exists() else _EMPTY


def _kept(data: bytes | None, renew: Collection[str] | None) -> bytes | None:
    """Return an old lock without the inputs that are to move; None where nothing of it is to stay."""
    lock = read_lock(data)
    if data is None or lock is None or not lock.whole or renew is None:
        return None
    return lock.without(renew) if renew else data


def _require_beneath(subject: Candidate, old: bytes | None, lockable: _Lockable) -> None:
    """Refuse to copy into the store, which everybody reads, what is outside of the project's work tree."""
    found = leaving_inputs(subject.root, old, lockable.urls)
    if found:
        told = ", ".join(f"{name} ({path})" for name, path in found[:5])
        raise Refused(
            "outside_root",
            f"{lockable.file} was not made: it would bring what is outside of the work tree into the store: {told}.",
            seen=told,
            remedy="Move it beneath, or give the input a URL.",
        )


def _failed(lockable: _Lockable, told: str) -> Refused | Unavailable:
    last = told.rpartition("error:")[2].strip()
    reason = " ".join(last.split())[:_SHOWN]
    obstacle = obstacle_in(last)
    if obstacle is not None:
        return obstacle.stops(f"{lockable.file} could not be made", reason)
    return Refused(
        "lock_failed",
        f"Nix could not lock the inputs of {lockable.manifest}: {reason or 'it gave no reason'}.",
        place=Place(lockable.manifest),
        seen=reason or None,
        remedy=f"Correct the input that it names in {lockable.manifest}, and try again.",
    )
