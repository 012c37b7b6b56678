"""Checking the files as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.candidate.basis import Basis
from devkeel.change.judge import report_on
from devkeel.checks import run_checks
from devkeel.environments.locks import lock_findings
from devkeel.project.root import DECLARATION

if TYPE_CHECKING:
    from devkeel.checks.report import CheckReport
    from devkeel.context import Context

__all__ = ["check"]


def check(context: Context, level: str | None, *, second_opinion: bool) -> CheckReport:
    """Run the ladder on the files as they are; see `Environment.check`."""
    context = context.through(Basis(context.project))
    declared = context.candidate(context.declaration())
    if DECLARATION not in declared.files:
        report = report_on(context, declared, level)
        # What a rung missed in the lock is not said once more of the lock.
        said = any(item.code == "input_not_locked" for item in report.diagnostics)
        return replace(report, diagnostics=(*report.diagnostics, *(() if said else lock_findings(context))))
    return run_checks(declared, level=level, second_opinion=second_opinion)
