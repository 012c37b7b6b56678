"""Caches of a project: which there are, whether paths are in them and as they were signed, and uploading to one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from devkeel.builds.signing_key import SecretKey, signing_key
from devkeel.builds.store_paths import store_paths
from devkeel.errors import Place, PolicyRefused, ProjectError, Refused, Unavailable, UsageError
from devkeel.nix_cli import caches as stores
from devkeel.nix_cli import verification
from devkeel.nix_cli.progress import counting
from devkeel.project.root import SETTINGS
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import LONGEST, TITLE, require_seconds
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.context import Context
    from devkeel.project.distribution import Cache
    from devkeel.runtime.jobs import Job

__all__ = [
    "CacheContent",
    "CacheList",
    "CacheReport",
    "CacheVerification",
    "CacheView",
    "UploadResult",
    "check",
    "known",
    "upload",
    "verify",
]


_FEW = 5


class CacheView(Struct, frozen=True):
    """A cache that devkeel.toml names. signs: a secret key is named. allowed: a person has agreed to it here."""

    url: str
    public_key: str | None
    priority: int | None
    signs: bool
    allowed: bool


class CacheList(Struct, frozen=True):
    """The caches of a project, in the order of devkeel.toml."""

    caches: tuple[CacheView, ...]


class CacheContent(Struct, frozen=True):
    """What one cache has of some paths. size: bytes of those that it has, as archives.

    unsigned: those that it has, and that have no signature of its public key's name. why: it could not be asked.
    """

    cache: str
    present: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()
    size: int = 0
    why: str | None = None


class CacheReport(Struct, frozen=True):
    """Whether paths are in caches. ok: each is in one of them, signed. missing: those that none has so."""

    ok: bool
    paths: tuple[str, ...]
    missing: tuple[str, ...]
    caches: tuple[CacheContent, ...]


class CacheVerification(Struct, frozen=True):
    """What came of reading paths of a cache, with all that they need. ok: they are there, and as they were signed.

    checked: how many were read. The other lists are as in `Verified`.
    """

    cache: str
    ok: bool
    checked: int
    missing: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    untrusted: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


class UploadResult(Struct, frozen=True):
    """What an upload brought. paths: how many it takes, with all that they need. uploaded: those that were new.

    size: bytes of these, as archives. signed_by: the name of the key.
    """

    cache: str
    dry_run: bool
    paths: int
    uploaded: tuple[str, ...]
    size: int
    signed_by: str | None
    seconds: float
    notes: tuple[str, ...] = ()


def known(context: Context) -> CacheList:
    """Return the caches that the project names."""
    allowed = _allowed(context)
    return CacheList(
        tuple(
            CacheView(item.url, item.public_key, item.priority, item.secret_key_file is not None, item in allowed)
            for item in context.settings.caches
        )
    )


def check(context: Context, targets: Sequence[str], cache: str | None, *, closure: bool, timeout: float) -> CacheReport:
    """Return whether paths are in a cache, or in which of all; see the verb of `Environment` that calls it."""
    require_seconds(timeout, LONGEST)
    deadline = time.monotonic() + timeout
    chosen = (_chosen(context, cache),) if cache else _agreed(context)
    with context.building():
        wanted = store_paths(context, targets, deadline)
    if closure:
        wanted = tuple(stores.closure(wanted, _left(deadline)))
    found = tuple(_content(item, wanted, deadline, alone=len(chosen) == 1) for item in chosen)
    good = {path for item in found for path in item.present if path not in item.unsigned}
    missing = tuple(path for path in wanted if path not in good)
    return CacheReport(not missing, wanted, missing, found)


def _content(cache: Cache, paths: tuple[str, ...], deadline: float, *, alone: bool) -> CacheContent:
    try:
        found = stores.present(cache.url, paths, _left(deadline))
    except (Unavailable, Refused) as error:
        if alone:
            raise
        return CacheContent(cache.url, why=error.message)
    there = {path: item for path, item in found.items() if item is not None}
    size = sum(item.size for item in there.values())
    missing = tuple(path for path in paths if path not in there)
    return CacheContent(cache.url, tuple(there), missing, _unsigned(_key_name(cache), found), size)


def _unsigned(name: str | None, found: dict[str, stores.PathInfo | None]) -> tuple[str, ...]:
    """Return those that need a signature, and have none of the key of this name."""
    return tuple(
        path for path, item in found.items() if item and name and name not in item.signed_by and not item.by_content
    )


def verify(context: Context, targets: Sequence[str], cache: str | None, *, timeout: float) -> Job:
    """Begin to read paths of a cache, with all that they need; see `Environment.verify_cache`."""
    require_seconds(timeout, LONGEST)
    chosen = _chosen(context, cache)

    def work(job: Job) -> CacheVerification:
        deadline = time.monotonic() + timeout
        wanted = store_paths(context, targets, deadline)
        job.tell(f"reading {chosen.url}")
        there = stores.present(chosen.url, wanted, _left(deadline))
        has = [path for path, item in there.items() if item is not None]
        missing = tuple(path for path in wanted if path not in has)
        if not has:
            return CacheVerification(chosen.url, ok=False, checked=0, missing=missing)
        done = verification.verify(chosen, has, _left(deadline))
        ok = done.ok and not missing
        return CacheVerification(chosen.url, ok, done.checked, missing, done.modified, done.untrusted, done.unreadable)

    with context.building():
        return context.begin(_spec("verify", f"Verify {chosen.url}"), work)


def upload(context: Context, targets: Sequence[str], cache: str | None, *, dry_run: bool, timeout: float) -> Job:
    """Begin to upload paths with all that they need; see the verb of `Environment` that calls it."""
    require_seconds(timeout, LONGEST)
    chosen = _chosen(context, cache)
    key = signing_key(context.project, chosen)
    if key is None and chosen.public_key is not None:
        raise ProjectError(
            "no_signing_key",
            f"{SETTINGS} names no secret_key_file for {chosen.url}, and what is uploaded without a signature is not "
            "believed.",
            place=Place(SETTINGS),
            remedy=f"Name the file of the key: {do('name_cache', url=chosen.url, key_file='FILE')}.",
        )

    def work(job: Job) -> UploadResult:
        begun = time.monotonic()
        job.tell("looking at what is there")
        wanted = store_paths(context, targets, begun + timeout)
        return _uploaded(chosen, wanted, key, (begun, begun + timeout), dry_run=dry_run)

    title = f"{'Try to upload' if dry_run else 'Upload'} to {chosen.url}"
    with context.building():
        return context.begin(_spec("upload", title), work)


def _spec(kind: str, title: str) -> JobSpec:
    return JobSpec(kind, one_line(title)[:TITLE], reads=counting(), echoes=("stderr",), executes=False, plain=as_data)


def _uploaded(
    cache: Cache, wanted: tuple[str, ...], key: SecretKey | None, times: tuple[float, float], *, dry_run: bool
) -> UploadResult:
    """Upload paths, or see what would be. times: when it began, and when it has to have ended."""
    begun, deadline = times
    needed = stores.closure(wanted, _left(deadline))
    before = stores.present(cache.url, tuple(needed), _left(deadline))
    new = tuple(path for path, item in before.items() if item is None)
    notes = [] if key else [f"Not signed: {SETTINGS} names no secret_key_file for this cache."]
    if not dry_run:
        stores.upload(cache, wanted, key.file if key else None, _left(deadline))
        notes += _settle(cache, tuple(needed), key, deadline)
    size = sum(needed[path].size for path in new)
    return UploadResult(
        cache.url,
        dry_run,
        len(needed),
        new,
        size,
        key.name if key else None,
        round(time.monotonic() - begun, 2),
        tuple(notes),
    )


def _settle(cache: Cache, paths: tuple[str, ...], key: SecretKey | None, deadline: float) -> tuple[str, ...]:
    """See that all of it is there, and sign what was there before without a signature; return what is to be said."""
    after = stores.present(cache.url, paths, _left(deadline))
    lost = [path for path, item in after.items() if item is None]
    if lost:
        raise Refused(
            "cache_refused",
            f"The store {cache.url} has not got all of it, although Nix uploaded it.",
            seen=", ".join(lost[:_FEW]),
            remedy="Look at what that store does with what it is given.",
        )
    name = key.name if key else _key_name(cache)
    old = _unsigned(name, after)
    if not old:
        return ()
    if key is None or urlsplit(cache.url).scheme in stores.BY_SSH:
        return (f"{len(old)} of the paths have no signature of {name} there.",)
    stores.sign(cache, old, key.file, _left(deadline))
    return (f"{len(old)} of the paths were there without the signature, and are signed now.",)


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _key_name(cache: Cache) -> str | None:
    return cache.public_key.partition(":")[0] if cache.public_key else None


def _allowed(context: Context) -> tuple[Cache, ...]:
    found = context.distribution
    return found.caches if found else ()


def _agreed(context: Context) -> tuple[Cache, ...]:
    """Return the caches that a person has agreed to. Raises UsageError `unknown_cache`, PolicyRefused `not_agreed`."""
    named = context.settings.caches
    if not named:
        raise _unknown(context, None)
    allowed = _allowed(context)
    if not allowed:
        raise _waits(named[0])
    return allowed


def _chosen(context: Context, url: str | None) -> Cache:
    """Return the cache that a call means: the one that it names, or the only one. A person has agreed to it."""
    named = [item for item in context.settings.caches if url in (None, item.url)]
    if len(named) != 1:
        raise _unknown(context, url)
    if named[0] not in _allowed(context):
        raise _waits(named[0])
    return named[0]


def _unknown(context: Context, url: str | None) -> UsageError:
    known = tuple(item.url for item in context.settings.caches)
    if not known:
        what, remedy = f"{SETTINGS} names no cache.", f"Name one there: {do('name_cache', url=url)}."
    elif url is None:
        what, remedy = f"{SETTINGS} names several caches, and the call names none.", "Name one of them."
    else:
        what, remedy = f"{SETTINGS} names no such cache.", "Name one of those that it has."
    return UsageError("unknown_cache", what, seen=url, remedy=remedy, alternatives=known)


def _waits(cache: Cache) -> PolicyRefused:
    return PolicyRefused(
        "not_agreed",
        f"{SETTINGS} names {cache.url}, and no person has agreed to that on this machine.",
        place=Place(SETTINGS),
        seen=cache.url,
        remedy=f"A person agrees to it: {do('allow', address=cache.url)} shows it and asks.",
    )
