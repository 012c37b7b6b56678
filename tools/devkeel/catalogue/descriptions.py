"""One line about a package, live from the nixpkgs that a lock pins: from its text, or as Nix evaluated it before.

The file of a package follows from its name (nixpkgs, pkgs/by-name/README.md), or a line of the list of its set has it.
Its description is the one literal text that this file has under that name. Where there is none, or several, Nix is
asked in the background, and a later call has it. What comes of it is foreign text: it is cut to one line, and leaves by
the way of every answer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.catalogue import cache as stored
from devkeel.deferred import Deferred
from devkeel.nix_cli.pins import read_pins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.catalogue import refresh
else:
    refresh = Deferred("devkeel.catalogue.refresh")

__all__ = ["first_line", "package_descriptions", "written"]

_LONGEST = 160
_LARGEST = 4_000_000  # bytes of a file; all-packages.nix had 0.6 MB in 2026, python-packages.nix 0.8
_TOP = "pkgs/top-level/all-packages.nix"
# By the names that sets have once their versions are taken out of them.
_SETS = {"python3Packages": "pkgs/top-level/python-packages.nix"}
_VERSIONS = re.compile(r"(?<=^python)[0-9]*(?=Packages$)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_+-]{0,100}")
_CALLED = re.compile(r"\s*=\s*(?:\w+\.)?callPackages? (\.\.?/[\w./+-]+)[\s;]")
_DESCRIPTION = re.compile(r'\bdescription\s*=\s*"((?:[^"\\$]|\\.|\$(?!\{))*)"\s*;', re.DOTALL)


def package_descriptions(lock: bytes | None, names: Iterable[str]) -> dict[str, str]:
    """Return what packages are, by name, one line each, as far as the nixpkgs of a lock says it now; never a wait.

    lock: the bytes of devenv.lock, where there is one. A nixpkgs that the store lacks says nothing.
    """
    nixpkgs = read_pins(lock).nixpkgs if lock is not None else None
    if lock is None or nixpkgs is None:
        return {}
    kept = stored.read(refresh.about_key(nixpkgs))
    evaluated = kept if isinstance(kept, dict) else {}
    found, unknown = dict[str, str](), list[str]()
    for name in names:
        said = evaluated.get(name)
        text = first_line(said) if isinstance(said, str) else written(Path(nixpkgs.path), name)
        if text:
            found[name] = text
        elif said is None:
            unknown.append(name)
    if unknown:
        refresh.start_about(lock, nixpkgs, unknown)
    return found


def written(nixpkgs: Path, name: str) -> str:
    """Return what the text of a nixpkgs says that a package is; "" where that is not certain."""
    place = _file_of(nixpkgs, name)
    return _said(place) if place is not None else ""


def first_line(text: str) -> str:
    """Return the first sentence of a description, on one line, cut where it is long."""
    whole = " ".join(text.split())
    sentence = whole.partition(". ")[0].rstrip(".")
    return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST - 1].rstrip()}…"


def _file_of(nixpkgs: Path, name: str) -> Path | None:
    """Return the file that has a package's text, where its path is certain."""
    head, _, rest = name.partition(".")
    if rest:
        listed = _SETS.get(_VERSIONS.sub("3", head))
        return _listed(nixpkgs, listed, rest) if listed is not None else None
    if _NAME.fullmatch(name) is None:
        return None
    own = nixpkgs / "pkgs" / "by-name" / name[:2].lower() / name / "package.nix"
    return _within(nixpkgs, own) or _listed(nixpkgs, _TOP, name)


def _listed(nixpkgs: Path, listed: str, name: str) -> Path | None:
    """Return the file that a list of packages calls one by; none outside of nixpkgs."""
    if _NAME.fullmatch(name) is None:
        return None
    text = _text(nixpkgs / listed)
    for start in (text.find(f"\n  {name} ="), text.find(f'\n  "{name}" =')):
        match = _CALLED.match(text, start + 3 + len(name) + (2 if text[start + 3 : start + 4] == '"' else 0))
        if start >= 0 and match is not None:
            place = (nixpkgs / listed).parent / match[1]
            return _within(nixpkgs, place / "default.nix" if place.is_dir() else place)
    return None


def _within(nixpkgs: Path, place: Path) -> Path | None:
    """Return a file without links on the way to it, None for one that is not there or not of nixpkgs."""
    found = place.resolve()
    return found if found.is_relative_to(nixpkgs.resolve()) and found.is_file() else None


@lru_cache(maxsize=4096)
def _said(place: Path) -> str:
    said = {match[1] for match in _DESCRIPTION.finditer(_read(place))}
    return first_line(re.sub(r"\\(.)", r"\1", said.pop())) if len(said) == 1 else ""


@lru_cache(maxsize=2)
def _text(place: Path) -> str:
    return _read(place)


def _read(place: Path) -> str:
    try:
        with place.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
