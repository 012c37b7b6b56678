"""What is wrong with the locks of which an environment is made, by the policy that the project has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from devkeel.deferred import Deferred
from devkeel.errors import CheckFailed, Diagnostic, Place
from devkeel.project.root import digest
from devkeel.state.files import make_directory, read_record, write_record
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.backends.backend import LockStatus
    from devkeel.context import Context
    from devkeel.locks import life
    from devkeel.locks.kind import LockState
else:
    life = Deferred("devkeel.locks.life")

__all__ = ["LOCK_CODES", "asked_about", "glance", "is_strict", "lock_findings", "require_locks", "unanswered"]

LOCK_CODES = {"stale": "lock_stale", "missing": "lock_missing", "tampered": "hash_mismatch"}
_RECORD = "locks.json"


def is_strict(context: Context, *, strict: bool = False) -> bool:
    """Return whether a lock that is stale or missing is an error. strict: whether the call says so."""
    return strict or context.settings.lock_file_policy == "strict"


def lock_findings(context: Context, *, strict: bool = False) -> tuple[Diagnostic, ...]:
    """Return which locks in use are stale, missing or tampered with, by `lock_file_policy`. strict: as the call says.

    The tools that make them are asked, as far as that fetches nothing.
    """
    severe, ignored = is_strict(context, strict=strict), context.settings.lock_file_policy == "ignore" and not strict
    found = (item for item in life.locks_in_use(context) if item.state in LOCK_CODES)
    return tuple(_finding(item, strict=severe) for item in found if not ignored or item.state == "tampered")


def require_locks(context: Context, *, strict: bool = False) -> tuple[Diagnostic, ...]:
    """Return what `lock_findings` does; raise CheckFailed where one of it is an error."""
    found = lock_findings(context, strict=strict)
    if any(item.severity == "error" for item in found):
        raise _unusable(found)
    return found


def glance(context: Context) -> tuple[Diagnostic, ...]:
    """Return whether the lock of the project's backend is stale or missing, by the text of the files alone."""
    status = context.active().lock_status(context.project)
    wrong = status.state in LOCK_CODES and context.settings.lock_file_policy != "ignore"
    return (_finding(status, strict=is_strict(context)),) if wrong else ()


def unanswered(context: Context) -> tuple[str, ...]:
    """Return the locks that are stale or missing, could be made here, and no person was asked about as they are."""
    if context.settings.lock_file_policy == "ignore":
        return ()
    known = (read_record(context.project.state / _RECORD) or {}).get("asked", {})
    wrong = [item for item in life.locks_in_use(context) if item.state in ("stale", "missing") and life.can_make(item)]
    return tuple(item.file for item in wrong if known.get(item.file) != _mark(context, item.file))


def asked_about(context: Context, names: Iterable[str]) -> None:
    """Remember that a person was asked about these locks, so that the same is not asked again."""
    path = context.project.state / _RECORD
    known = (read_record(path) or {}).get("asked", {})
    make_directory(context.project.state)
    write_record(path, {"asked": known | {name: _mark(context, name) for name in names}})


def _mark(context: Context, name: str) -> str:
    data = context.project.read(name)
    return digest(data) if data is not None else "missing"


def _finding(item: LockState | LockStatus, *, strict: bool) -> Diagnostic:
    place = item.file or ""
    if item.state == "tampered":
        message = item.reason or f"{place} does not hold what it names"
    else:
        message = f"{place} is {item.state}" + (f": {item.reason}" if item.reason else f": {do('lock')} makes it")
    severity: Literal["info", "warning", "error"] = "warning" if item.state == "stale" else "info"
    if strict or item.state == "tampered":
        severity = "error"
    code = "lock_stale" if item.state == "stale" else "lock_missing" if item.state == "missing" else "hash_mismatch"
    return Diagnostic(code, severity, message, "lock", Place(place))


def _unusable(found: tuple[Diagnostic, ...]) -> CheckFailed:
    first = next(item for item in found if item.severity == "error")
    tampered = first.code == LOCK_CODES["tampered"]
    return CheckFailed(
        first.code,
        f"{first.message}. Nothing was applied.",
        place=first.place,
        remedy="Find out who changed what it names; where that was meant, make the lock anew: "
        f"{do('lock', action='renew')}."
        if tampered
        else f"Make it with {do('lock')}; whether it has to be current is lock_file_policy in devkeel.toml.",
        diagnostics=found,
    )
