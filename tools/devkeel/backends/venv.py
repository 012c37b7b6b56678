"""The venv backend: a Python environment of the project's pins, by uv where it is there, else by venv and pip.

Every realisation is a new generation: made, its libraries imported, then put in use in one step. What fails leaves the
environment as it was.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.backends import health
from devkeel.backends.backend import Applied, Backend, Evidence, HealthFinding, LockStatus
from devkeel.backends.generations import Home, describe, description_of, inputs_of, new_generation, note_inputs
from devkeel.backends.installed import Installed, installed_in
from devkeel.backends.other_worktrees import NOTE, TakenOver, made_elsewhere, own_inputs
from devkeel.diagnosis.causes import both_ends, cause
from devkeel.errors import CheckFailed, Conflict, Diagnostic, Place, Unavailable
from devkeel.libraries.declared import PYTHON
from devkeel.libraries.manifests import pyproject
from devkeel.libraries.manifests.hashes import held
from devkeel.libraries.manifests.requirement import canonicalize_name, key_of
from devkeel.libraries.manifests.requirement_lines import lines_of, tolerant_text
from devkeel.libraries.manifests.requirements_file import lines_included, requirements_in
from devkeel.libraries.resolve import failures
from devkeel.libraries.resolve.declared_python import PINNED
from devkeel.libraries.resolve.imports import require_imports
from devkeel.libraries.resolve.includes import require_beneath
from devkeel.libraries.resolve.installers import find_uv, pip_of, tool_environment
from devkeel.libraries.resolve.interpreter import interpreter
from devkeel.libraries.resolve.parts import Parts, parts_of
from devkeel.libraries.resolve.uv_lock import stale
from devkeel.project.root import DECLARATION, digest
from devkeel.runtime.holding import HeldProgram, run_held
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from devkeel.backends.backend import Realisation
    from devkeel.candidate.candidate import Candidate
    from devkeel.libraries.manifests.requirement_lines import LogicalLine
    from devkeel.libraries.resolve.interpreter import Interpreter
    from devkeel.project.root import Project, Reader
    from devkeel.runtime import Completed

__all__ = ["Venv"]

_PYPROJECT, _LOCK = "pyproject.toml", "uv.lock"
_FILES = (_PYPROJECT, "requirements.txt")
_SHOWN = 2000
_RELOCATABLE = "relocatable-envs-default"  # what `uv venv --relocatable` does, for `uv sync`
# What leads a Python or uv elsewhere: python(1), ENVIRONMENT VARIABLES; uv takes CONDA_PREFIX for an active
# environment.
_HIDDEN = ("PYTHONHOME", "PYTHONPATH", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "UV_PROJECT_ENVIRONMENT")


class Venv(Backend):
    """Environments of Python by uv or pip."""

    name = "venv"
    named = True
    languages = ("python",)

    def detect(self, project: Reader) -> Evidence | None:
        """Return why a project is this backend's: what names its Python libraries."""
        data = project.read(_PYPROJECT)
        found = [_PYPROJECT] if data is not None and pyproject.declares(data) else []
        found += [name for name in _FILES[1:] if project.exists(name)]
        return Evidence(tuple(found), f"{found[0]} names Python libraries") if found else None

    def declared(self, project: Project) -> tuple[str, ...]:
        """Return the files that declare the environment."""
        return tuple(name for name in (*_FILES, PINNED) if project.exists(name))

    def manifests(self) -> tuple[str, ...]:
        """Return where its environments name Python libraries."""
        return PYTHON

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Install the libraries into a throw-away prefix, import each, return what is wrong."""
        try:
            # Whether the project itself can be built is its own affair, and takes what no check has (its back end).
            contents = replace(realisation.contents, project=False)
            self.apply(replace(realisation, keep=None, contents=contents))
        except CheckFailed as error:
            return [*error.diagnostics]
        return []

    def apply(self, realisation: Realisation) -> Applied:
        """Make a generation; that in use is the answer where nothing differs from it."""
        home = None if realisation.keep is None else Home(realisation.keep)
        current = home.current if home else None
        pins = self._pins(realisation, fresh=home is not None and current is None)
        if current is not None and description_of(current) == pins.signature:
            if inputs_of(current) is not None:
                pins.note_at(current)
            notes = (*pins.python.notes, "nothing differs from the environment in use")
            return replace(self.applied_at(current), notes=notes)
        try:
            return self._generation(realisation, pins, current)
        except CheckFailed:
            if not pins.shared:
                raise
        # What another worktree has may be gone from the index meanwhile.
        return self._generation(realisation, self._pins(realisation), current)

    def _generation(self, realisation: Realisation, pins: _Pins, current: Path | None) -> Applied:
        with new_generation(realisation.project, realisation.keep) as prefix:
            self._make(realisation, prefix, pins, current)
            notes = (*pins.python.notes, *((NOTE,) if pins.shared and pins.text is not None else ()))
            return replace(self.applied_at(prefix), notes=notes)

    def applied_at(self, prefix: Path) -> Applied:
        """Return an environment that is made: a command in it sees its programs first."""
        # A script that calls another Python's pip by its path is refused: it runs in no virtual environment (pip,
        # src/pip/_internal/cli/cmdoptions.py, --require-virtualenv).
        variables = {"VIRTUAL_ENV": str(prefix), "PATH": str(prefix / "bin"), "PIP_REQUIRE_VIRTUALENV": "1"}
        installed = installed_in(prefix, description_of(prefix))
        judge = "uv" if find_uv() else "pip"
        return Applied(self.name, str(prefix), variables, judge, _HIDDEN, generation=prefix.name, installed=installed)

    def alive(self, applied: Applied) -> bool:
        """Return whether the generation is still there, with its interpreter."""
        # PEP 405: it is a link to the Python that it was made of, which may be gone.
        return (Path(applied.prefix) / "bin" / "python").exists()

    def test(self) -> tuple[str, ...]:
        """Return pytest, which is what a Python project's tests are run by where nothing else is said."""
        return ("python", "-m", "pytest")

    def lock_status(self, project: Reader) -> LockStatus:
        """Compare uv.lock with what pyproject.toml asks for, by content."""
        data, lock = project.read(_PYPROJECT), project.read(_LOCK)
        if data is None:
            return LockStatus(None, "none")
        if lock is None:
            return LockStatus(_LOCK, "missing", "pyproject.toml is resolved anew at each apply")
        why = stale(data, lock)
        return LockStatus(_LOCK, "stale" if why else "current", why)

    def doctor(self, project: Project) -> tuple[HealthFinding, ...]:
        """Return where uv and Python are, and how the lock is."""
        status = self.lock_status(project)
        faster = "Install it (pip install uv): without it venv and pip do the work, slower, and no uv.lock is renewed."
        return (
            health.program("uv", find_uv(), remedy=faster, needed=project.exists(_LOCK)),
            self._examined(project),
            health.lock(
                status,
                f"Make it with {do('lock')} where it should be pinned." if status.state == "missing" else _RELOCK,
            ),
        )

    def _examined(self, project: Project) -> HealthFinding:
        """Return which Python an environment would be made of."""
        try:
            found = interpreter(project.read_all((PINNED, *_FILES, DECLARATION)))
        except Unavailable as error:
            return HealthFinding(False, f"Python: {error.message}", error.remedy)
        return HealthFinding(True, f"Python: {found.path}, Python {found.version}")

    def health(self, prefix: Path) -> Iterator[HealthFinding]:
        """Yield an interpreter that is gone, and distributions that are recorded twice."""
        return health.distributions(prefix)

    def _pins(self, realisation: Realisation, *, fresh: bool = False) -> _Pins:
        """Return what is to be installed: what the lock has, else what the resolver says now, in the stage.

        fresh: there is no environment yet, which takes what another worktree resolved of the same inputs.
        """
        files, uv, root = realisation.subject.files, find_uv(), realisation.project
        pinned = root.read_all((PINNED,))
        python = interpreter({**pinned, **files}, realisation.python)
        name = realisation.contents.manifest or (_PYPROJECT if _is_project(files) else _FILES[1])
        data = realisation.subject.read(name)
        if data is None:
            raise root.missing(name)
        parts = parts_of(name, data, realisation.contents, root.room.names)
        if realisation.keep is None:  # a check; who applies asks for what the manifest says
            for file in (name, *parts.files):
                require_beneath(root.root, file, realisation.subject.read)
        beside = realisation.subject.read_all((*parts.files, *((name,) if realisation.contents.manifest else ())))
        names = _asked(realisation.subject, name, parts)
        installed = Installed.of_parts(parts, python.version, python.path, beside, names)
        pins = _Pins(name, parts, python, installed.line(), None)
        lock = root.read(_LOCK) if name == _PYPROJECT else None
        if lock is not None:
            _require_uv(uv)
            pins = pins.decided_by(realisation, {name: data, _LOCK: lock}, fresh=fresh)
            return pins.but(f"# {digest(lock)}\n# {digest(data)}\n")
        if uv is not None:
            asking = {name: data} | realisation.subject.read_all(parts.files)
            pins = pins.decided_by(realisation, asking, fresh=fresh)
        text = self._resolved(realisation, uv, pins) if pins.text is None else pins.text
        # What the project itself says of its scripts and files is installed with it, and is in no pin.
        return pins.but(text if parts.itself is None else f"{text}# {digest(data)}\n", text)

    def _resolved(self, realisation: Realisation, uv: str | None, pins: _Pins) -> str:
        """Return exact versions, one a line, with the hashes that requirements files have."""
        text = self._pins_by_pip(realisation, pins) if uv is None else self._pins_by_uv(realisation, uv, pins)
        return held(text, _lines(realisation.subject, (pins.file, *pins.parts.files)))

    def _pins_by_uv(self, realisation: Realisation, uv: str, pins: _Pins) -> str:
        parts = pins.parts
        more = (*_flags("--extra", parts.extras), *(_flags("--group", parts.groups) if not parts.files else ()))
        argv = (uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python", pins.python.path, *more)
        return self._run(realisation, (*argv, pins.file, *parts.files), pins.file, writes=True).stdout.decode()

    def _pins_by_pip(self, realisation: Realisation, pins: _Pins) -> str:
        pip = (*pip_of(pins.python.path), "install", "--dry-run", "--ignore-installed", "--quiet", "--no-input")
        if pins.file == _PYPROJECT:
            data, parts = realisation.subject.read(_PYPROJECT) or b"", pins.parts
            wanted = pyproject.requirements_of(data, groups=parts.groups, extras=parts.extras)
            if parts.itself is not None and pyproject.is_dynamic(data):
                wanted = (f".[{','.join(parts.extras)}]" if parts.extras else ".", *wanted)
        else:
            wanted = _flags("--requirement", (pins.file, *pins.parts.files))
        if not wanted:
            return ""
        done = self._run(realisation, (*pip, "--report", "-", *wanted), pins.file, writes=True)
        # The project itself is installed by its own step.
        items = [item["metadata"] for item in json.loads(done.stdout)["install"]]
        own = canonicalize_name(pins.parts.itself or "")
        found = [item for item in items if canonicalize_name(item["name"]) != own]
        return "".join(sorted(f"{item['name']}=={item['version']}\n" for item in found))

    def _run(
        self,
        realisation: Realisation,
        argv: tuple[str, ...],
        name: str,
        *,
        code: str = "unresolvable",
        writes: bool = False,
        variables: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        prefix: Path | None = None,
    ) -> Completed:
        """Run an installer where the project has the files that are realised. Raises CheckFailed `code`."""
        opener = realisation.subject.stage
        if opener is None:
            raise Unavailable("check_unavailable", "It needs the project on disk.", remedy="Ask for a lower level.")
        with ExitStack() as stack:
            place, words = realisation.project.root, tuple[str, ...]()
            # Who applies runs in the project itself: a stage would hide its secrets, or be a copy of it.
            if realisation.keep is None or writes:
                stage = stack.enter_context(opener(writes=writes))
                place, words = stage.root, stage.words
            elif realisation.subject.changed:
                raise Conflict(
                    "revision_conflict",
                    "The project's files changed while they were applied. The environment is as it was.",
                    remedy="Apply again.",
                )
            done = run_held(
                HeldProgram(
                    argv,
                    stdin=stdin,
                    timeout=realisation.timeout,
                    cwd=place,
                    environment=tool_environment() | dict(variables or {}),
                    within=words,
                    writes=() if prefix is None else (str(prefix),),
                )
            )
        if done.returncode:
            raise _failed(code, done, name)
        return done

    def _make(self, realisation: Realisation, prefix: Path, pins: _Pins, current: Path | None) -> None:
        install = partial(self._run, realisation, name=pins.file, code="install_failed", prefix=prefix)
        # A back end that builds the project leaves files beside it: those of a dry run go with its stage.
        itself = partial(install, writes=realisation.keep is None)
        python, uv = prefix / "bin" / "python", find_uv()
        if uv is None:
            self._by_pip(install, itself, prefix, pins)
        elif pins.text is None:
            # One process makes the environment and fills it, by hard links from uv's cache, without asking an index.
            # `--frozen`: the lock is taken as it is, whether or not it fits pyproject.toml; `lock_status` has said that
            # it does not.
            parts = pins.parts
            named = (*_flags("--group", parts.groups), *_flags("--extra", parts.extras))
            without = () if parts.itself else ("--no-install-project",)
            sync = (uv, "sync", "--quiet", "--frozen", "--no-default-groups", *named, *without)
            variables = {"UV_PROJECT_ENVIRONMENT": str(prefix), "UV_PREVIEW_FEATURES": _RELOCATABLE}
            (itself if parts.itself else install)((*sync, "--python", pins.python.path), variables=variables)
        else:
            install((uv, "venv", "--quiet", "--relocatable", "--no-project", "--python", pins.python.path, str(prefix)))
            pip = (uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python))
            if pins.text.strip():
                install((*pip, "--requirements", "-"), stdin=pins.text.encode())
            if pins.parts.itself is not None:
                itself((*pip, "--editable", "."))
        before = None if current is None else current / "bin" / "python"
        asked = _asked(realisation.subject, pins.file)
        # What another worktree has in use was imported there, of the same files by the same Python.
        whole = pins.shared or require_imports(python, asked, pins.file, realisation.timeout, before=before)
        describe(prefix, pins.signature)
        if whole:
            pins.note_at(prefix)

    def _by_pip(
        self, install: Callable[..., Completed], itself: Callable[..., Completed], prefix: Path, pins: _Pins
    ) -> None:
        install((pins.python.path, "-m", "venv", "--without-pip", str(prefix)))
        python = str(prefix / "bin" / "python")
        pip = (*pip_of(pins.python.path)[:3], "--python", python, "install", "--quiet", "--no-input", "--no-deps")
        if pins.text:
            install((*pip, "--requirement", "/dev/stdin"), stdin=pins.text.encode())
        if pins.parts.itself is not None:
            itself((*pip, "--editable", "."))


def _require_uv(uv: str | None) -> None:
    if uv is None:
        raise Unavailable(
            "tool_missing",
            f"The libraries are pinned by {_LOCK}, and uv is not installed.",
            seen=_LOCK,
            remedy="Install uv (pip install uv), then repeat the call.",
        )


def _is_project(files: Mapping[str, bytes]) -> bool:
    return _PYPROJECT in files and pyproject.declares(files[_PYPROJECT])


def _lines(subject: Candidate, names: Iterable[str]) -> Iterator[LogicalLine]:
    """Yield the lines of requirements files, and of those that these include."""
    for name in names:
        if name.endswith((".txt", ".in")):
            data = subject.read(name) or b""
            yield from lines_of(tolerant_text(data))
            yield from lines_included(name, data, subject.read)


def _flags(flag: str, values: Iterable[str]) -> tuple[str, ...]:
    return tuple(part for value in values for part in (flag, value))


def _made_of(python: Interpreter) -> str:
    return f"# {python.path} {python.version}\n"


class _Pins(Struct, frozen=True):
    """What is to be installed, and for which Python.

    file: who asks for it. parts: of the project. signature: an environment with the same one differs in nothing. text:
    exact versions, one a line; None for what uv.lock has. inputs: the digest of all that decides them, None where a
    part of that is out of sight. shared: they are those of another worktree.
    """

    file: str
    parts: Parts
    python: Interpreter
    signature: str
    text: str | None
    inputs: str | None = None
    shared: bool = False

    def decided_by(self, realisation: Realisation, files: Mapping[str, bytes], *, fresh: bool) -> _Pins:
        """Return these with what decides them, and where that is asked for with what another worktree has of it."""
        if realisation.keep is None:
            return self
        inputs = own_inputs(realisation.project, files, f"{_made_of(self.python)}{self.signature}")
        known = made_elsewhere(realisation.project, realisation.keep, inputs) if fresh and inputs else None
        found = None if known is None else known.pins
        return replace(self, inputs=inputs, text=found, shared=known is not None)

    def note_at(self, generation: Path) -> None:
        """Write into a generation what other worktrees may take over."""
        if self.inputs is not None:
            note_inputs(generation, TakenOver(self.inputs, self.text).text())

    def but(self, pinned: str, text: str | None = None) -> _Pins:
        """Return these with what is pinned as a part of the signature."""
        return replace(self, signature=f"{_made_of(self.python)}{self.signature}{pinned}", text=text)


def _asked(subject: Candidate, manifest: str, parts: Parts | None = None) -> set[str]:
    """Return the distributions that the project asks for, with those of some parts of it, by normalised name."""
    chosen = parts or Parts()
    if manifest == _PYPROJECT:
        data = subject.read(manifest) or b""
        items = pyproject.requirements_of(data, groups=chosen.groups, extras=chosen.extras)
    else:
        items = tuple(item for name in (manifest, *chosen.files) for item in requirements_in(subject.read(name) or b""))
    return {key for item in items if (key := key_of(item))}


_RELOCK = f"Lock what is declared with {do('lock')}."


# What uv says of a lock without a file for this machine.
_ELSEWHERE = re.compile(
    r"wheel for the current platform|not compatible with the lockfile's supported environments"
    r"|only has wheels for the following|incompatible with the current"
)


def _plain(why: str) -> str:
    return f"{why.rstrip('.')}. The environment is as it was."


def _tampered(file: str, library: str, told: str) -> CheckFailed:
    finding = Diagnostic("hash_mismatch", "error", told, "build", Place(file))
    remedy = f"Find out who changed it; where that was meant, make the lock anew: {do('lock', action='renew')}."
    why = _plain(f"The hash of {library} is not the one that {file} holds it to")
    return CheckFailed("hash_mismatch", why, place=Place(file), remedy=remedy, diagnostics=(finding,))


def _failed(code: str, done: Completed, name: str) -> CheckFailed:
    whole = done.stderr.decode("utf-8", "replace").strip()
    told = both_ends(whole, _SHOWN)
    why = cause(whole) or told[-600:] or f"exit code {done.returncode}"
    other = failures.other_file(whole)
    if other is not None:
        return _tampered(_LOCK if name == _PYPROJECT else name, other, told)
    if code != "unresolvable" and _ELSEWHERE.search(whole):
        finding = Diagnostic("lock_wrong_platform", "error", told, "build", Place(_LOCK))
        remedy = f"Name this platform in `environments` of [tool.uv], or another version, then {do('lock')}."
        return CheckFailed(
            "lock_wrong_platform", _plain(why), place=Place(_LOCK), remedy=remedy, diagnostics=(finding,)
        )
    if code == "unresolvable":
        finding = Diagnostic("unresolvable", "error", told or why, "build", Place(name))
        remedy = failures.remedy(whole)
        return CheckFailed("unresolvable", why, place=Place(name), remedy=remedy, diagnostics=(finding,))
    finding = Diagnostic("install_failed", "error", told or why, "build", Place(name))
    remedy = "Ask for another version, or add what its build needs."
    return CheckFailed("install_failed", why, place=Place(name), remedy=remedy, diagnostics=(finding,))
