"""The inputs that `devenv.yaml` declares, as its text has them: where, and which of them the lock does not have."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from devkeel.errors import DevkeelError, Place
from devkeel.nix_cli.references import is_other
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import INPUTS, LOCK
from devkeel.source import yaml
from devkeel.source.plain_data import position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.source.yaml.document import Item

__all__ = [
    "IMPLIED",
    "Unlocked",
    "entries",
    "is_inputs",
    "place_of_input",
    "root_of",
    "text_of",
    "unlocked_inputs",
]

# What devenv adds when the file does not name it.
IMPLIED = frozenset({"nixpkgs", "devenv"})


class Unlocked(Struct, frozen=True):
    """What devenv.yaml asks for and devenv.lock does not have.

    missing: inputs that it lacks, or has from another place. follows: inputs that are another one, by name. doubtful:
    of `devenv` and `nixpkgs`, what it has from another place: without them nothing could be judged.
    """

    missing: tuple[str, ...] = ()
    follows: Mapping[str, str] = field(default_factory=dict)
    doubtful: tuple[str, ...] = ()


def unlocked_inputs(subject: Candidate) -> Unlocked:
    """Return which inputs a declaration has and its lock does not; a lock that is none counts as having all."""
    lock = read_lock(subject.locks.get(LOCK))
    if lock is None or not lock.whole:
        return Unlocked()
    locked = lock.own
    missing, follows, doubtful = list[str](), dict[str, str](), list[str]()
    for name, url, target in _declared(subject):
        same = url is None or not is_other(url, lock.original(locked.get(name)))
        if name in locked and same:
            continue
        if target is not None and name not in locked:
            follows[name] = target
        elif name in IMPLIED and name in locked:
            doubtful.append(name)
        else:
            missing.append(name)
    there = locked.keys() - set(missing)
    missing += [name for name, target in follows.items() if target not in there]
    aliases = {name: target for name, target in follows.items() if target in there}
    return Unlocked(tuple(dict.fromkeys(missing)), aliases, tuple(dict.fromkeys(doubtful)))


def _declared(subject: Candidate) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield the inputs of all devenv.yaml files: name, reference, and what it follows."""
    for file, data in subject.files.items():
        for entry in entries(root_of(data, file), "inputs") if is_inputs(file) else ():
            fields = {inner.key.value: text_of(inner.value) for inner in entries(entry.value)}
            yield entry.key.value, fields.get("url"), fields.get("follows")


def place_of_input(subject: Candidate, name: str) -> Place:
    """Return where an input is declared."""
    for file, data in sorted(subject.files.items()):
        for entry in entries(root_of(data, file), "inputs") if is_inputs(file) else ():
            if entry.key.value == name:
                return Place(file, *position(data.decode("utf-8", "replace"), entry.key.start))
    return Place(INPUTS)


def is_inputs(name: str) -> bool:
    return posixpath.basename(name) in {INPUTS, "devenv.local.yaml"}


@lru_cache(maxsize=16)
def root_of(data: bytes, name: str) -> Item | None:
    try:
        return yaml.Document(data, name).root
    except DevkeelError:
        return None  # the syntax rung reports it, or it is written in a way that only devenv reads


def entries(item: Item | None, *path: str) -> list[Any]:
    """Return the entries of the mapping at a path; none where there is no mapping."""
    for name in path:
        entries = item.entries if item is not None and item.kind == "map" else []
        item = next((entry.value for entry in entries if entry.key.value == name), None)
    return item.entries if item is not None and item.kind == "map" else []


def text_of(item: Item | None) -> str | None:
    return item.value if item is not None and item.kind == "scalar" and not item.absent else None
