"""Reading what a store has, and comparing it with the hashes and signatures that it is kept with."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.nix_cli.caches import ASKING, ask_store, failure_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.project.distribution import Cache

__all__ = ["Verified", "verify"]

_STORE_PATH = quoted(f"({INNER}+)")
_MODIFIED = re.compile(f"^path {_STORE_PATH} was modified", re.MULTILINE)
_UNTRUSTED = re.compile(f"^path {_STORE_PATH} is untrusted", re.MULTILINE)
_CHECKED = re.compile(f"^checking {_STORE_PATH}", re.MULTILINE)
# nix, src/nix/verify.cc: 1 where a path was modified, 2 where one is untrusted, 4 where one could not be read.
_UNREAD = 4


class Verified(Struct, frozen=True):
    """What was looked at in a store: how many paths, and which of them are not as they were signed.

    modified: of another content. untrusted: no key that counts has signed it. unreadable: its archive cannot be read.
    """

    checked: int
    modified: tuple[str, ...] = ()
    untrusted: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all of them are."""
        return not (self.modified or self.untrusted or self.unreadable)


def verify(cache: Cache, paths: Sequence[str], timeout: float) -> Verified:
    """Read paths of a store, with all that they need.

    The key of the cache counts alone; those that Nix knows here where it names none. Raises Unavailable
    `cache_unreachable`, `cache_failed`, `timeout`, Refused `cache_refused`.
    """
    deadline = time.monotonic() + timeout
    code, looked, found = _asked(cache, ("--recursive", *paths), deadline)
    if not code & _UNREAD:
        return found
    # Nix does not say which one it could not read: each is asked for by itself.
    alone = {path: _asked(cache, (path,), deadline)[0] for path in looked}
    return replace(found, unreadable=tuple(path for path, code in alone.items() if code & _UNREAD))


def _asked(cache: Cache, words: tuple[str, ...], deadline: float) -> tuple[int, tuple[str, ...], Verified]:
    """Return how Nix ended, the paths that it looked at, and what it found."""
    keys = ("--option", "trusted-public-keys", cache.public_key) if cache.public_key else ()
    argv = ("store", "verify", "--store", cache.url, *ASKING, *keys, *words)
    done = ask_store(argv, max(0.0, deadline - time.monotonic()))
    stderr = done.stderr.decode("utf-8", "replace")
    modified, untrusted, looked = (
        tuple(sorted(set(kind.findall(stderr)))) for kind in (_MODIFIED, _UNTRUSTED, _CHECKED)
    )
    found = Verified(len(looked), modified, untrusted)
    killed = done.returncode < 0  # by a signal, of which the bits say nothing
    if killed or (done.returncode and found.ok):
        failure = failure_of(done, cache.url)
        if killed or not done.returncode & _UNREAD or failure.code != "cache_failed":
            raise failure
    return done.returncode, looked, found
