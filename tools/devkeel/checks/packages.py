"""Packages that a declaration names: does nixpkgs have them.

Where the names of the pinned nixpkgs are known, a name that is not among them is an error. Where devkeel has nothing
but its own lists, it is a warning, as it is where an overlay may add packages; a package that was taken out of nixpkgs
before the day that the lock pins is an error, too.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from devkeel.catalogue.indexed import AS_OF
from devkeel.catalogue.packages import is_function, is_slip, open_names, suggest
from devkeel.catalogue.removed import as_of, removed
from devkeel.checks.replacement import as_edit
from devkeel.errors import Diagnostic
from devkeel.nix_cli.declared_inputs import entries, is_inputs, root_of, text_of
from devkeel.project.root import LOCK
from devkeel.source import Splice
from devkeel.source.nix.read.outcomes import never_reached
from devkeel.source.nix.read.references import package_references

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World
    from devkeel.source import nix
    from devkeel.source.nix.read.references import Reference

__all__ = ["check_packages"]

# What permits packages that the index has not: `allowUnfree`, `permitted_unfree_packages`, `allow_broken`.
_PERMITS = re.compile(rb"(?i)unfree|allow_?broken")
_PLAIN = re.compile(r"[A-Za-z]+")
# The days for whose nixpkgs devkeel's lists have nearly all names.
_COVERED = (date(2025, 1, 1), date.fromisoformat(AS_OF))
# What stands in nixpkgs beside packages.
_OTHER = frozenset({"lib", "stdenv", "config", "overlays", "system", "pkgs", "path", "targetPlatform", "hostPlatform"})


def check_packages(subject: Candidate, world: World) -> list[Diagnostic]:
    """Return the packages of the modules that no list of names has, with the nearest names."""
    judge = _Judge(subject, world)
    return [
        found
        for document in world.modules
        for reference in package_references(document)
        if (found := judge.of(document, reference)) is not None
    ]


class _Judge:
    """What judges the names of one declaration: lists of names, each opened once, and what is known of its nixpkgs."""

    def __init__(self, subject: Candidate, world: World) -> None:
        self._lock = lock = subject.locks.get(LOCK)
        self._overlaid = _overlaid(subject, world)
        self._day = as_of(lock, _reference(subject)) if lock is not None or not _of_flake(subject) else None
        self._files = subject.files
        self._permits = any(_PERMITS.search(data) for data in self._files.values())
        self._names = cache(lambda need: open_names(lock, need=need))
        self._near = cache(lambda name: [other for other in suggest(name, 3, lock) if other != name])

    def of(self, document: nix.Document, reference: Reference) -> Diagnostic | None:
        """Return what is wrong with a name, None where nothing is."""
        head = reference.names[0]
        if head in _OTHER or is_function(head):
            return None
        name = ".".join(reference.names)
        names = self._names(head if len(reference.names) > 1 else "")
        gone = removed(name) if not (names.complete and head in names.top) else None
        if gone is not None:
            if self._day is None or not gone.by(self._day) or self._permitted(head) or _is_never(document, reference):
                return None
            near = self._near(name) if gone.instead else []
            said = f"nixpkgs has no package {name} since {gone.since[:7]}"
            return _diagnostic(document, reference, said, near, sure=not self._overlaid, overlaid=self._overlaid)
        verdict = names.status_of(name)
        if verdict.known or _is_never(document, reference):
            return None
        near = self._near(name)
        if not verdict.complete and not is_slip(name, near) and not self._surely_listed(name):
            return None  # the list has some names only
        sure = verdict.complete and not self._overlaid
        said = f"there is no package {name} ({verdict.source})"
        return _diagnostic(document, reference, said, near, sure=sure, overlaid=self._overlaid)

    def _permitted(self, head: str) -> bool:
        """Return whether devenv.yaml permits a package in spite of what is wrong with it: it is there, then."""
        plain = _PLAIN.match(head)
        said = (data.lower() for name, data in self._files.items() if name.endswith(".yaml"))
        return plain is not None and any(b"insecure" in data and plain[0].lower().encode() in data for data in said)

    def _surely_listed(self, name: str) -> bool:
        """Return whether devkeel's lists would have a name, if the nixpkgs of the project had it.

        What is unfree or broken they have only where it is well known, and Nix refuses it unless it is permitted.
        """
        if "." in name or self._overlaid or self._permits or self._day is None:
            return False
        return self._day == date.max or _COVERED[0] <= self._day <= _COVERED[1]


def _overlaid(subject: Candidate, world: World) -> bool:
    """Return whether something may add packages: overlays in devenv.yaml or in a module, modules from elsewhere."""
    if not world.closed or any(name.endswith(".yaml") and b"overlays" in data for name, data in subject.files.items()):
        return True
    return any(item.path[0] == "overlays" for document in world.modules for item in document.definitions if item.path)


def _of_flake(subject: Candidate) -> bool:
    """Return whether a flake may be what pins nixpkgs: devenv's command has no files here, and there is a flake.nix."""
    if any(is_inputs(name) for name in subject.files):
        return False
    above = subject.way_to_work_tree.split("/").count("..")
    return any(subject.exists(f"{'../' * steps}flake.nix") for steps in range(above + 1))


def _reference(subject: Candidate) -> str | None:
    """Return how devenv.yaml refers to nixpkgs, where it does; the last file wins, as it does for devenv."""
    found = None
    for name in sorted(subject.files):
        if is_inputs(name):
            for entry in entries(root_of(subject.files[name], name), "inputs", "nixpkgs"):
                found = text_of(entry.value) if entry.key.value == "url" else found
    return found


def _diagnostic(
    document: nix.Document, reference: Reference, said: str, near: list[str], *, sure: bool, overlaid: bool
) -> Diagnostic:
    doubt = "" if sure else " or an overlay adds it" if overlaid else ", or that list lacks it"
    nearest = f"; nearest: {', '.join(near)}" if near else ""
    return Diagnostic(
        "unknown_package",
        "error" if sure else "warning",
        f"{said}{doubt}{nearest}",
        "schema",
        document.place(reference.start),
        document.data[reference.start : reference.end].decode(),
        tuple(_replaced(document, reference, other) for other in near),
    )


def _is_never(document: nix.Document, reference: Reference) -> bool:
    """Return whether Nix never looks at a name, which is no mistake to it then."""
    node = document.root.descendant_for_byte_range(reference.start, reference.end)
    return node is not None and never_reached(node, document.data)


def _replaced(document: nix.Document, reference: Reference, other: str) -> dict[str, str]:
    return as_edit(document.data, Splice(reference.start, reference.end, other.encode()), document.name)
