"""Stores that paths are taken from and uploaded to, through Nix itself: `file`, `http`, `https`, `s3`, `ssh-ng`, `ssh`.

What is asked of one of them is asked of it alone, and now: Nix remembers for weeks what was there.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

from devkeel.diagnosis.network import HOSTS
from devkeel.diagnosis.nix_messages import last_error, printable
from devkeel.diagnosis.obstacles import obstacle_in
from devkeel.errors import Refused, Unavailable, UsageError
from devkeel.nix_cli.outputs import described_paths, whole
from devkeel.nix_cli.settings import run_nix
from devkeel.runtime import find_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from devkeel.project.distribution import Cache
    from devkeel.runtime import Completed

__all__ = [
    "ASKING",
    "BY_SSH",
    "PathInfo",
    "ask_store",
    "cache_settings",
    "closure",
    "failure_of",
    "path_of",
    "present",
    "sign",
    "upload",
]

BY_SSH = ("ssh", "ssh-ng")
# nix, doc/manual: what a cache on the web had is remembered for narinfo-cache-positive-ttl seconds, what it had not for
# those of the negative one; an address that does not answer is tried five times.
ASKING = (
    *("--option", "substitute", "false", "--option", "narinfo-cache-positive-ttl", "0"),
    *("--option", "narinfo-cache-negative-ttl", "0"),
    *("--option", "download-attempts", "1", "--option", "connect-timeout", "10"),
)
_FEATURES = ("--extra-experimental-features", "nix-command")
# The characters of a store path (nix, src/libutil/hash.cc, `base32Chars`; src/libstore/path.cc, `checkName`).
_PATH = re.compile(r"(/nix/store/[0-9abcdfghijklmnpqrsvwxyz]{32}-[\w.+?=-]+)(?:/.*)?", re.ASCII | re.DOTALL)
_BATCH = 500  # paths of one call; execve(2) has a limit for all of its words
_OUTPUT = 64 * 1024**2
_SEEN = 1_000
_LOST = re.compile(r"cannot open connection to|failed to start SSH connection|unexpected end-of-file|HTTP error 5\d\d")
_DENIED = re.compile(
    r"HTTP error (?:40[1357]|501)|Access ?Denied|Permission denied|Read-only file system|lacks a (?:valid )?signature"
)


class PathInfo(Struct, frozen=True):
    """A path that a store has. size: bytes. signed_by: the names of the keys of its signatures, as it says itself.

    by_content: its content decides its path, so that it needs no signature.
    """

    path: str
    size: int
    references: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ()
    by_content: bool = False


def path_of(text: str) -> str:
    """Return the store path that a text is, or is inside of. Raises UsageError `not_a_store_path`."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise UsageError(
            "not_a_store_path",
            "It is no path of the Nix store.",
            seen=text[:200],
            remedy="Name what a build made, as /nix/store/HASH-NAME, or the attribute that it is built from.",
        )
    return found[1]


def cache_settings(caches: Iterable[Cache]) -> dict[str, str]:
    """Return the settings by which Nix takes paths from some caches too, beside those that it has."""
    named = tuple(caches)
    settings = {
        "extra-substituters": " ".join(_with(cache.url, priority=cache.priority) for cache in named),
        "extra-trusted-public-keys": " ".join(cache.public_key for cache in named if cache.public_key),
    }
    return {name: value for name, value in settings.items() if value}


def present(url: str, paths: Sequence[str], timeout: float) -> dict[str, PathInfo | None]:
    """Return which store paths a store has, by path; None for those that it has not.

    One call of Nix asks for up to 500. Raises Unavailable `cache_unreachable`, `cache_failed`.
    """
    found: dict[str, PathInfo | None] = dict.fromkeys(paths)
    if not _begun(url):
        return found
    for start in range(0, len(paths), _BATCH):
        argv = ("path-info", "--json", "--store", url, *ASKING, *paths[start : start + _BATCH])
        found |= {item.path: item for item in _infos(_asked(argv, url, timeout).stdout)}
    return found


def closure(paths: Sequence[str], timeout: float) -> dict[str, PathInfo]:
    """Return what some paths of this machine's store need to run, themselves included, by path.

    Raises Refused `path_missing`.
    """
    done = ask_store(("path-info", "--json", "--recursive", "--option", "substitute", "false", *paths), timeout)
    if done.returncode:
        said = last_error(done.stderr.decode("utf-8", "replace")).strip()
        obstacle = obstacle_in(said)
        if obstacle is not None:
            raise obstacle.stops("The store of this machine was not read", printable(said, _SEEN))
        raise Refused(
            "path_missing",
            "The Nix store of this machine does not have all of these paths.",
            seen=printable(said, _SEEN),
            remedy="Build it here first.",
        )
    return {item.path: item for item in _infos(done.stdout)}


def upload(cache: Cache, paths: Sequence[str], key: Path | None, timeout: float) -> None:
    """Copy paths with all that they need into a store, signed with the secret key in a file.

    A store that is reached by ssh takes signatures along, so that they are made here; others sign what they are given,
    and not what they have already. Raises Unavailable `cache_unreachable`, `cache_failed`, Refused `cache_refused`.
    """
    url, by_ssh = cache.url, urlsplit(cache.url).scheme in BY_SSH
    if key is not None and by_ssh:
        _asked(("store", "sign", "--key-file", str(key), "--recursive", *paths), url, timeout)
    # The path of the key is what other users see of it, and not the key (proc(5), cmdline).
    target = _with(url, secret_key=None if key is None or by_ssh else str(key))
    _asked(("copy", "--to", target, *paths), url, timeout)


def sign(cache: Cache, paths: Sequence[str], key: Path, timeout: float) -> None:
    """Sign paths that a store has already; raises as `upload` does."""
    for start in range(0, len(paths), _BATCH):
        argv = ("store", "sign", "--store", cache.url, "--key-file", str(key), *paths[start : start + _BATCH])
        _asked(argv, cache.url, timeout)


def ask_store(argv: tuple[str, ...], timeout: float) -> Completed:
    """Run a command of Nix about a store. Raises Unavailable `tool_missing`, `timeout`."""
    nix = find_program("nix")
    if nix is None:
        raise Unavailable("tool_missing", "nix is not installed.", remedy="Install Nix, then repeat the call.")
    return run_nix((nix, *_FEATURES, *argv), timeout=timeout, limit=_OUTPUT)


def failure_of(done: Completed, url: str) -> Unavailable | Refused:
    """Return the error for a call about a store: it does not answer, does not allow it, or something else."""
    stderr = done.stderr.decode("utf-8", "replace")
    said = last_error(stderr).strip()
    seen = printable(said, _SEEN)
    if _DENIED.search(stderr):
        return Refused(
            "cache_refused",
            f"The store {url} does not allow it to this user.",
            seen=seen,
            remedy="Give this user the right to it: credentials in netrc or for S3, a key that a store by ssh trusts.",
        )
    if re.search(HOSTS, stderr) or _LOST.search(stderr):
        return Unavailable(
            "cache_unreachable",
            f"The store {url} does not answer.",
            seen=seen,
            remedy="See whether this machine reaches it (network, name, key of ssh), and try again.",
        )
    obstacle = obstacle_in(said)
    if obstacle is not None:
        return obstacle.stops(f"The store {url} was not asked", seen)
    return Unavailable(
        "cache_failed", f"Nix could not do it with the store {url}.", seen=seen, remedy="Put that right and try again."
    )


def _begun(url: str) -> bool:
    """Return whether there is a store to ask: Nix makes one of `file` where it opens it (`LocalBinaryCacheStore`)."""
    parts = urlsplit(url)
    return parts.scheme != "file" or Path(unquote(parts.path), "nix-cache-info").is_file()


def _infos(stdout: bytes) -> Iterator[PathInfo]:
    for path, item in described_paths(json.loads(stdout or b"[]")):
        if item:
            yield _info(path, item)


def _info(path: str, item: dict[str, Any]) -> PathInfo:
    names = {text.partition(":")[0] for text in item.get("signatures", ())}
    references = tuple(sorted(map(whole, item.get("references", ()))))
    return PathInfo(path, item.get("narSize", 0), references, tuple(sorted(names)), bool(item.get("ca")))


def _with(url: str, **settings: object) -> str:
    """Return the URL of a store with more settings; those that it has stay."""
    given = {key.replace("_", "-"): quote(str(value), safe="/") for key, value in settings.items() if value is not None}
    more = [f"{key}={value}" for key, value in given.items() if not re.search(rf"[?&]{key}=", url)]
    return url if not more else f"{url}{'&' if '?' in url else '?'}{'&'.join(more)}"


def _asked(argv: tuple[str, ...], url: str, timeout: float) -> Completed:
    done = ask_store(argv, timeout)
    if done.returncode:
        raise failure_of(done, url)
    return done
