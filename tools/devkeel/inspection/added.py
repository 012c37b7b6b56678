"""The errors that a commit or a branch adds, judged by the text alone: nothing of the project runs, in a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.candidate.git_tree import commit_of, commit_tree, fork_of, staged_tree
from devkeel.catalogue import cache
from devkeel.checks import added_errors, run_checks
from devkeel.checks.report import CheckReport
from devkeel.errors import Diagnostic, Place, ProjectError
from devkeel.project.declaration import environment_names, read_declaration
from devkeel.project.environment_files import is_lock
from devkeel.project.root import SETTINGS
from devkeel.project.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from devkeel.candidate.git_tree import GitTree
    from devkeel.project.root import Project, Reader

__all__ = ["check_branch", "check_staged"]

_LEVEL = "schema"
_TOLD = 5


def check_staged(project: Project, index: Path | None) -> CheckReport:
    """Return the errors that what is staged adds to HEAD; the work tree is not judged.

    index: the file that Git has it in, where that is not its own. Raises ProjectError `no_repository`.
    """
    after, before = staged_tree(project, index), commit_tree(project, commit_of(project, "HEAD"))
    changed = [name for name in after.changed_from(before) if name in environment_names() and not is_lock(name)]
    report = _added(before, after, changed, "HEAD")
    missing = sorted(after.beside)[:_TOLD]
    return report if not missing else _noting(report, f"used, and not staged: {', '.join(missing)}")


def check_branch(project: Project, reference: str) -> CheckReport:
    """Return the errors that the files as they are add to the commit at which HEAD left a reference.

    Raises UsageError `unknown_reference`, ProjectError `no_repository`.
    """
    commit, forked = fork_of(project, reference)
    before = commit_tree(project, commit)
    subject = f"{'where this branch left ' if forked else ''}{reference} ({commit[:12]})"
    report = _added(before, Basis(project), (), subject)
    return report if forked else _noting(report, "Git knows no commit that both have: fetch more of the history")


def _added(before: GitTree, after: Basis, changed: Iterable[str], subject: str) -> CheckReport:
    old, new = (Candidate(basis, (*read_declaration(basis), *changed)) for basis in (before, after))
    if not new.files:
        return CheckReport(True, (), (), (), note=f"No file declares an environment; compared with {subject}.")
    with cache.only_read():
        report, known = run_checks(new, level=_LEVEL), run_checks(old, level=_LEVEL)
    added = added_errors(known, report, old.files, new.files)
    left = sum(item.severity == "error" for item in report.diagnostics) - len(added)
    added = [*_settings(before, after), *added]
    told = f"; left out, because there before: {left}" if left > 0 else ""
    return CheckReport(not added, report.ran, report.skipped, tuple(added), note=f"Compared with {subject}{told}.")


def _settings(before: Reader, after: Reader) -> list[Diagnostic]:
    found = _wrong(after)
    if found is None or _wrong(before) is not None:
        return []
    return [
        Diagnostic(found.code, "error", f"{found.message} {found.remedy}", "settings", found.place or Place(SETTINGS))
    ]


def _wrong(reader: Reader) -> ProjectError | None:
    try:
        read_settings(reader)
    except ProjectError as error:
        return error
    return None


def _noting(report: CheckReport, note: str) -> CheckReport:
    return replace(report, note=f"{(report.note or '').rstrip('.')}; {note}.")
