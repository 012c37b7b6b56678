"""Packages that a declaration names: does nixpkgs have them.

Where the names of the pinned nixpkgs are known, a name that is not among them is an error. Where devkeel has nothing
but its own list of well-known names, it is a warning, as it is where an overlay may add packages.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from devkeel.catalogue.packages import is_function, is_slip, open_names, suggest
from devkeel.checks.replacement import as_edit
from devkeel.errors import Diagnostic
from devkeel.project.root import LOCK
from devkeel.source import Splice
from devkeel.source.nix.read.outcomes import never_reached
from devkeel.source.nix.read.references import package_references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World
    from devkeel.source import nix
    from devkeel.source.nix.read.references import Reference

__all__ = ["check_packages"]

# What stands in nixpkgs beside packages.
_OTHER = frozenset({"lib", "stdenv", "config", "overlays", "system", "pkgs", "path", "targetPlatform", "hostPlatform"})


def check_packages(subject: Candidate, world: World) -> list[Diagnostic]:
    """Return the packages of the modules that no list of names has, with the nearest names."""
    lock = subject.locks.get(LOCK)
    overlaid = _overlaid(subject, world)
    found, lists = list[Diagnostic](), _Lists(lock)
    for document in world.modules:
        for reference in package_references(document):
            found += _of_reference(document, reference, lists, overlaid=overlaid)
    return found


class _Lists:
    """The names of packages for one lock, each list opened once, and what was looked for in vain."""

    def __init__(self, lock: bytes | None) -> None:
        self.names = cache(lambda need: open_names(lock, need=need))
        self.near = cache(lambda name: [other for other in suggest(name, 3, lock) if other != name])


def _overlaid(subject: Candidate, world: World) -> bool:
    """Return whether something may add packages: overlays in devenv.yaml or in a module, modules from elsewhere."""
    if not world.closed or any(name.endswith(".yaml") and b"overlays" in data for name, data in subject.files.items()):
        return True
    return any(item.path[0] == "overlays" for document in world.modules for item in document.definitions if item.path)


def _of_reference(
    document: nix.Document, reference: Reference, lists: _Lists, *, overlaid: bool
) -> Iterator[Diagnostic]:
    head = reference.names[0]
    if head in _OTHER or is_function(head):
        return
    name = ".".join(reference.names)
    verdict = lists.names(head if len(reference.names) > 1 else "").status_of(name)
    if verdict.known or _is_never(document, reference):
        return
    near = lists.near(name)
    if not verdict.complete and not is_slip(name, near):
        return  # the list has some names only
    sure = verdict.complete and not overlaid
    doubt = "" if sure else " or an overlay adds it" if overlaid else ", or that list lacks it"
    nearest = f"; nearest: {', '.join(near)}" if near else ""
    spelt = document.data[reference.start : reference.end].decode()
    yield Diagnostic(
        "unknown_package",
        "error" if sure else "warning",
        f"there is no package {name} ({verdict.source}){doubt}{nearest}",
        "schema",
        document.place(reference.start),
        spelt,
        tuple(_replaced(document, reference, other) for other in near),
    )


def _is_never(document: nix.Document, reference: Reference) -> bool:
    """Return whether Nix never looks at a name, which is no mistake to it then."""
    node = document.root.descendant_for_byte_range(reference.start, reference.end)
    return node is not None and never_reached(node, document.data)


def _replaced(document: nix.Document, reference: Reference, other: str) -> dict[str, str]:
    return as_edit(document.data, Splice(reference.start, reference.end, other.encode()), document.name)
