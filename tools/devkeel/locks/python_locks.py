"""uv.lock and requirements files with hashes, which uv makes."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.backends.registry import backend_named, select
from devkeel.libraries.manifests import pyproject
from devkeel.libraries.manifests.requirement import canonicalize_name
from devkeel.libraries.manifests.requirement_lines import lines_of, tolerant_text
from devkeel.libraries.manifests.requirements_file import compiled_by, lines_included
from devkeel.libraries.resolve import uv_locking
from devkeel.libraries.resolve.installers import find_uv
from devkeel.locks.kind import LockState
from devkeel.pinned import requirements, uv_lock

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.libraries.manifests.requirement_lines import LogicalLine

__all__ = ["RequirementsLock", "UvLock"]

_PYPROJECT, _LOCK = "pyproject.toml", "uv.lock"
# Other locks of a pyproject.toml, which say that another tool resolves it.
_OTHERS = ("poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "requirements.txt")
_FILES = ("*requirements*.txt", "*requirements*.in", "*requirements/*.txt", "*requirements/*.in")
_PIECE = re.compile(r"(?:[\w.][\w.-]*)?requirements[\w.-]*\.(?:txt|in)|.*requirements/\w[\w.-]*\.(?:txt|in)")


class UvLock(Struct, frozen=True):
    """uv.lock: the libraries of pyproject.toml."""

    name: str = "uv"
    executes: bool = True
    backend: str = "venv"

    def can_make(self) -> bool:
        """Return whether uv is there."""
        return find_uv() is not None

    def files(self, subject: Candidate) -> tuple[str, ...]:
        """Return uv.lock where there is one, or a pyproject.toml that uv could lock."""
        data = subject.read(_PYPROJECT)
        if data is None:
            return ()
        # uv locks projects (PEP 621); Poetry's tables it does not read.
        lockable = pyproject.declares(data) and (b"[project]" in data or b"[tool.poetry" not in data)
        return (_LOCK,) if lockable or subject.exists(_LOCK) else ()

    def names(self, subject: Candidate, file: str) -> Collection[str]:
        """Return the libraries that are pinned."""
        try:
            return set(uv_lock.pinned(subject.read(file) or b""))
        except (ValueError, KeyError, TypeError, AttributeError):
            return set()

    def make(self, subject: Candidate, file: str, renew: Collection[str] | None) -> bytes:  # noqa: ARG002  (there is one)
        """Return it."""
        return uv_locking.lock_project(subject, renew)

    def check(self, subject: Candidate, file: str) -> LockState:
        """Compare it with pyproject.toml, by its content and by uv."""
        found = backend_named("venv").lock_status(subject)
        if found.state == "missing" and not self._wanted(subject):
            return LockState(file, self.name, "unwanted")
        wrong = self._without_hash(subject.read(file))
        if wrong:
            why = f"The hash of {', '.join(wrong[:5])} in {file} is none"
            return LockState(file, self.name, "tampered", why, names=wrong)
        if found.state == "current" and uv_locking.uv_denies(subject):
            return LockState(file, self.name, "stale", "uv says that it has to be updated")
        state = "unwanted" if found.state == "none" else found.state
        return LockState(file, self.name, state, found.reason)

    def _without_hash(self, data: bytes | None) -> tuple[str, ...]:
        try:
            return uv_lock.without_hash(data) if data is not None else ()
        except (ValueError, KeyError, TypeError, AttributeError):
            return ()

    def _wanted(self, subject: Candidate) -> bool:
        """Return whether the environment is one that uv would make of it, and no other tool has locked it."""
        return not any(map(subject.exists, _OTHERS)) and select(subject.basis).name == "venv"


class RequirementsLock(Struct, frozen=True):
    """Requirements files that hold each library to one version: compiled by uv from another file, or by hand."""

    name: str = "requirements"
    executes: bool = True
    backend: str = "venv"

    def can_make(self) -> bool:
        """Return whether uv is there."""
        return find_uv() is not None

    def files(self, subject: Candidate) -> tuple[str, ...]:
        """Return those that have hashes, those that uv compiled, and those that a file ending in .in would give."""
        subject.basis.gather(_FILES)
        there = {name for name, data in subject.basis.there.items() if _PIECE.fullmatch(name)}
        outputs = {name for name in there if name.endswith(".txt") and self._is_lock(subject, name)}
        wanted = {f"{name[:-3]}.txt" for name in there if name.endswith(".in")}
        return tuple(sorted(outputs | {name for name in wanted if name not in there}))

    def names(self, subject: Candidate, file: str) -> Collection[str]:
        """Return the libraries that are pinned."""
        return {line.key for line in _pins(subject, file) if line.key}

    def make(self, subject: Candidate, file: str, renew: Collection[str] | None) -> bytes:
        """Return it, compiled anew, or with new versions and hashes where it is its own source."""
        source = _source(subject, file)
        if source is not None:
            return uv_locking.compile_requirements(subject, source, file, renew)
        return uv_locking.refresh_hashes(subject, file, renew)

    def check(self, subject: Candidate, file: str) -> LockState:
        """Compare it with the file that it is compiled from."""
        data, source = subject.read(file), _source(subject, file)
        if data is None:
            return LockState(file, self.name, "missing", f"{source} is resolved anew each time")
        why = next(_wrong(subject, file, source), None)
        return LockState(file, self.name, "stale" if why else "current", why)

    def _is_lock(self, subject: Candidate, name: str) -> bool:
        data = subject.read(name) or b""
        try:
            hashed = bool(requirements.pinned(data))
        except ValueError:
            hashed = False
        tool = compiled_by(data)
        return tool != "pip-compile" and (hashed or (tool == "uv" and _source(subject, name) is not None))


def _source(subject: Candidate, file: str) -> str | None:
    """Return the file that a requirements file is compiled from; None for one that is its own source."""
    name = f"{file.removesuffix('.txt')}.in"
    return name if subject.exists(name) else None


def _pins(subject: Candidate, file: str) -> list[LogicalLine]:
    return [line for line in lines_of(tolerant_text(subject.read(file) or b"")) if line.requirement]


def _wrong(subject: Candidate, file: str, source: str | None) -> Iterator[str]:
    """Yield why a requirements file is not what its source asks for."""
    pins = _pins(subject, file)
    if any(line.hashes for line in pins):
        yield from (f"{line.shown} has no hashes" for line in pins if not line.hashes)
    if source is None:
        return
    data = subject.read(source) or b""
    asked = [*lines_of(tolerant_text(data)), *lines_included(source, data, subject.read)]
    for line in asked:
        same = [pin for pin in pins if pin.key == line.key]
        if line.requirement is None or (line.requirement.marker and not line.requirement.marker.evaluate()):
            continue
        if not any(_meets(pin, line) for pin in same):
            yield f"{source} asks for what it does not have: {line.shown}"
    keys = {line.key for line in asked}
    yield from (
        f"{source} does not ask for {name} any more"
        for name in _asked_by(subject.read(file) or b"", posixpath.basename(source))
        if name not in keys
    )


def _meets(pin: LogicalLine, asked: LogicalLine) -> bool:
    if pin.requirement is None or asked.requirement is None or asked.requirement.url or pin.requirement.url:
        return True
    versions = [item.version for item in pin.requirement.specifier if item.operator in ("==", "===")]
    return not versions or asked.requirement.specifier.contains(versions[0], prereleases=True)


_NAMED = re.compile(r"^([A-Za-z0-9][\w.-]*)")


def _asked_by(data: bytes, source: str) -> Iterator[str]:
    """Yield the libraries of which an annotation says that the source itself asks for them."""
    name = None
    for line in tolerant_text(data).splitlines():
        found = _NAMED.match(line)
        name = canonicalize_name(found[1]) if found else name
        if name and re.match(rf"\s+#(?:\s+via)?\s+-r (?:\S*/)?{re.escape(source)}\s*$", line):
            yield name
