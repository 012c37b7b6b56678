"""Caches and builders of devkeel.toml are used once a person has agreed to them on this machine.

A public key is trust: whoever holds its other half says what programs are. A devkeel.toml comes with a clone, so that
each entry waits for a person, who agrees to what it says. What was agreed to is kept by that content in this user's
state directory, and is another thing as soon as a letter of it is.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from devkeel.errors import StateError
from devkeel.project.distribution import Builder, Cache
from devkeel.state.user_files import read_user_file, replace_user_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.project.settings import Settings

__all__ = ["Distribution", "Entry", "allow", "distribution", "forget", "is_allowed"]

Entry = Cache | Builder

_FOLDER = "allowed"
_NO = b""
_MOST = 1


class Distribution(Struct, frozen=True):
    """What a project takes paths from and builds on. waiting: those that no person has agreed to here, by address."""

    caches: tuple[Cache, ...] = ()
    builders: tuple[Builder, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what an answer says of those that are not used."""
        if not self.waiting:
            return ()
        named = ", ".join(self.waiting)
        return (f"Not used, for no person has agreed to it on this machine: {named}.",)


def distribution(root: Path, settings: Settings) -> Distribution:
    """Return which of the caches and builders of a project may be used."""
    caches = tuple(item for item in settings.caches if is_allowed(root, item))
    builders = tuple(item for item in settings.builders if is_allowed(root, item))
    waiting = [item.url for item in settings.caches if item not in caches]
    return Distribution(caches, builders, (*waiting, *(item.uri for item in settings.builders if item not in builders)))


def is_allowed(root: Path, entry: Entry) -> bool:
    """Return whether a person has agreed to an entry, as it is; not where the records cannot be believed."""
    try:
        return bool(read_user_file(root, _FOLDER, _name(root, entry), _MOST))
    except StateError:
        return False


def allow(root: Path, entries: Iterable[Entry]) -> None:
    """Keep that a person has agreed to entries, as they are. Raises StateError `state_unusable`."""
    for entry in entries:
        replace_user_file(root, _FOLDER, _name(root, entry), _content(root, entry))


def forget(root: Path, entry: Entry) -> None:
    """Let an entry wait for a person again. Raises StateError `state_unusable`."""
    if is_allowed(root, entry):
        replace_user_file(root, _FOLDER, _name(root, entry), _NO)


def _content(root: Path, entry: Entry) -> bytes:
    """Return what a person agrees to. A file is meant, wherever the project lies that names it."""
    if isinstance(entry, Cache):
        entry = replace(entry, secret_key_file=_place(root, entry.secret_key_file))
    else:
        entry = replace(entry, ssh_key_file=_place(root, entry.ssh_key_file))
    kind = "cache" if isinstance(entry, Cache) else "builder"
    return json.dumps({"kind": kind} | to_builtins(entry), sort_keys=True).encode() + b"\n"


def _place(root: Path, path: str | None) -> str | None:
    return None if path is None else str(root / Path(path).expanduser())


def _name(root: Path, entry: Entry) -> str:
    return hashlib.sha256(_content(root, entry)).hexdigest()
