"""Checking the files as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from devkeel.candidate.basis import Basis
from devkeel.candidate.of_project import subject_of
from devkeel.change.judge import Judge
from devkeel.checks import run_checks
from devkeel.environments.locks import lock_findings
from devkeel.project.root import DECLARATION

if TYPE_CHECKING:
    from devkeel.checks.report import CheckReport
    from devkeel.context import Context

__all__ = ["check"]


def check(context: Context, level: str | None, *, second_opinion: bool) -> CheckReport:
    """Run the ladder on the files as they are; see `Environment.check`."""
    basis = Basis(context.project)
    context = context.through(basis)
    files = context.declaration()
    subject = subject_of(basis, files, fetches=context.permission.executes)
    if DECLARATION not in files:
        report = Judge(context, basis).report(subject, level)
        return replace(report, diagnostics=(*report.diagnostics, *lock_findings(context)))
    return run_checks(subject, level=level, second_opinion=second_opinion)
