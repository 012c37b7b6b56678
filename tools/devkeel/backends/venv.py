"""The venv backend: a Python environment of the project's pins, by uv where it is there, else by venv and pip.

Every realisation is a new generation: made, its libraries imported, then put in use in one step. What fails leaves the
environment as it was.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.backends import probe
from devkeel.backends.backend import Applied, Evidence, Finding, LockStatus
from devkeel.backends.python_tools import find_python, find_uv, tool_environment
from devkeel.errors import CheckFailed, Diagnostic, Place, Unavailable
from devkeel.libraries import pyproject
from devkeel.libraries.requirement import canonicalize_name, tolerant
from devkeel.libraries.requirements_file import requirements_in
from devkeel.runtime import run
from devkeel.transaction.generations import Home, describe, description_of, new_generation

if TYPE_CHECKING:
    from devkeel.backends.backend import Realisation
    from devkeel.project import Project
    from devkeel.runtime import Completed

__all__ = ["Venv", "applied_at"]

_PYPROJECT, _LOCK = "pyproject.toml", "uv.lock"
_FILES = (_PYPROJECT, "requirements.txt")
_SHOWN = 2000
_HIDDEN = ("PYTHONHOME", "PYTHONPATH", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "UV_PROJECT_ENVIRONMENT")


def applied_at(prefix: Path, *notes: str) -> Applied:
    """Return an environment that is made: a command in it sees its programs first."""
    variables = {"VIRTUAL_ENV": str(prefix), "PATH": str(prefix / "bin")}
    return Applied("venv", str(prefix), variables, "uv" if find_uv() else "pip", _HIDDEN, notes)


class Venv:
    """Environments of Python by uv or pip."""

    name = "venv"

    def __init__(self, python: str | None = None) -> None:
        self.python = python or find_python()

    def detect(self, project: Project) -> Evidence | None:
        """Return why a project is this backend's: what names its Python libraries."""
        data = project.read(_PYPROJECT)
        found = [_PYPROJECT] if data is not None and pyproject.declares(data) else []
        found += [name for name in _FILES[1:] if project.exists(name)]
        return Evidence(tuple(found), f"{found[0]} names Python libraries") if found else None

    def declared(self, project: Project) -> tuple[str, ...]:
        """Return the files that declare the environment."""
        return tuple(name for name in (*_FILES, ".python-version") if project.exists(name))

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Return what is wrong: the libraries are installed in a place that nobody keeps, and imported."""
        try:
            with new_generation(realisation.project, None) as prefix:
                self._make(realisation, prefix, self._pins(realisation), None)
        except CheckFailed as error:
            return [*error.diagnostics]
        return []

    def apply(self, realisation: Realisation) -> Applied:
        """Make a generation and put it in use; the one in use stays when that fails, and when nothing differs."""
        pins, home = self._pins(realisation), None if realisation.keep is None else Home(realisation.keep)
        current = home.current if home else None
        if current is not None and description_of(current) == self._signature(pins):
            return applied_at(current, "nothing differs from the environment in use")
        with new_generation(realisation.project, realisation.keep) as prefix:
            self._make(realisation, prefix, pins, current)
            if home is not None:
                home.switch(prefix)
        return applied_at(prefix)

    def alive(self, applied: Applied) -> bool:
        """Tell whether the generation is still there, with its interpreter."""
        return (Path(applied.prefix) / "bin" / "python").exists()

    def task(self, name: str) -> tuple[str, ...]:
        """Refuse: pyproject.toml has no tasks."""
        raise Unavailable(
            "backend_cannot",
            "The venv backend has no tasks.",
            seen=name,
            remedy="Run the command itself with run_command.",
        )

    def test(self) -> tuple[str, ...]:
        """Return pytest, which is what a Python project's tests are run by where nothing else is said."""
        return ("python", "-m", "pytest")

    def lock_status(self, project: Project) -> LockStatus:
        """Compare uv.lock with what pyproject.toml asks for, by content."""
        data, lock = project.read(_PYPROJECT), project.read(_LOCK)
        if data is None:
            return LockStatus(None, "none")
        if lock is None:
            return LockStatus(_LOCK, "missing", "pyproject.toml is resolved anew at each apply")
        why = _stale(data, lock)
        return LockStatus(_LOCK, "stale" if why else "current", why)

    def doctor(self, project: Project) -> tuple[Finding, ...]:
        """Return where uv and Python are, how the lock is, and what is wrong in the environments."""
        uv = find_uv()
        found = [
            Finding(True, f"uv: {uv}, {_version((uv, '--version'))}")
            if uv
            else Finding(True, "uv is not installed: venv and pip do its work, slower"),
            Finding(True, f"Python: {self.python}, {_version((self.python, '--version'))}"),
        ]
        status = self.lock_status(project)
        well = status.state in ("current", "none")
        found.append(Finding(well, f"lock: {status.state}" + (f" ({status.reason})" if status.reason else ""), _RELOCK))
        for path in sorted((project.state / "envs").glob("*/current")):
            found += _health(path)
        return tuple(found)

    def _signature(self, pins: str) -> str:
        return f"# {self.python}\n{pins}"

    def _pins(self, realisation: Realisation) -> str:
        """Return the exact versions that are to be installed, one a line, asked of the resolver in the stage."""
        files, uv = realisation.subject.files, find_uv()
        project = _PYPROJECT in files and pyproject.declares(files[_PYPROJECT])
        name = _PYPROJECT if project else _FILES[1]
        if uv is None:
            return self._pins_by_pip(realisation, name)
        common = ["--quiet", "--no-header", "--no-annotate", "--python", self.python]
        argv = [uv, "pip", "compile", *common, name]
        if project and realisation.project.exists(_LOCK):
            argv = [uv, "export", "--frozen", "--no-emit-project", *common]
        return self._ask(realisation, tuple(argv), name).stdout.decode()

    def _pins_by_pip(self, realisation: Realisation, name: str) -> str:
        pip = (self.python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--no-input")
        data = realisation.subject.files[name]
        wanted = pyproject.requirements_of(data) if name == _PYPROJECT else ("--requirement", name)
        if not wanted:
            return ""
        done = self._ask(realisation, (*pip, "--report", "-", *wanted), name)
        items = [item["metadata"] for item in json.loads(done.stdout)["install"]]
        return "".join(sorted(f"{item['name']}=={item['version']}\n" for item in items))

    def _ask(self, realisation: Realisation, argv: tuple[str, ...], name: str) -> Completed:
        opener = realisation.subject.stage
        if opener is None:
            raise Unavailable("check_unavailable", "It needs the project on disk.", remedy="Ask for a lower level.")
        with opener(writes=True) as stage:
            done = run(stage.wrap(argv), timeout=realisation.timeout, cwd=stage.root, environment=tool_environment())
        if done.returncode:
            raise _failed("unresolvable", done, name)
        return done

    def _make(self, realisation: Realisation, prefix: Path, pins: str, current: Path | None) -> None:
        uv, environment = find_uv(), tool_environment()
        name = _PYPROJECT if _PYPROJECT in realisation.subject.files else _FILES[1]

        def do(*argv: str, stdin: bytes = b"") -> Completed:
            done = run(
                argv, stdin=stdin, timeout=realisation.timeout, environment=environment, cwd=realisation.project.root
            )
            if done.returncode:
                raise _failed("install_failed", done, name)
            return done

        python = str(prefix / "bin" / "python")
        if uv:
            do(uv, "venv", "--quiet", "--relocatable", "--no-project", "--python", self.python, str(prefix))
            if pins.strip():
                install = ("pip", "install", "--quiet", "--no-deps", "--python", python, "--requirements", "-")
                do(uv, *install, stdin=pins.encode())
        else:
            do(self.python, "-m", "venv", "--without-pip", str(prefix))
            if pins.strip():
                quietly = ("--quiet", "--no-input", "--no-deps")
                do(
                    self.python,
                    "-m",
                    "pip",
                    "--python",
                    python,
                    "install",
                    *quietly,
                    "--requirement",
                    "/dev/stdin",
                    stdin=pins.encode(),
                )
        wrong = self._imports(realisation, python)
        if wrong and current is not None:
            # What cannot be imported in the environment in use either is not this change's doing.
            before = self._imports(realisation, str(current / "bin" / "python"))
            wrong = {item: why for item, why in wrong.items() if before.get(item) != why}
        if wrong:
            raise _broken(wrong, name)
        describe(prefix, self._signature(pins))

    def _imports(self, realisation: Realisation, python: str) -> dict[str, str]:
        """Return the libraries asked for that cannot be imported, each with the reason."""
        files, names = realisation.subject.files, set[str]()
        if _PYPROJECT in files:
            names |= {canonicalize_name(found.name) for item in _asked(files[_PYPROJECT]) if (found := tolerant(item))}
        for name in [name for name in files if name.endswith(".txt")]:
            items = requirements_in(files[name])
            names |= {canonicalize_name(found.name) for item in items if (found := tolerant(item))}
        if not names:
            return {}
        done = run(
            (python, "-I", probe.__file__),
            stdin=json.dumps(sorted(names)).encode(),
            timeout=realisation.timeout,
            environment={},
        )
        if done.returncode:
            raise _failed("install_failed", done, _PYPROJECT)
        reasons: dict[str, str | None] = json.loads(done.stdout)
        return {name: why for name, why in reasons.items() if why}


_RELOCK = "Run uv lock, or add and remove libraries with add_library, which renews it."


def _asked(data: bytes) -> tuple[str, ...]:
    found = tomllib.loads(data.decode()).get("project")
    items = found.get("dependencies") if isinstance(found, dict) else None
    return tuple(item for item in items if isinstance(item, str)) if isinstance(items, list) else ()


def _failed(code: str, done: Completed, name: str) -> CheckFailed:
    told = done.stderr.decode("utf-8", "replace").strip()[-_SHOWN:]
    lines = [line.strip() for line in told.splitlines() if re.match(r"\s*(?:cause:|Because|ERROR|error)", line)]
    why = (" ".join(lines) or told or f"exit code {done.returncode}")[:600]
    if code == "unresolvable":
        finding = Diagnostic("unresolvable", "error", why, "build", Place(name))
        remedy = "Ask for versions that go together, or for a name that exists."
        return CheckFailed("unresolvable", why, place=Place(name), remedy=remedy, diagnostics=(finding,))
    finding = Diagnostic("install_failed", "error", why, "build", Place(name))
    remedy = "Ask for another version, or add what its build needs."
    return CheckFailed("install_failed", why, place=Place(name), remedy=remedy, diagnostics=(finding,))


def _broken(wrong: dict[str, str], name: str) -> CheckFailed:
    found = tuple(
        Diagnostic("import_failed", "error", f"{item} cannot be imported: {why}", "build", Place(name), item)
        for item, why in wrong.items()
    )
    return CheckFailed(
        "import_failed",
        f"{found[0].message}. The environment is as it was.",
        place=Place(name),
        remedy="Ask for another version of it, or pin what it was built with.",
        diagnostics=found,
    )


def _version(argv: tuple[str, ...]) -> str:
    try:
        return run(argv, timeout=10).stdout.decode("utf-8", "replace").strip() or "no version"
    except Unavailable:
        return "it does not answer"


def _health(path: Path) -> list[Finding]:
    """Return what is wrong in an environment: no interpreter, or two records of one distribution."""
    name = path.parent.name
    if not (path / "bin" / "python").exists():
        return [Finding(False, f"{name}: its interpreter is gone", "Make it anew with apply.")]
    seen, doubled = set[str](), list[str]()
    for info in path.glob("lib/python*/site-packages/*.dist-info"):
        key = canonicalize_name(info.name.removesuffix(".dist-info").rpartition("-")[0])
        if key in seen:
            doubled.append(key)
        seen.add(key)
    found = [Finding(False, f"{name}: {item} is there twice", "Make it anew with apply.") for item in doubled]
    return found or [Finding(True, f"{name}: well, {len(seen)} distributions")]


def _stale(data: bytes, lock: bytes) -> str | None:
    """Return what uv.lock was not made for: a requirement that it does not know, or one that is gone."""
    try:
        model, locked = tomllib.loads(data.decode()), tomllib.loads(lock.decode())
    except ValueError:
        return "a file does not parse"
    project = model.get("project") or {}
    own = canonicalize_name(str(project.get("name", "")))
    entry = next((item for item in locked.get("package", []) if item.get("name") == own), None)
    if entry is None:
        return f"it has no package {own}"
    python = project.get("requires-python")
    if python and _plain(python) != _plain(str(locked.get("requires-python", ""))):
        return f"it was made for Python {locked.get('requires-python')}"
    known = {
        _entry(item)
        for item in entry.get("metadata", {}).get("requires-dist", [])
        if "extra ==" not in item.get("marker", "")
    }
    wanted = {_wanted(item) for item in project.get("dependencies", [])}
    if known == wanted:
        return None
    names = sorted({name for name, *_ in known ^ wanted})
    return f"pyproject.toml asks for something else: {', '.join(names[:5])}"


def _plain(text: str) -> frozenset[str]:
    return frozenset(item.strip().replace(" ", "") for item in text.split(","))


def _entry(item: dict[str, Any]) -> tuple[str, frozenset[str], frozenset[str]]:
    return str(item["name"]), _plain(str(item.get("specifier", ""))), frozenset(item.get("extras", []))


def _wanted(text: str) -> tuple[str, frozenset[str], frozenset[str]]:
    found = tolerant(text)
    if found is None:
        return text, frozenset(), frozenset()
    return canonicalize_name(found.name), _plain(str(found.specifier)), frozenset(found.extras)
