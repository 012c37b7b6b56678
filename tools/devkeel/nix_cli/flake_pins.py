"""What a flake takes from elsewhere: the inputs that flake.nix names, and what flake.lock and literal fetches pin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import CheckFailed, DevkeelError, Diagnostic, Place, Unavailable
from devkeel.nix_cli.fetching import fetch, is_other_content, literal_sources, locked_source, stored, why_not
from devkeel.nix_cli.places import require_beneath
from devkeel.nix_cli.references import is_other
from devkeel.pinned.flake_lock import read_lock
from devkeel.source import nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.nix_cli.fetching import Source

__all__ = ["FLAKE", "FLAKE_LOCK", "FlakePins", "flake_inputs", "input_definitions", "not_locked", "require_within"]

FLAKE = "flake.nix"
FLAKE_LOCK = "flake.lock"
_LOCK_IT = f"{do('lock')} locks it"
_LOCAL = re.compile(r"[\"\s=]((?:[a-z]+\+)?(?:path|file):[^\s\";]+)")
_SHOWN = 5


class FlakePins(Struct, frozen=True):
    """What a flake's evaluation may need, each held by a hash; `fetches` says whether it may be fetched."""

    sources: tuple[Source, ...]
    fetches: bool

    @classmethod
    def of(cls, subject: Candidate, lock: bytes | None) -> FlakePins:
        """Return what a lock and the literal fetches of a flake's own files pin."""
        found = read_lock(lock)
        locked = (locked_source(FLAKE_LOCK, lock or b"", key, subject.root) for key in (found.nodes if found else ()))
        return cls((*filter(None, locked), *literal_sources(subject.files)), subject.fetches)

    def missing(self, told: str) -> tuple[Source, ...]:
        """Return what the store lacks: what Nix' words name, or all where they name none of it."""
        lacking = [source for source in self.sources if not stored(source)]
        return tuple(source for source in lacking if _names(told, source)) or tuple(lacking)

    def names(self, told: str) -> bool:
        """Return whether Nix' words name something that the store lacks."""
        return any(_names(told, source) for source in self.missing(told))

    def require_hashes(self, told: str) -> None:
        """Raise CheckFailed `hash_mismatch` where Nix had something already, and it is not what is pinned."""
        if is_other_content(told) and self.names(told):
            raise _mismatch(self.missing(told)[0], told.rpartition("error:")[2].strip().split("\n")[0])

    def bring(self, told: str) -> bool:
        """Fetch what an evaluation was without; return whether something came. Raises CheckFailed `hash_mismatch`."""
        missing = self.missing(told) if self.fetches else ()
        came = [fetch(source) for source in missing]
        for source in missing:
            if (reason := why_not(source)) and is_other_content(reason):
                raise _mismatch(source, reason)
        return any(came)

    def lacks(self, told: str, reason: str) -> Unavailable:
        """Return the error about what an evaluation lacked. told: the whole output of Nix. reason: its last error."""
        missing = self.missing(told)
        if not missing:
            return Unavailable(
                "not_fetched",
                f"{FLAKE} needs what no hash pins, and an evaluation has no network: {reason}.",
                place=Place(FLAKE),
                remedy=f"Name it under inputs in {FLAKE} and pin it with {do('lock')}, or give the fetch its hash, "
                "then repeat the call.",
            )
        failed = next((why for source in missing if (why := why_not(source))), None)
        names = ", ".join(source.name for source in missing[:_SHOWN])
        return Unavailable(
            "not_fetched",
            f"The Nix store lacks what {missing[0].place.file} pins: {names}."
            + (f" Fetching it failed: {failed}" if failed else ""),
            place=missing[0].place,
            seen=missing[0].name,
            remedy="Put that right (its host, the network, your access to it), and repeat the call."
            if self.fetches
            else "Repeat the call where devkeel may execute and reach the network: it fetches what is pinned then.",
        )


def _names(told: str, source: Source) -> bool:
    words = (source.arguments.get(name) for name in ("rev", "url"))
    return any(isinstance(word, str) and word in told for word in words)


def _mismatch(source: Source, reason: str) -> CheckFailed:
    message = f"{source.name} is not what {source.place.file} pins: {reason}"
    return CheckFailed(
        "hash_mismatch",
        f"{message}. It was not taken.",
        place=source.place,
        seen=source.name,
        remedy=f"Find out who changed it, or its hash; where that was meant, pin it anew (for an input: "
        f"{do('lock', action='renew', names=[source.name])}).",
        diagnostics=(Diagnostic("hash_mismatch", "error", message, "build", source.place, source.name),),
    )


def not_locked(subject: Candidate, lock: bytes | None) -> CheckFailed | None:
    """Return why an evaluation had to fetch: an input that the lock lacks, or has from elsewhere.

    Changing the lock is not its business. None where the lock has every input, as far as the text shows.
    """
    found = read_lock(lock)
    own = found.own if found else {}
    for name, (reference, line) in flake_inputs(subject).items():
        if not reference:
            continue  # it only says what the input follows
        url = reference.get("url")
        if name not in own:
            reason = "does not lock it" if lock else "is not there"
        elif found and isinstance(url, str) and is_other(url, found.original(own[name])):
            reason = "locks it from another place"
        else:
            continue
        place = Place(FLAKE, line)
        message = f"{FLAKE} names the input {name}, and {FLAKE_LOCK} {reason}"
        return CheckFailed(
            "input_not_locked",
            f"{message}.",
            place=place,
            seen=name,
            remedy=f"Lock it with {do('lock')}, and repeat the call.",
            diagnostics=(Diagnostic("input_not_locked", "error", f"{message}: {_LOCK_IT}", "build", place, name),),
        )
    return None


def require_within(subject: Candidate, lock: bytes | None) -> None:
    """Refuse to copy into the store, for a mere check, what the lock or the text names outside of the work tree.

    Raises Unavailable `check_unavailable`.
    """
    declared = {name: reference for name, (reference, _) in flake_inputs(subject).items()}
    urls = {name: str(reference["url"]) for name, reference in declared.items() if "url" in reference}
    urls |= {name: f"path:{reference['path']}" for name, reference in declared.items() if "path" in reference}
    text = subject.files.get(FLAKE, b"").decode("utf-8", "replace")
    # Beside what was read, whatever looks like a place: the text may say it in a way that is not literal.
    unread = {f"{FLAKE}: {url}": url for url in _LOCAL.findall(text) if url not in urls.values()}
    require_beneath(subject, lock, urls | unread)


def flake_inputs(subject: Candidate) -> dict[str, tuple[dict[str, Any], int | None]]:
    """Return the inputs that flake.nix names, which Nix wants literal: their attributes and where they begin."""
    found: dict[str, tuple[dict[str, Any], int | None]] = {}
    for path, value, line in input_definitions(subject):
        reference = found.setdefault(path[1], ({}, line))[0]
        if isinstance(value, str) and len(path) == 3 and path[2] != "follows":  # noqa: PLR2004  (inputs.NAME.url)
            reference[path[2]] = value
    return found


def input_definitions(subject: Candidate) -> Iterator[tuple[nix.AttrPath, Any, int | None]]:
    """Yield what flake.nix defines of its inputs: path, value, line."""
    data = subject.files.get(FLAKE)
    if data is None:
        return
    try:
        document = nix.Document(data, FLAKE)
        for item in document.definitions:
            if len(item.path) > 1 and item.path[0] == "inputs":
                yield item.path, document.value(item), document.place(item.node.start_byte).line
    except DevkeelError:
        return
