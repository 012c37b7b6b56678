"""Stores that paths are taken from and uploaded to, through Nix itself: `file`, `http`, `https`, `s3`, `ssh-ng`, `ssh`.

Nix 2.8 and 2.34 answer differently: what is not there is `"valid": false` in a list, or null in an object by path.
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
from devkeel.nix_cli.settings import run_nix
from devkeel.runtime import find_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from devkeel.project.distribution import Cache
    from devkeel.runtime import Completed

__all__ = ["PathInfo", "Verified", "cache_settings", "closure", "path_of", "present", "sign", "upload", "verify"]

_FEATURES = ("--extra-experimental-features", "nix-command")
# The characters of a store path (nix, src/libutil/hash.cc, `base32Chars`; src/libstore/path.cc, `checkName`).
_PATH = re.compile(r"(/nix/store/[0-9abcdfghijklmnpqrsvwxyz]{32}-[\w.+?=-]+)(?:/.*)?", re.ASCII | re.DOTALL)
_BATCH = 500  # paths of one call; execve(2) has a limit for all of its words
_OUTPUT = 64 * 1024**2
_SEEN = 1_000
_SSH = ("ssh", "ssh-ng")
# What is asked is asked of this store alone and now: Nix remembers for an hour that a path was not there (its setting
# narinfo-cache-negative-ttl), and tries an address that does not answer five times.
_ASKING = (
    *("--option", "substitute", "false", "--option", "narinfo-cache-negative-ttl", "0"),
    *("--option", "download-attempts", "1", "--option", "connect-timeout", "10"),
)
_MODIFIED = re.compile(r"^path '(?P<path>[^']+)' was modified", re.MULTILINE)
_UNTRUSTED = re.compile(r"^path '(?P<path>[^']+)' is untrusted", re.MULTILINE)
_CHECKED = re.compile(r"^checking '(?P<path>[^']+)'", re.MULTILINE)
_LOST = re.compile(r"cannot open connection to|failed to start SSH connection|unexpected end-of-file|HTTP error 5\d\d")
_DENIED = re.compile(
    r"HTTP error 40[1357]|Access ?Denied|Permission denied|Read-only file system|lacks a valid signature"
)


class PathInfo(Struct, frozen=True):
    """A path that a store has. size: bytes. signed_by: the names of the keys of its signatures."""

    path: str
    size: int
    references: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ()


class Verified(Struct, frozen=True):
    """What was looked at in a store: how many paths, which are not what they were, and which no known key signed."""

    checked: int
    modified: tuple[str, ...] = ()
    untrusted: tuple[str, ...] = ()


def path_of(text: str) -> str:
    """Return the store path that a text is, or is inside of. Raises UsageError `not_a_store_path`."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise UsageError(
            "not_a_store_path",
            "It is no path of the Nix store.",
            seen=text[:200],
            remedy="Name what a build made, as /nix/store/HASH-NAME.",
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

    Raises Unavailable `cache_unreachable`, `cache_failed`.
    """
    found: dict[str, PathInfo | None] = dict.fromkeys(paths)
    if not _begun(url):
        return found
    for start in range(0, len(paths), _BATCH):
        argv = ("path-info", "--json", "--store", url, *_ASKING, *paths[start : start + _BATCH])
        found |= {item.path: item for item in _infos(_asked(argv, url, timeout).stdout)}
    return found


def closure(paths: Sequence[str], timeout: float) -> dict[str, PathInfo]:
    """Return what some paths of this machine's store need to run, themselves included, by path.

    Raises Refused `path_missing`.
    """
    argv = ("path-info", "--json", "--recursive", "--option", "substitute", "false", *paths)
    done = _nix(argv, timeout)
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
    url, by_ssh = cache.url, urlsplit(cache.url).scheme in _SSH
    if key is not None and by_ssh:
        _asked(("store", "sign", "--key-file", str(key), "--recursive", *paths), url, timeout)
    target = _with(url, secret_key=None if key is None or by_ssh else str(key))
    _asked(("copy", "--to", target, *paths), url, timeout)


def sign(cache: Cache, paths: Sequence[str], key: Path, timeout: float) -> None:
    """Sign paths that a store has already; raises as `upload` does."""
    for start in range(0, len(paths), _BATCH):
        argv = ("store", "sign", "--store", cache.url, "--key-file", str(key), *paths[start : start + _BATCH])
        _asked(argv, cache.url, timeout)


def verify(cache: Cache, paths: Sequence[str], timeout: float) -> Verified:
    """Read paths of a store, with all that they need, and compare them with their hashes and signatures.

    The key of the cache is believed alone; those that Nix knows here where it names none. Raises as `present` does.
    """
    keys = ("--option", "trusted-public-keys", cache.public_key) if cache.public_key else ()
    argv = ("store", "verify", "--store", cache.url, "--recursive", *_ASKING, *keys, *paths)
    done = _nix(argv, timeout)
    stderr = done.stderr.decode("utf-8", "replace")
    modified, untrusted = (tuple(sorted(set(kind.findall(stderr)))) for kind in (_MODIFIED, _UNTRUSTED))
    # nix, src/nix/verify.cc: 1 where a path was modified, 2 where one is untrusted, 4 where one could not be read.
    if done.returncode and not modified and not untrusted:
        raise _failure(done, cache.url)
    return Verified(len(set(_CHECKED.findall(stderr))), modified, untrusted)


def _begun(url: str) -> bool:
    """Return whether there is a store to ask: Nix makes one of `file` where it opens it (`LocalBinaryCacheStore`)."""
    parts = urlsplit(url)
    return parts.scheme != "file" or Path(unquote(parts.path), "nix-cache-info").is_file()


def _infos(stdout: bytes) -> Iterator[PathInfo]:
    told = json.loads(stdout or b"[]")
    listed: Mapping[str, Any] = told if isinstance(told, dict) else {item["path"]: item for item in told}
    for path, item in listed.items():
        if item is not None and item.get("valid", True):
            names = (text.partition(":")[0] for text in item.get("signatures", ()))
            yield PathInfo(
                path, item.get("narSize", 0), tuple(sorted(item.get("references", ()))), tuple(sorted(set(names)))
            )


def _with(url: str, **settings: object) -> str:
    """Return the URL of a store with more settings; those that it has stay."""
    given = {key.replace("_", "-"): quote(str(value), safe="/") for key, value in settings.items() if value is not None}
    more = [f"{key}={value}" for key, value in given.items() if not re.search(rf"[?&]{key}=", url)]
    return url if not more else f"{url}{'&' if '?' in url else '?'}{'&'.join(more)}"


def _asked(argv: tuple[str, ...], url: str, timeout: float) -> Completed:
    done = _nix(argv, timeout)
    if done.returncode:
        raise _failure(done, url)
    return done


def _nix(argv: tuple[str, ...], timeout: float) -> Completed:
    nix = find_program("nix")
    if nix is None:
        raise Unavailable("tool_missing", "nix is not installed.", remedy="Install Nix, then repeat the call.")
    return run_nix((nix, *_FEATURES, *argv), timeout=timeout, limit=_OUTPUT)


def _failure(done: Completed, url: str) -> Unavailable | Refused:
    """Return the error for a call about a store: it does not answer, does not allow it, or something else."""
    stderr = done.stderr.decode("utf-8", "replace")
    said = last_error(stderr).strip()
    seen = printable(said, _SEEN)
    if re.search(HOSTS, stderr) or _LOST.search(stderr):
        return Unavailable(
            "cache_unreachable",
            f"The store {url} does not answer.",
            seen=seen,
            remedy="See whether this machine reaches it (network, name, key of ssh), and try again.",
        )
    if _DENIED.search(stderr):
        return Refused(
            "cache_refused",
            f"The store {url} does not allow it to this user.",
            seen=seen,
            remedy="Give this user the right to it: credentials in netrc or for S3, a key that a store by ssh trusts.",
        )
    obstacle = obstacle_in(said)
    if obstacle is not None:
        return obstacle.stops(f"The store {url} was not asked", seen)
    return Unavailable(
        "cache_failed", f"Nix could not do it with the store {url}.", seen=seen, remedy="Put that right and try again."
    )
