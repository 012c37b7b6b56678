"""devenv.yaml and devenv.lock, as text: keys, input references, imports, and whether the lock belongs to the file.

devenv accepts unknown keys silently, so they are warnings here. The keys are those of devenv 2.2.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

from devkeel.checks.flake_references import url_problem
from devkeel.errors import Diagnostic, Place
from devkeel.nix_cli.declared_inputs import IMPLIED, entries, is_inputs, root_of, text_of
from devkeel.nix_cli.references import is_other
from devkeel.pinned.flake_lock import VERSIONS, parse_lock, read_lock
from devkeel.project.root import DECLARATION, INPUTS, LOCK
from devkeel.source.plain_data import position
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World
    from devkeel.errors import Severity
    from devkeel.source.yaml.document import Item

__all__ = ["check_inputs", "is_newer", "known_inputs"]

_NIXPKGS = frozenset(
    {
        *("allow_unfree", "allow_broken", "allow_unsupported_system", "allow_non_source", "cuda_support"),
        *("cuda_capabilities", "rocm_support", "permitted_insecure_packages", "permitted_unfree_packages"),
        *("allowlisted_licenses", "blocklisted_licenses", "android_sdk", "per_platform"),
    }
)
_KEYS: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            *("require_version", "inputs", "nixpkgs", "imports", "clean", "impure", "backend", "secretspec"),
            *("allow_unfree", "allow_broken", "allow_unsupported_system", "permitted_insecure_packages"),
            *("profile", "reload", "strict_ports", "shell", "name"),
        }
    ),
    "inputs.*": frozenset({"url", "flake", "follows", "inputs", "overlays"}),
    "inputs.*.inputs.*": frozenset({"url", "flake", "follows", "inputs", "overlays"}),
    "nixpkgs": _NIXPKGS,
    "clean": frozenset({"enabled", "keep"}),
    "secretspec": frozenset({"enable", "profile", "provider", "cachix_auth_token"}),
}
_TABLE_MADE = 1_787_356_800  # 22 August 2026, the last change of devenv 2.2's modules
_ALIKE = 60  # of 100
_PARTS = "its nodes, root or version are missing"


def check_inputs(subject: Candidate, _: World | None = None) -> list[Diagnostic]:
    """Return what is wrong with the devenv.yaml files and with devenv.lock; the modules say nothing of them."""
    found, known = list[Diagnostic](), known_inputs(subject)
    for name in sorted(subject.files):
        if is_inputs(name):
            found += _Inputs(subject, name, known).check()
    return found + _check_lock(subject)


def known_inputs(subject: Candidate) -> set[str]:
    """Return the names of the inputs that devenv.yaml, what it imports, or the lock has."""
    found = set(IMPLIED)
    for name, data in subject.files.items():
        if is_inputs(name):
            root = root_of(data, name)
            # A misspelt `inputs` is a finding of its own; what stands below it is not missing too.
            names = [entry.key.value for entry in entries(root)]
            keys = [name for name in names if name == "inputs" or _near(name, ["inputs"])]
            found |= {entry.key.value for key in keys for entry in entries(root, key)}
    lock = read_lock(subject.locks.get(LOCK))
    return found | (lock.own.keys() if lock else set())


def _near(name: str, names: Any) -> list[str]:  # noqa: ANN401  (any collection of text)
    from rapidfuzz import process  # noqa: PLC0415  (8 ms that only a mistake needs)
    from rapidfuzz.distance import OSA  # noqa: PLC0415  (with the 8 ms)

    far = max(1, len(name) // 3)
    near = process.extract(name, list(names), limit=3, score_cutoff=_ALIKE)
    return [found for found, _, _ in near if OSA.distance(name, found) <= far]


class _Inputs:
    """One devenv.yaml."""

    def __init__(self, subject: Candidate, name: str, known: set[str]) -> None:
        self.subject, self.name, self.known = subject, name, known
        self.text = subject.files[name].decode("utf-8", "replace")
        self.root = root_of(subject.files[name], name)

    def check(self) -> Iterator[Diagnostic]:
        yield from self._keys(self.root, ())
        for entry in entries(self.root, "inputs"):
            yield from self._input(entry.key.value, entry.value)
        yield from self._imports()

    def _at(self, item: Item) -> Place:
        return Place(self.name, *position(self.text, item.start))

    def _say(
        self, code: str, severity: Severity, message: str, item: Item, subject: str, *suggestions: dict[str, Any]
    ) -> Diagnostic:
        named = tuple(edit | {"file": self.name} for edit in suggestions)
        return Diagnostic(code, severity, message, "schema", self._at(item), subject, named)

    def _keys(self, item: Item | None, path: tuple[str, ...]) -> Iterator[Diagnostic]:
        pattern = ".".join("*" if index % 2 and path[0] == "inputs" else part for index, part in enumerate(path))
        known = _KEYS.get(pattern)
        for entry in entries(item):
            name = entry.key.value
            if known is not None and name not in known and _snake(name) not in known:
                near = _near(_snake(name), known)
                meant = f"; nearest: {near[0]}" if near else ""
                dotted = ".".join((*path, name))
                edits = [{"kind": "replace_text", "old": f"{name}:", "new": f"{other}:"} for other in near[:1]]
                yield self._say(
                    "unknown_key", "warning", f"{dotted} means nothing to devenv{meant}", entry.key, dotted, *edits
                )
            yield from self._keys(entry.value, (*path, name))

    def _input(self, name: str, item: Item) -> Iterator[Diagnostic]:
        fields = {entry.key.value: entry.value for entry in entries(item)}
        url = text_of(fields.get("url"))
        problem = url_problem(url, lambda path: self._there(self._beside(path))) if url is not None else None
        if problem:
            why, right = problem
            edits = [{"kind": "set_input", "name": name, "url": right}] if right else []
            path = f"inputs.{name}.url"
            yield self._say("bad_input_url", "error", f"{path} is {url!r}: {why}", fields["url"], path, *edits)
        for inner in entries(item, "inputs"):
            target = next((entry.value for entry in entries(inner.value) if entry.key.value == "follows"), None)
            text = text_of(target)
            if text and target is not None and text.split("/")[0] not in self.known:
                near = _near(text, self.known)
                meant = f"; nearest: {near[0]}" if near else ""
                path = f"inputs.{name}.inputs.{inner.key.value}.follows"
                edits = [{"kind": "set", "path": path, "value": other} for other in near[:1]]
                message = f"{path} is {text}, which is no input{meant}"
                yield self._say("unknown_input", "error", message, target, path, *edits)

    def _imports(self) -> Iterator[Diagnostic]:
        item = next((entry.value for entry in entries(self.root) if entry.key.value == "imports"), None)
        if item is None or item.kind != "list":
            return
        for child in item.items:
            target = text_of(child)
            if target is None:
                continue
            if target.startswith("path:"):
                continue  # of the file system, as devenv's own command writes it
            # Other imports begin with the name of an input (devenv, devenv-nix-backend/bootstrap/bootstrapLib.nix).
            if not target.startswith((".", "/")):
                first = target.split("/")[0]
                if first not in self.known:
                    message = f"the import {target} is of an input that is not there"
                    yield self._say("unknown_input", "error", message, child, "imports")
                continue
            path = self._beside(target)
            if not self._leaves(path) and not self._there(path):
                message = f"the import {target} is not there"
                yield self._say("missing_import", "error", message, child, "imports")

    def _beside(self, target: str) -> str:
        """Return where a path leads, relative to the project's root; one that begins with / from the work tree's."""
        base = self.subject.way_to_work_tree if target.startswith("/") else posixpath.dirname(self.name)
        return posixpath.normpath(posixpath.join(base, target.lstrip("/")))

    def _leaves(self, path: str) -> bool:
        """Return whether a path leads out of the work tree, where nothing is looked at."""
        return path.split("/").count("..") > self.subject.way_to_work_tree.split("/").count("..")

    def _there(self, path: str) -> bool:
        inside = [path, posixpath.join(path, DECLARATION), posixpath.join(path, INPUTS)]
        return self.subject.exists(path) or any(name in self.subject.files for name in inside)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower().replace("-", "_")


def is_newer(lock: bytes | None) -> bool:
    """Return whether a lock pins a devenv that is younger than the built-in table of options."""
    found = read_lock(lock)
    try:
        return found is not None and int(found.locked("devenv")["lastModified"]) > _TABLE_MADE
    except (ValueError, KeyError, TypeError):
        return False


def _check_lock(subject: Candidate) -> list[Diagnostic]:
    """Return whether devenv.lock is a lock, and whether it locks what devenv.yaml asks for."""
    data = subject.locks.get(LOCK)
    if data is None:
        return []
    try:
        lock = parse_lock(data)
    except ValueError as error:
        return [_lock("bad_lock", "error", f"{LOCK} is no lock file: {_why(error)}")]
    if lock.root is None or lock.version is None:
        return [_lock("bad_lock", "error", f"{LOCK} is no lock file: {_PARTS}")]
    if lock.version not in VERSIONS or not lock.whole:
        return [_lock("bad_lock", "error", f"{LOCK} is a lock of version {lock.version!r}, or has no root")]
    locked, found = lock.own, []
    for entry in entries(root_of(subject.files.get(INPUTS, b""), INPUTS), "inputs"):
        name = entry.key.value
        url = next((text_of(field.value) for field in entries(entry.value) if field.key.value == "url"), None)
        if url is None or url_problem(url):
            continue
        if name not in locked:
            found.append(
                _lock("lock_stale", "warning", f"{LOCK} does not lock the input {name}: {do('lock')} does", name)
            )
        elif is_other(url, lock.original(locked[name])):
            found.append(
                _lock(
                    "lock_stale",
                    "warning",
                    f"{LOCK} locks the input {name} from another place: {do('lock')} moves it",
                    name,
                )
            )
    return found


def _lock(code: str, severity: Severity, message: str, subject: str | None = None) -> Diagnostic:
    return Diagnostic(code, severity, message, "schema", Place(LOCK), subject)


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}"
    return _PARTS
