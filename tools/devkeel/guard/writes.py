"""Would a write of an agent's own tool break an environment? Judged as every edit is, by what the text shows.

Only what is certain is answered: a file outside of the project, one that cannot be read, a text that is not found, or
a file that did not parse before, is for the tool itself.
"""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.checks import added_errors, run_checks
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, PolicyRefused, ProjectError
from devkeel.guard.patches import read_patch
from devkeel.guard.policy import judge_policy_files
from devkeel.guard.question import Answer, Patch, Replacing, Running, WholeFile
from devkeel.guard.redirections import redirected
from devkeel.project.declaration import read_declaration
from devkeel.project.environment_files import is_environment_file, is_lock, is_material
from devkeel.project.root import MANIFESTS, SETTINGS
from devkeel.project.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.checks.report import CheckReport
    from devkeel.errors import Diagnostic
    from devkeel.guard import mending
    from devkeel.guard.question import Question, Replacement
    from devkeel.policy import content, protected
    from devkeel.project.root import Project
else:
    mending = Deferred("devkeel.guard.mending")
    content, protected = Deferred("devkeel.policy.content"), Deferred("devkeel.policy.protected")

__all__ = ["judge_write"]

_LEVEL = "schema"
_BROKEN = frozenset({"syntax_error", "too_deep", "not_utf8"})


def judge_write(project: Project, question: Question) -> Answer | None:
    """Return what is wrong with a write, None where nothing is, or where that is not certain."""
    try:
        basis = Basis(project)
        written = _written(basis, question)
        if project.exists(SETTINGS) or SETTINGS in written:
            answer = judge_policy_files(basis, written)
            if answer is not None:
                return answer
        candidate = _candidate(basis, {name: data for name, data in written.items() if _is_judged(name)})
        return _judged(candidate) if candidate is not None and candidate.changed else None
    except DevkeelError:
        return None  # what cannot be read or followed is not judged


def _candidate(basis: Basis, files: Mapping[str, bytes | None]) -> Candidate | None:
    """Return the project as the write would leave it, None where that is not about an environment."""
    if not files:
        return None
    candidate = Candidate(basis, read_declaration(basis))
    for name, data in files.items():
        candidate.put(name, data)
    return candidate


def _written(basis: Basis, question: Question) -> Mapping[str, bytes | None]:
    """Return the files that a tool would write, by name, with their new bytes; None for a removal.

    Of those that are not the environment's the name alone counts.
    """
    act = question.act
    if isinstance(act, Running):
        return _redirected(basis, question.folder, act.command)
    if isinstance(act, Patch):
        return _patched(basis, question.folder, act.text)
    name = basis.resolve(posixpath.join(question.folder, act.path))
    if not _is_judged(name):
        return {name: b""}
    if isinstance(act, WholeFile):
        return {name: _whole(basis.read(name), act)}
    data = basis.read(name)
    new = _replaced(data or b"", act.replacements) if data is not None or _begins(act) else None
    return {} if new is None else {name: new}


def _whole(before: bytes | None, act: WholeFile) -> bytes:
    return (before or b"" if act.appends else b"") + act.content.encode()


def _redirected(basis: Basis, folder: str, command: str) -> Mapping[str, bytes | None]:
    """Return the environment files that a shell command writes a text into, one text behind the other."""
    files: dict[str, bytes | None] = {}
    for act in redirected(command):
        if isinstance(act, Patch):
            files |= _patched(basis, folder, act.text)
            continue
        name = basis.resolve(posixpath.join(folder, act.path))
        before = files[name] if name in files else basis.read(name) if _is_judged(name) else b""
        files[name] = _whole(before, act)
    return files


def _is_judged(name: str) -> bool:
    if is_material(posixpath.dirname(name)):
        return False
    return (is_environment_file(name) or name in MANIFESTS or name == SETTINGS) and not is_lock(name)


def _begins(act: Replacing) -> bool:
    """Return whether a replacement makes a file: some tools take an empty text for that."""
    return len(act.replacements) == 1 and not act.replacements[0].old


def _replaced(data: bytes, replacements: tuple[Replacement, ...]) -> bytes | None:
    """Return the bytes with the texts replaced, None where one does not occur as often as its tool wants."""
    for item in replacements:
        old, new = item.old.encode(), item.new.encode()
        found = data.count(old) if old else int(not data)
        if not found or (item.times and found != item.times):
            return None
        data = data.replace(old, new) if old else new
    return data


def _patched(basis: Basis, folder: str, text: str) -> Mapping[str, bytes | None]:
    def read(path: str) -> bytes | None:
        return basis.read(basis.resolve(posixpath.join(folder, path)))

    found = read_patch(text, read)
    return {basis.resolve(posixpath.join(folder, path)): data for path, data in found.items()}


def _judged(candidate: Candidate) -> Answer | None:
    wrong = _settings_error(candidate)
    if wrong is not None:
        return Answer("deny", f"{wrong.message} {wrong.remedy}")
    refusal = _protected(candidate)
    if refusal is not None:
        return Answer("deny", f"{refusal.message} {refusal.remedy}")
    report = run_checks(candidate, level=_LEVEL)
    if report.ok:
        return None
    before = candidate.unchanged()
    old = run_checks(before, level=_LEVEL)
    broken = {item.place.file for item in old.diagnostics if item.code in _BROKEN and item.place is not None}
    if broken & candidate.changed.keys():
        return None  # a step of a repair is as good as any
    added = added_errors(old, report, before.files, candidate.files)
    return _answer(candidate, old, added) if added else None


def _settings_error(candidate: Candidate) -> ProjectError | None:
    if candidate.changed.get(SETTINGS) is None:
        return None
    with suppress(ProjectError):
        read_settings(candidate.basis)
        try:
            read_settings(candidate)
        except ProjectError as error:
            return error
    return None


def _protected(candidate: Candidate) -> PolicyRefused | None:
    """Return the refusal of a write that is certain to change what the team protects from edits."""
    with suppress(ProjectError):
        settings = read_settings(candidate.basis)
        try:
            if settings.rules is not None:
                content.require_kept(settings, candidate)
            if settings.protected:
                protected.require_unprotected(settings, candidate.basis, candidate.before, candidate.after)
        except PolicyRefused as error:
            return error
    return None


def _answer(candidate: Candidate, before: CheckReport, added: list[Diagnostic]) -> Answer:
    first = added[0]
    more = f" ({len(added) - 1} more)" if len(added) > 1 else ""
    reason = f"{first.place or 'The project'}: {first.message.rstrip('.')} [{first.code}]{more}."
    mended = mending.mend(candidate, before, added)
    return Answer("deny", reason, mended.edits, next=mended.next)
