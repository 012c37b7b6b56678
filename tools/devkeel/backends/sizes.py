"""How large an environment is that was made: with all that it needs where a store has it, else the files in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.backends.registry import backend_named
from devkeel.nix_cli.outputs import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.backends.backend import Applied

__all__ = ["EnvironmentSize", "size_of"]

_STORE = "/nix/store/"
_SECONDS = 5.0


class EnvironmentSize(Struct, frozen=True):
    """A size in bytes, and of what.

    of: `closure` for a path of the store with all that it needs, as archives (NAR); `files` for what is in a directory,
    each file once however many names it has there.
    """

    bytes: int
    of: Literal["closure", "files"]


def size_of(applied: Applied) -> EnvironmentSize | None:
    """Return how large an environment is, None where nothing says it. Raises Unavailable, OSError, ValueError."""
    if backend_named(applied.backend).named:
        return EnvironmentSize(_bytes_in(applied.prefix), "files")
    if not applied.prefix.startswith(_STORE):
        return None  # devenv's command named no profile, and the project itself is no environment
    found = describe((applied.prefix,), _SECONDS)[applied.prefix].closure_bytes
    return None if found is None else EnvironmentSize(found, "closure")


def _bytes_in(prefix: str) -> int:
    seen, total = set[tuple[int, int]](), 0
    for info in _files(prefix):
        key = (info.st_dev, info.st_ino)
        if info.st_nlink > 1 and key in seen:
            continue
        seen.add(key)
        total += info.st_size
    return total


def _files(top: str) -> Iterator[os.stat_result]:
    """Yield what is known of each file beneath a directory; no link is followed."""
    waiting = [top]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry.stat(follow_symlinks=False)
