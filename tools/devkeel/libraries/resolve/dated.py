"""What a project's Python libraries resolve to, and when each version was published: asked of uv.

Without uv it is asked of pip, whose report has no dates. Nothing is installed.
"""

from __future__ import annotations

import json
import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from packaging.version import InvalidVersion, Version

from devkeel.diagnosis.network import is_unreached
from devkeel.errors import CheckFailed
from devkeel.libraries.manifests.pyproject import requirements_of
from devkeel.libraries.manifests.requirement import canonicalize_name
from devkeel.libraries.manifests.requirements_file import included_by
from devkeel.libraries.resolve.declared_python import PINNED
from devkeel.libraries.resolve.includes import require_beneath
from devkeel.libraries.resolve.installers import find_uv, pip_of
from devkeel.libraries.resolve.interpreter import interpreter
from devkeel.libraries.resolve.resolvers import (
    READS,
    SECONDS,
    ResolverRun,
    ask,
    ask_aged,
    registry_unreachable,
    unresolvable,
)
from devkeel.pinned.uv_lock import locked_packages
from devkeel.project.root import DECLARATION
from devkeel.runtime import executing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.libraries.resolve.parts import Parts

__all__ = ["DatedVersions", "versions_at", "versions_of"]

_PYPROJECT, _LOCK = "pyproject.toml", "uv.lock"
# PEP 751: `pylock.NAME.toml`. In a stage alone, as the others.
_PYLOCK, _REPORT, _ONE = "pylock.devkeel.toml", ".devkeel-report.json", ".devkeel-one.txt"
# A release is several files, and what it was built with was there before the first of them.
_AFTER = timedelta(hours=1)


class DatedVersions(Struct, frozen=True):
    """The versions of distributions, by normalised name, and when each was published, where the index says so."""

    held: Mapping[str, str]
    dates: Mapping[str, datetime]


def versions_of(
    subject: Candidate, manifest: str, parts: Parts, python: str | None = None, timeout: float = SECONDS
) -> DatedVersions:
    """Return what a manifest resolves to, with the lock that it has.

    parts: of the project. python: as a call names it. timeout: seconds. Raises CheckFailed `unresolvable`, Unavailable.
    """
    uv, path = find_uv(), _python(subject, python)
    if uv is None:
        return _by_pip(subject, manifest, path, timeout)
    if manifest == _PYPROJECT and subject.read(_LOCK) is not None:
        question = ResolverRun("uv", (uv, "lock", "--quiet", "--python", path), _LOCK)
        return _versions(locked_packages(_asked(subject, question, manifest, timeout)))
    flags = (("--extra", parts.extras), ("--group", parts.groups if not parts.files else ()))
    more = tuple(word for flag, names in flags for name in names for word in (flag, name))
    question = _compiling(uv, path, (*more, manifest, *parts.files))
    return _compiled(_asked(subject, question, manifest, timeout))


def versions_at(
    subject: Candidate, requirement: str, newest: datetime, python: str | None = None, timeout: float = SECONDS
) -> DatedVersions | None:
    """Return what a requirement alone resolved to at a time; None where it did not, or there is no uv.

    newest: nothing that was published later is taken. The rest as `versions_of`.
    """
    uv = find_uv()
    if uv is None:
        return None
    question = _compiling(uv, _python(subject, python), ("--exclude-newer", _time(newest), _ONE))
    try:
        return _compiled(_asked(subject.but(_ONE, f"{requirement}\n".encode()), question, _ONE, timeout, aged=False))
    except CheckFailed:
        return None


def _time(newest: datetime) -> str:
    return (newest.astimezone(UTC) + _AFTER).isoformat(timespec="seconds").replace("+00:00", "Z")


def _python(subject: Candidate, named: str | None) -> str:
    names = (PINNED, _PYPROJECT, DECLARATION)
    return interpreter({name: data for name in names if (data := subject.read(name)) is not None}, named).path


def _compiling(uv: str, python: str, words: Iterable[str]) -> ResolverRun:
    argv = (uv, "pip", "compile", "--quiet", "--no-header", "--python", python, "--format", "pylock.toml")
    return ResolverRun("uv", (*argv, "--output-file", _PYLOCK, *words), _PYLOCK)


def _asked(subject: Candidate, question: ResolverRun, manifest: str, timeout: float, *, aged: bool = True) -> bytes:
    """Return the lock that a resolver makes. aged: whether the project's rule of ages holds."""
    subject.basis.gather(READS)
    if manifest.endswith((".txt", ".in")):
        subject.basis.follow(manifest, included_by)
    require_beneath(subject.root, manifest, subject.read)
    shown = partial(subject.basis.stage, subject.basis.there | subject.changed)
    with executing():
        old = subject.read(question.lock)
        if aged:
            code, data, told, _ = ask_aged(subject.basis, question, "", shown, timeout, old)
        else:
            code, data, told = ask(question, "", shown, timeout)
    if code and is_unreached(told):
        raise registry_unreachable(question.judge, told)
    if code:
        raise unresolvable(told, manifest)
    return data


def _compiled(data: bytes) -> DatedVersions:
    """Return the versions of a pylock.toml (PEP 751)."""
    return _versions(tomllib.loads(data.decode()).get("packages", []))


def _versions(items: Iterable[Mapping[str, Any]]) -> DatedVersions:
    held, dates = dict[str, str](), dict[str, datetime]()
    for item in items:
        name, version = canonicalize_name(str(item.get("name", ""))), str(item.get("version", ""))
        # Where markers part several versions, the newest stands for them: it is what an older bound is about.
        if not version or (name in held and not _is_newer(version, held[name])):
            continue
        held[name] = version
        files = [*([item["sdist"]] if "sdist" in item else []), *item.get("wheels", [])]
        times = [time for file in files if (time := _time_of(file.get("upload-time"))) is not None]
        if times:
            dates[name] = min(times)
    return DatedVersions(held, dates)


def _time_of(value: object) -> datetime | None:
    """Return a time that a lock has: of TOML's own kind in a pylock.toml and newer locks, a text in older ones."""
    if isinstance(value, str):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    return value if isinstance(value, datetime) else None


def _is_newer(version: str, other: str) -> bool:
    try:
        return Version(version) > Version(other)
    except InvalidVersion:
        return False


def _by_pip(subject: Candidate, manifest: str, python: str, timeout: float) -> DatedVersions:
    wanted: tuple[str, ...] = ("--requirement", manifest)
    if manifest == _PYPROJECT:
        wanted = requirements_of(subject.read(manifest) or b"", extras=(), groups=())
    if not wanted:
        return DatedVersions({}, {})
    trial = ("--dry-run", "--ignore-installed", "--quiet", "--no-input", "--report", _REPORT)
    question = ResolverRun("pip", (*pip_of(python), "install", *trial, *wanted), _REPORT)
    data = _asked(subject, question, manifest, timeout)
    found = [item["metadata"] for item in json.loads(data).get("install", [])]
    return DatedVersions({canonicalize_name(item["name"]): str(item["version"]) for item in found}, {})
