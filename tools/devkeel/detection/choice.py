"""Choosing: which version counts where files name several, and where they disagree."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.detection.versions import agree, allows, newest, pinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.detection.evidence import Clue

__all__ = ["Disagreement", "Reason", "agrees", "choose", "closeness", "reason"]

# How close a file is to the person who works on the project, by its name: what a version manager reads comes first,
# then what the project says of itself, what an editor's container has, what images are made from, what CI runs on.
_VERSION_FILES = frozenset({"mise.toml", ".mise.toml", ".tool-versions", ".sdkmanrc", "rust-toolchain.toml"})
_VERSION_FILES |= {"rust-toolchain"}
_IMAGES = re.compile(r"[Dd]ockerfile|[Cc]ontainerfile|compose[\w.-]*\.ya?ml$")
_OF_CI = 4
_CI = (".github/", ".circleci/", ".gitlab-ci", ".gitlab/")


class Reason(Struct, frozen=True):
    """Where something is said, and what follows. seen: the words; why: a clause."""

    file: str
    line: int | None
    certainty: str
    seen: str
    why: str


class Disagreement(Struct, frozen=True):
    """What files say differently. chosen: what was taken, and from where; others: where something else is said."""

    name: str
    chosen: str
    place: Reason
    others: tuple[Reason, ...]


def reason(clue: Clue) -> Reason:
    """Return what a clue says as a reason of an edit."""
    return Reason(clue.place.file, clue.place.line, clue.certainty, clue.seen, clue.why)


def closeness(clue: Clue) -> tuple[int, int]:
    """Return how far a clue is from what the person who works here uses: the kind of its file, then its depth."""
    name = clue.place.file
    base = posixpath.basename(name)
    depth = name.count("/")
    if base in _VERSION_FILES or base.endswith(("-version", "version", ".nvmrc")):
        return 0, depth
    if name.startswith(_CI):
        return _OF_CI, depth
    if "devcontainer" in name:
        return 2, depth
    if _IMAGES.search(base):
        return 3, depth
    return (5 if base.startswith("Makefile") else 1), depth


def choose(name: str, clues: Sequence[Clue]) -> tuple[str | None, Disagreement | None]:
    """Return the version of a language or service, None where nothing pins one; and where others say otherwise."""
    if name == "rust":
        # Workflows of Rust name the oldest version that is supported, and nightly for a formatter.
        clues = [clue for clue in clues if closeness(clue)[0] < _OF_CI]
    found = [(version, clue) for clue in clues if clue.version and (version := pinned(clue.version, name))]
    if not found:
        return None, None
    # What something closer does not let in is of another part: a nested package of PHP that still supports 8.1.
    kept = _uncontradicted(name, clues)
    fitting = [(version, clue) for version, clue in found if clue in kept] or found
    nearest = min(closeness(clue) for _, clue in fitting)
    near = [(version, clue) for version, clue in fitting if closeness(clue) == nearest]
    version = newest(version for version, _ in near)
    place = next(clue for item, clue in near if item == version)
    others = _others(name, version, place, clues)
    return version, Disagreement(name, version, reason(place), others) if others else None


def _uncontradicted(name: str, clues: Sequence[Clue]) -> list[Clue]:
    """Return the clues that let in what those closer than they are pin, or are let in by them."""
    kept: list[Clue] = []
    for clue in sorted((clue for clue in clues if clue.version), key=closeness):
        own, version = closeness(clue), pinned(clue.version or "", name)
        closer = [item for item in kept if closeness(item) < own]
        if version is None or all(agrees(item, name, version) for item in closer):
            kept.append(clue)
    return kept


def _others(name: str, version: str, place: Clue, clues: Sequence[Clue]) -> tuple[Reason, ...]:
    """Return what does not agree with a version; a file that also names it, as a matrix does, agrees."""
    against: list[Clue] = []
    agreeing = {place.place.file}
    for clue in clues:
        if clue.version is None:
            continue
        (agreeing.add(clue.place.file) if agrees(clue, name, version) else against.append(clue))
    return tuple(reason(clue) for clue in against if clue.place.file not in agreeing)


def agrees(clue: Clue, name: str, version: str) -> bool:
    """Return whether what a clue asks for of a language or service is a version, or lets it in."""
    other = pinned(clue.version or "", name)
    return agree(version, other) if other is not None else allows(clue.version or "", version)
