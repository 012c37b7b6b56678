"""What inputs may refer to: small rules that a team names, and which reference breaks which.

A rule says yes, no, or that the text does not tell. What it does not tell is no finding: it is listed apart.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.checks.declared_references import FORGE_HOSTS, declared_references
from devkeel.errors import Diagnostic
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import LOCK
from devkeel.source.flake_reference import FORGES
from devkeel.source.inputs import is_flake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from devkeel.checks.declared_references import DeclaredReference
    from devkeel.errors import Severity
    from devkeel.pinned.flake_lock import Lock

__all__ = ["RULES", "Judged", "judge_references", "locks_of"]

_GITHUB = ("github.com", "githubusercontent.com", "github.io")
_REMOTE = ("git", "hg", "web")


class Judged(Struct, frozen=True):
    """What came of judging references. looked: how many there are. findings: each with its file and line.

    doubtful: references of which a rule cannot say whether they are allowed, and why.
    """

    looked: int
    findings: tuple[Diagnostic, ...] = ()
    doubtful: tuple[Diagnostic, ...] = ()


class _Known(Struct, frozen=True):
    """A reference, and what the lock has for it: None without a lock, empty where that lacks it."""

    reference: DeclaredReference
    locked: Mapping[str, object] | None

    @property
    def kind(self) -> str:
        """Its kind; of a name in the registry the one that it was locked as, where it was."""
        if self.reference.kind == "registry" and self.locked:
            return str(self.locked.get("type", "unknown"))
        return self.reference.kind


def _from_github(known: _Known) -> bool | None:
    host = known.reference.host
    if known.kind == "github":
        # A host of its own is an installation of GitHub somewhere.
        return True if host in (None, "github.com") else None
    if known.kind in _REMOTE and host is not None:
        return any(host == name or host.endswith(f".{name}") for name in _GITHUB)
    return None if known.kind in ("unknown", "registry", *_REMOTE, "tarball", "file") else False


def _from_forge(known: _Known) -> bool | None:
    if known.kind in ("unknown", "registry"):
        return None
    if known.kind in FORGES:
        # A host of its own is an installation of the same somewhere.
        return True if known.reference.host in (None, *FORGE_HOSTS.values()) else None
    return _from_github(known)


def _no_path(known: _Known) -> bool | None:
    return None if known.kind in ("unknown", "registry") else known.kind != "path"


def _no_registry(known: _Known) -> bool | None:
    return None if known.reference.kind == "unknown" else known.reference.kind != "registry"


def _exact(known: _Known) -> bool | None:
    if known.reference.text is None:
        return None
    return known.reference.pinned or _is_own(known.reference)


def _pinned(known: _Known) -> bool | None:
    reference, locked = known.reference, known.locked
    if reference.pinned or _is_own(reference):
        return True
    if locked is None:
        return None if reference.text is None else False
    return "narHash" in locked and ("rev" in locked or known.kind not in (*FORGES, "git", "hg"))


def _is_own(reference: DeclaredReference) -> bool:
    """Return whether it is a path relative to the file that names it: a part of the project, at its own revision."""
    text = reference.text or ""
    return reference.kind == "path" and (text.partition(":")[2] or text).startswith(".")


class _Rule(Struct, frozen=True):
    """A rule: what it asks, and what a reference that breaks it does."""

    asks: Callable[[_Known], bool | None]
    broken: str


RULES: Mapping[str, _Rule] = {
    "github-only": _Rule(_from_github, "is not from GitHub"),
    "forges-only": _Rule(_from_forge, "is not from GitHub, GitLab or SourceHut"),
    "no-path": _Rule(_no_path, "is a path of this machine"),
    "no-registry": _Rule(_no_registry, "is a name that each machine's registry gives its own meaning"),
    "pinned": _Rule(_pinned, "is held to no revision and hash, neither by itself nor by the lock"),
    "exact": _Rule(_exact, "names no revision and no hash itself"),
}
"""The rules by the names that devkeel.toml has for them (`project.settings.REFERENCE_RULES`)."""


def judge_references(files: Mapping[str, bytes], locks: Mapping[str, bytes | None], rules: Iterable[str]) -> Judged:
    """Return which references of inputs break which of the rules.

    files: flake.nix and devenv.yaml files by name, others are passed over. locks: those of `locks_of` that there are.
    rules: names of `RULES`.
    """
    references = declared_references(files)
    read = {name: read_lock(data) for name, data in locks.items()}
    findings, doubtful = list[Diagnostic](), list[Diagnostic]()
    wanted = tuple(dict.fromkeys(rules))
    for reference in references:
        known = _Known(reference, _locked(reference, read))
        for name in wanted:
            answer = RULES[name].asks(known)
            if answer is False:
                # The lock that would hold it is made of the file: to refuse the file would be a circle.
                waits = name == "pinned" and known.locked is None
                findings.append(_finding(reference, name, RULES[name].broken, waits=waits))
            elif answer is None:
                doubtful.append(_doubt(reference, name))
    return Judged(len(references), tuple(findings), tuple(doubtful))


def locks_of(files: Iterable[str]) -> tuple[str, ...]:
    """Return the locks that pin the inputs of these files: a flake's is beside it, devenv.yaml files share one."""
    return tuple(dict.fromkeys(map(_lock_of, files)))


def _lock_of(file: str) -> str:
    return posixpath.join(posixpath.dirname(file), "flake.lock") if is_flake(file) else LOCK


def _locked(reference: DeclaredReference, locks: Mapping[str, Lock | None]) -> Mapping[str, object] | None:
    lock = locks.get(_lock_of(reference.place.file))
    if lock is None or not lock.whole:
        return None
    try:
        key = lock.root
        for name in reference.name.split("/"):
            key = lock.inputs_of(key)[name]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return lock.locked(key)


def _finding(reference: DeclaredReference, rule: str, broken: str, *, waits: bool) -> Diagnostic:
    """Return the finding. waits: whether a lock that is not there yet would keep the rule."""
    message = f"The input {reference.name} {broken}: {reference.text} ({rule})"
    severity: Severity = "warning" if waits else "error"
    return Diagnostic("reference_not_allowed", severity, message, "schema", reference.place, reference.name)


def _doubt(reference: DeclaredReference, rule: str) -> Diagnostic:
    why = "the text does not write it out" if reference.text is None else f"{reference.text} does not say it"
    message = f"Whether the input {reference.name} keeps the rule {rule} is not known: {why}"
    return Diagnostic("reference_in_doubt", "info", message, "schema", reference.place, reference.name)
