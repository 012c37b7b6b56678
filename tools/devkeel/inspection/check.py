"""Checking the files as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.candidate.basis import Basis
from devkeel.change.judge import report_on
from devkeel.checks import run_checks
from devkeel.environments.locks import LOCK_CODES, is_strict, lock_findings
from devkeel.errors import Diagnostic
from devkeel.project.root import DECLARATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.checks.report import CheckReport
    from devkeel.context import Context

__all__ = ["check"]

_OF_LOCKS = frozenset({*LOCK_CODES.values(), "input_not_locked"})


def check(context: Context, level: str | None, *, second_opinion: bool, strict: bool = False) -> CheckReport:
    """Run the ladder on the files as they are; see `Environment.check`."""
    context = context.through(Basis(context.project))
    declared = context.candidate(context.declaration())
    strict = is_strict(context, strict=strict)
    if DECLARATION in declared.files:
        with context.building():
            report = run_checks(declared, level=level, second_opinion=second_opinion)
        # The rungs judge devenv.lock themselves.
        return _with_locks(context, report, lock_findings(context, strict=True) if strict else (), strict=strict)
    with context.building():
        report = report_on(context, declared, level)
    # What a rung missed in the lock is not said once more of the lock.
    said = any(item.code == "input_not_locked" for item in report.diagnostics)
    locks = () if said and not strict else lock_findings(context, strict=strict)
    return _with_locks(context, report, locks, strict=strict)


def _with_locks(context: Context, report: CheckReport, locks: Sequence[Diagnostic], *, strict: bool) -> CheckReport:
    """Return a report with what is wrong with the locks, each once, as the policy of the project has it."""
    ignored = context.settings.lock_file_policy == "ignore" and not strict
    said = [
        replace(item, severity="error") if strict and item.code in _OF_LOCKS else item
        for item in report.diagnostics
        if not (ignored and item.code in (LOCK_CODES["stale"], LOCK_CODES["missing"]))
    ]
    known = {item.place.file for item in said if item.code in _OF_LOCKS and item.place}
    found = (*said, *(item for item in locks if item.place is None or item.place.file not in known))
    found = (*_unread(context), *found)
    return replace(report, ok=not any(item.severity == "error" for item in found), diagnostics=found)


def _unread(context: Context) -> Iterator[Diagnostic]:
    """Yield that the settings cannot be used, where the files are looked at nevertheless."""
    error = context.opened.unread
    if error is not None:
        yield Diagnostic(error.code, "error", error.message, "schema", error.place, error.seen)
