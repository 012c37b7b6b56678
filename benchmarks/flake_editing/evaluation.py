"""The packages of a flake's development shells, as Nix evaluates them with stand-ins for its inputs."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Library", "parses", "shells"]

_RIG = Path(__file__).with_name("rig.nix")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_'-]*")
_KEYWORDS = frozenset(["if", "then", "else", "let", "in", "with", "rec", "inherit", "assert", "or"])
_MAX_FILES = 40
_MAX_BYTES = 200_000
_SECONDS = 60


class Library(NamedTuple):
    """Checkouts that evaluations use: nixpkgs' lib, and a whole nixpkgs for its packages, or none."""

    lib: Path
    nixpkgs: Path | None = None


def shells(folder: Path, files: Mapping[str, bytes], library: Library, package: str) -> dict[str, list[str]] | None:
    """Return the names of the packages of each shell; None where the flake cannot be evaluated with stand-ins.

    folder: an empty directory for this one evaluation. package: one that there is beside those that the files name.
    """
    project, room = folder / "project", folder / "room"
    for name, data in files.items():
        place = project / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    for name, source in _standing_in(folder, library).items():
        (room / name).mkdir(parents=True, exist_ok=True)
        (room / name / "default.nix").write_text(source)
    (folder / "words.json").write_text(json.dumps(_words(files, package)))
    return _evaluated(folder, library, "shells") or _evaluated(folder, library, "shell") or None


def _evaluated(folder: Path, library: Library, attribute: str) -> dict[str, list[str]] | None:
    rig = f"(import {_RIG} {_arguments(folder, library)}).{attribute}"
    argv = ["nix-instantiate", "--eval", "--strict", "--json", "-E", rig]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    with (folder / "error").open("ab") as errors:
        errors.write(done.stderr)
    # Nix 2.8 prints what it has before it fails: only the exit code counts.
    found = json.loads(done.stdout) if not done.returncode else {}
    return {shell: names for shell, names in found.items() if names is not None}


def _arguments(folder: Path, library: Library) -> str:
    names = (
        f"project = {folder}/project; words = {folder}/words.json; room = {folder}/room; library = {library.lib}/lib;"
    )
    return f"{{ {names} {f'nixpkgs = {library.nixpkgs};' if library.nixpkgs is not None else ''} }}"


def _standing_in(folder: Path, library: Library) -> dict[str, str]:
    rig = f"(import {_RIG} {_arguments(folder, library)})"
    return {
        "nixpkgs": f"_: {rig}.pkgs",
        "input": f'_: {rig}.thing "input"',
        "systems": f"{rig}.systems",
    }


def _words(files: Mapping[str, bytes], package: str) -> list[str]:
    """Return the names that a flake's files use."""
    chosen = sorted(files, key=lambda name: (name.count("/"), name))[:_MAX_FILES]
    text = b" ".join(files[name] for name in chosen if name.endswith(".nix") and len(files[name]) < _MAX_BYTES)
    return sorted({package, *(word.decode() for word in _WORD.findall(text))} - _KEYWORDS)


def parses(data: bytes) -> bool:
    """Return whether Nix parses a file."""
    done = subprocess.run(["nix-instantiate", "--parse", "-"], input=data, capture_output=True, check=False)
    return not done.returncode
