"""Caches in devkeel.toml, written for a person who asked for it: an operation like every other, which undo reverts.

What a person asked for by that call they have agreed to. What the entry says beside it, and no one agreed to, waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from devkeel.builds.signing_key import signing_key
from devkeel.change.judge import Intent
from devkeel.change.write import conclude, patiently
from devkeel.errors import DevkeelError, UsageError
from devkeel.policy import allowed
from devkeel.project.distribution import CACHES, why_wrong
from devkeel.project.root import SETTINGS
from devkeel.project.settings import read_settings
from devkeel.source import toml_tables
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.change.changes import Asked
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.project.distribution import Cache

__all__ = ["WantedCache", "configure"]


class WantedCache(Struct, frozen=True):
    """A cache as a call describes it; None where it does not say. remove: it is to go."""

    url: str
    public_key: str | None = None
    priority: int | None = None
    secret_key_file: str | None = None
    remove: bool = False

    def values(self) -> dict[str, Any]:
        """Return what devkeel.toml is to say."""
        return {name: value for name, value in to_builtins(self).items() if name != "remove" and value is not None}


def configure(context: Context, wanted: WantedCache, asked: Asked) -> ChangeResult:
    """Name a cache in devkeel.toml, change or remove it; see the verb of `Environment` that calls it."""
    if not wanted.remove:
        _require_sound(wanted)

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        old = _entry(context.settings.caches, wanted.url)
        data = candidate.read(SETTINGS) or b""
        if wanted.remove and old is None:
            raise _unknown(context, wanted)
        if wanted.remove:
            after = toml_tables.drop(data, SETTINGS, CACHES, "url", wanted.url)
        else:
            after = toml_tables.put(data, SETTINGS, CACHES, "url", wanted.values())
        candidate.put(SETTINGS, after)
        # What the file says then is judged as every call judges it.
        new = _entry(read_settings(candidate).caches, wanted.url)
        if new is not None:
            signing_key(context.project, new)
        given = [{"kind": "cache", **to_builtins(wanted)}]
        result = conclude(context, candidate, Intent("configure", asked.reason, asked.dry_run, "syntax", edits=given))
        return replace(result, notes=(*result.notes, *_agreed(context, wanted, old, new, dry_run=asked.dry_run)))

    return patiently(context, attempt, stubborn=asked.stubborn, dry_run=asked.dry_run)


def _agreed(
    context: Context, wanted: WantedCache, old: Cache | None, new: Cache | None, *, dry_run: bool
) -> tuple[str, ...]:
    """Keep what a person agreed to by this call, and forget what is gone; the change stands, whatever comes of that."""
    root = context.project.root
    if new is not None and not _is_known(context, wanted, old, new):
        return (f"Not used yet: it says more than this call does, and no person has agreed to that ({do('allow')}).",)
    if dry_run:
        waits = new is not None and not allowed.is_allowed(root, new)
        return ("It is used once a person has agreed to it.",) * waits
    try:
        if new is not None:
            allowed.allow(root, [new])
        if old is not None and old != new:
            allowed.disagree(root, old)
    except DevkeelError as error:
        return (f"What was agreed to is not kept: {error.message}",)
    return ()


def _is_known(context: Context, wanted: WantedCache, old: Cache | None, new: Cache) -> bool:
    """Return whether a call says all that the entry does, or a person had agreed to the rest."""
    if old is not None and allowed.is_allowed(context.project.root, old):
        return True
    said = {name: value for name, value in to_builtins(new).items() if value is not None}
    return said == wanted.values()


def _entry(caches: tuple[Cache, ...], url: str) -> Cache | None:
    return next((item for item in caches if item.url == url), None)


def _require_sound(wanted: WantedCache) -> None:
    """Refuse what devkeel.toml could not say. Raises UsageError `bad_cache`."""
    for name, value in wanted.values().items():
        why = why_wrong(name, value)
        if why is not None:
            raise UsageError(
                "bad_cache",
                f"The cache cannot be named: its {name} {why}.",
                remedy="Give the URL of a store, the public key of whoever signs it, and the file of the key.",
            )


def _unknown(context: Context, wanted: WantedCache) -> UsageError:
    return UsageError(
        "unknown_cache",
        f"{SETTINGS} names no such cache.",
        seen=wanted.url[:200],
        remedy="Name one that it has, as it is written there.",
        alternatives=tuple(item.url for item in context.settings.caches),
    )
