"""Caches and builders of devkeel.toml are used once a person has agreed to them on this machine.

A public key is trust: whoever holds its other half says what programs are. A devkeel.toml comes with a clone, so that
each entry waits for a person, who agrees to what it says. What was agreed to is kept by that content in this user's
state directory, and is another thing as soon as a letter of it is.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from msgspec import Struct, to_builtins

from devkeel.errors import StateError, UsageError
from devkeel.project.distribution import Builder, Cache, place_of
from devkeel.state.user_files import read_user_file, replace_user_file
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from devkeel.project.settings import Settings

__all__ = ["Distribution", "Entry", "address", "agree", "allow", "disagree", "distribution", "is_allowed"]

Entry = Cache | Builder

_FOLDER = "allowed"
_NO = b""
_FILES = ("ssh_key_file", "secret_key_file")
_MOST = 1


class Distribution(Struct, frozen=True):
    """What a project takes paths from and builds on, as far as a person has agreed to it. waiting: the others."""

    caches: tuple[Cache, ...] = ()
    builders: tuple[Builder, ...] = ()
    waiting: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return all of them."""
        return (*self.caches, *self.builders, *self.waiting)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what an answer says of those that are not used."""
        if not self.waiting:
            return ()
        named = ", ".join(map(address, self.waiting))
        return (f"Not used, for no person has agreed to it on this machine: {named} ({do('allow')}).",)


def distribution(root: Path, settings: Settings) -> Distribution:
    """Return which of the caches and builders of a project may be used."""
    caches = tuple(item for item in settings.caches if is_allowed(root, item))
    builders = tuple(item for item in settings.builders if is_allowed(root, item))
    used = {*caches, *builders}
    return Distribution(caches, builders, tuple(item for item in _declared(settings) if item not in used))


def agree(
    root: Path, settings: Settings, addresses: Iterable[str], *, forget: bool, shown: Distribution | None = None
) -> Distribution:
    """Keep that a person agrees to what devkeel.toml has at some addresses, or that it is to wait again.

    shown: what the person has read, which devkeel.toml may not say any more: that is agreed to, and nothing else.
    Raises UsageError `unknown_address`, StateError `state_unusable`.
    """
    known = {address(item): item for item in (shown.entries if shown else _declared(settings))}
    for wanted in addresses:
        if wanted not in known:
            raise UsageError(
                "unknown_address",
                "devkeel.toml names no cache and no builder of this address.",
                seen=wanted[:200],
                remedy="Name one that it has, as it is written there." if known else "Write one there first.",
                alternatives=tuple(known),
            )
    for wanted in addresses:
        if forget:
            disagree(root, known[wanted])
        else:
            allow(root, [known[wanted]])
    return distribution(root, settings)


def address(entry: Entry) -> str:
    """Return what an entry is called by."""
    return entry.url if isinstance(entry, Cache) else entry.uri


def _declared(settings: Settings) -> tuple[Entry, ...]:
    return (*settings.caches, *settings.builders)


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


def disagree(root: Path, entry: Entry) -> None:
    """Let an entry wait for a person again, as it is. Raises StateError `state_unusable`."""
    if is_allowed(root, entry):
        replace_user_file(root, _FOLDER, _name(root, entry), _NO)


def _content(root: Path, entry: Entry) -> bytes:
    """Return what a person agrees to. A file is meant, wherever the project lies that names it."""
    kind = "cache" if isinstance(entry, Cache) else "builder"
    given = to_builtins(entry)
    for name in _FILES:
        if given.get(name) is not None:
            given[name] = str(place_of(root, given[name]))
    return json.dumps({"kind": kind} | given, sort_keys=True).encode() + b"\n"


def _name(root: Path, entry: Entry) -> str:
    return hashlib.sha256(_content(root, entry)).hexdigest()
