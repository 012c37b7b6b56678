"""Locks that uv makes: uv.lock of a pyproject.toml, and requirements files that it compiles, with hashes.

uv keeps what a lock pins where it fits, unless it is to upgrade (uv documentation, Locking and syncing; Compiling).
"""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING

from devkeel.diagnosis.network import is_unreached
from devkeel.errors import Place, Refused, Unavailable
from devkeel.libraries.manifests.hashes import filled
from devkeel.libraries.manifests.requirement_lines import decoded, lines_of
from devkeel.libraries.manifests.requirements_file import included_by, lines_included
from devkeel.libraries.resolve.compile_command import command_of
from devkeel.libraries.resolve.cool_down import with_age
from devkeel.libraries.resolve.declared_python import PINNED
from devkeel.libraries.resolve.includes import require_beneath
from devkeel.libraries.resolve.installers import find_uv
from devkeel.libraries.resolve.interpreter import interpreter
from devkeel.libraries.resolve.resolvers import (
    READS,
    SECONDS,
    ResolverRun,
    ask,
    ask_aged,
    compile_run,
    registry_unreachable,
    unresolvable,
)
from devkeel.libraries.resolve.versions import HASHED
from devkeel.project.root import DECLARATION
from devkeel.runtime import executing
from devkeel.source.splice import Splice, apply

if TYPE_CHECKING:
    from collections.abc import Collection

    from devkeel.candidate.candidate import Candidate
    from devkeel.libraries.manifests.requirement_lines import LogicalLine

__all__ = ["compile_requirements", "lock_project", "refresh_hashes", "uv_denies"]

_PYPROJECT, _LOCK = "pyproject.toml", "uv.lock"
_SHOWN = 2000


def lock_project(subject: Candidate, renew: Collection[str] | None) -> bytes:
    """Return the uv.lock of pyproject.toml. renew: names to upgrade, none of them, or None for all.

    Raises CheckFailed `unresolvable`, Unavailable.
    """
    uv, python = _tools(subject, _LOCK)
    upgrade = _upgrading(renew)
    question = ResolverRun("uv", (uv, "lock", "--quiet", "--python", python, *upgrade), _LOCK)
    return _answered(subject, question, "", _PYPROJECT)


def uv_denies(subject: Candidate) -> bool:
    """Return whether uv says that its lock does not fit; without uv, or where it would need a network, it does not.

    No code of the project runs: `--no-build`.
    """
    try:
        uv, python = _tools(subject, _LOCK)
    except Unavailable:
        return False
    argv = (uv, "lock", "--quiet", "--check", "--offline", "--no-build", "--python", python)
    code, _, told = ask(
        ResolverRun("uv", argv), "", partial(subject.basis.stage, subject.basis.there | subject.changed)
    )
    return bool(code) and "needs to be updated" in told


def compile_requirements(subject: Candidate, source: str, output: str, renew: Collection[str] | None) -> bytes:
    """Return what uv compiles of a requirements file; a new one has hashes. Raises as `lock_project`."""
    uv, python = _tools(subject, output)
    subject.basis.follow(source, included_by)
    folder, name = posixpath.split(output)
    command = command_of(subject.read(output))
    if command.unknown:
        raise Refused(
            "lock_failed",
            f"{output} was compiled with {', '.join(command.unknown)}, which is not repeated here. "
            "Nothing was written.",
            place=Place(output),
            remedy="Run the command at its head.",
        )
    given = posixpath.relpath(source, folder or ".")
    return _answered(subject, compile_run(uv, python, command, (name, given), _upgrading(renew)), folder, source)


def refresh_hashes(subject: Candidate, file: str, renew: Collection[str] | None) -> bytes:
    """Return a requirements file with hashes of which some, or None for all, are at the newest version that fits.

    It is not compiled from another file: what stands in it is all that there is to go by. Raises as `lock_project`.
    """
    before = subject.read(file) or b""
    included = lines_included(file, before, subject.read)
    after = _without_versions(before, file, renew)
    if after == before:
        return before
    uv, python = _tools(subject, file)
    folder, name = posixpath.split(file)
    argv = (uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes", "--python", python)
    question = ResolverRun("uv", (*argv, "--output-file", HASHED, name), HASHED)
    return filled(file, before, after, _answered(subject.but(file, after), question, folder, file), included)


def _tools(subject: Candidate, file: str) -> tuple[str, str]:
    uv = find_uv()
    if uv is None:
        raise Unavailable(
            "tool_missing",
            f"{file} is made by uv, and uv is not installed.",
            seen=file,
            remedy="Install uv (pip install uv), then repeat the call.",
        )
    declared = {name: data for name in (PINNED, _PYPROJECT, DECLARATION) if (data := subject.read(name)) is not None}
    return uv, interpreter(declared).path


def _upgrading(renew: Collection[str] | None) -> tuple[str, ...]:
    if renew is None:
        return ("--upgrade",)
    return tuple(word for name in renew for word in ("--upgrade-package", name))


def _answered(subject: Candidate, question: ResolverRun, folder: str, manifest: str) -> bytes:
    subject.basis.gather(READS)
    require_beneath(subject.root, manifest, subject.read)
    with executing():
        shown = partial(subject.basis.stage, subject.basis.there | subject.changed)
        old = subject.read(posixpath.join(folder, question.lock))
        code, data, told, note = ask_aged(subject.basis, question, folder, shown, SECONDS, old)
        subject.notes += [note] if note else []
    if code and is_unreached(told):
        raise registry_unreachable(question.judge, told)
    if code or not data:
        failed = unresolvable(told, manifest)
        raise with_age(failed, subject.basis, question.judge, lambda: not ask(question, folder, shown)[0])
    return data


def _without_versions(before: bytes, file: str, renew: Collection[str] | None) -> bytes:
    """Return a file whose requirements to renew have neither version nor hashes; extras and markers stay."""
    text, encoding = decoded(before, file)
    changes = list[tuple[int, int, str]]()
    for line in lines_of(text):
        if line.requirement is not None and line.hashes and (renew is None or line.key in renew):
            start, end = line.argument
            changes += [(start, end, _unpinned(line)), *((first, last, "") for first, last in line.hashes)]
    splices = [
        Splice(encoding.offset(text, start), encoding.offset(text, end), put.encode(encoding.name))
        for start, end, put in changes
    ]
    return apply(before, splices).data


def _unpinned(line: LogicalLine) -> str:
    found = line.requirement
    if found is None or found.url:
        return line.shown
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    return f"{found.name}{extras}" + (f" ; {found.marker}" if found.marker else "")
