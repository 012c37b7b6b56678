"""The conda backend: environment.yml or conda-lock.yml, by micromamba where it is there, else by py-rattler in process.

Micromamba is looked for as `micromamba.py` says. Neither is
installed here, and pip never stands in: without them there is an error that says what to install. Every environment
is a prefix of its own; conda's base environment is not used.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.backends import health
from devkeel.backends.backend import Applied, Evidence, Finding, LockStatus
from devkeel.backends.generations import Home, describe, description_of, new_generation
from devkeel.backends.micromamba import INSTALL, examine, find_micromamba
from devkeel.diagnosis.causes import both_ends, cause
from devkeel.errors import CheckFailed, DevkeelError, Diagnostic, Place, Unavailable
from devkeel.libraries.manifests import conda_file
from devkeel.libraries.resolve.conda_lock import LOCK, Locked, read_lock, subdir
from devkeel.libraries.resolve.imports import require_imports
from devkeel.libraries.resolve.installers import tool_environment
from devkeel.runtime import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.backends.backend import Realisation
    from devkeel.project.root import Project

__all__ = ["Conda", "applied_at", "find_micromamba", "require_resolvable"]

_FILES = (LOCK, *conda_file.NAMES)
_SHOWN = 2000
_CHANNEL = "conda-forge"
_HIDDEN = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PROMPT_MODIFIER", "CONDA_SHLVL")


def applied_at(prefix: Path, *notes: str) -> Applied:
    """Return an environment that is made. pip asks for a virtual environment there, so that it installs nothing."""
    variables = {
        "CONDA_PREFIX": str(prefix),
        "CONDA_DEFAULT_ENV": prefix.parent.name,
        "PATH": str(prefix / "bin"),
        "PIP_REQUIRE_VIRTUALENV": "1",
    }
    return Applied("conda", str(prefix), variables, _judge(description_of(prefix)), _HIDDEN, notes)


def _judge(description: str | None) -> str:
    return (description or "# rattler").partition("\n")[0].removeprefix("# ")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be installed: specifications from channels, or the exact packages of a lock."""

    file: str
    channels: tuple[str, ...]
    specs: tuple[str, ...]
    locked: tuple[Locked, ...] = ()
    pip: tuple[str, ...] = ()


class Conda:
    """Environments of conda packages."""

    name = "conda"
    enters = False

    def __init__(self, python: str | None = None) -> None:
        self.python = python

    def detect(self, project: Project) -> Evidence | None:
        """Return why a project is this backend's: its lock, or its environment.yml."""
        found = self.declared(project)
        return Evidence(found, f"{found[0]} declares a conda environment") if found else None

    def declared(self, project: Project) -> tuple[str, ...]:
        """Return the files that declare the environment."""
        return tuple(name for name in _FILES if project.exists(name))

    def manifests(self) -> tuple[str, ...]:
        """Return where its environments name Python libraries."""
        return conda_file.NAMES

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Return what is wrong: what is declared is installed in a place that nobody keeps, and imported."""
        try:
            self.apply(replace(realisation, keep=None))
        except CheckFailed as error:
            return [*error.diagnostics]
        return []

    def apply(self, realisation: Realisation) -> Applied:
        """Make a generation and put it in use; the one in use stays when that fails."""
        wanted, home = self._wanted(realisation), None if realisation.keep is None else Home(realisation.keep)
        with new_generation(realisation.project, realisation.keep) as prefix:
            self._make(realisation, prefix, wanted, home.current if home else None)
            if home is not None:
                home.switch(prefix)
        return applied_at(prefix)

    def alive(self, applied: Applied) -> bool:
        """Tell whether the generation is still there."""
        return (Path(applied.prefix) / "conda-meta").is_dir()

    def task(self, name: str) -> tuple[str, ...]:
        """Refuse: environment.yml has no tasks."""
        raise _cannot("The conda backend has no tasks.", name, "Run the command itself with run_command.")

    def test(self) -> tuple[str, ...]:
        """Return pytest, which is what a Python project's tests are run by where nothing else is said."""
        return ("python", "-m", "pytest")

    def lock_status(self, project: Project) -> LockStatus:
        """Compare conda-lock.yml with environment.yml by content, and with the platform of this machine."""
        lock = project.read(LOCK)
        name = next((item for item in conda_file.NAMES if project.exists(item)), None)
        if lock is None:
            return LockStatus(LOCK, "missing", f"{name} is resolved anew at each apply")
        try:
            known = read_lock(lock)
        except CheckFailed as error:
            return LockStatus(LOCK, "stale", error.diagnostics[0].message)
        if known.platforms is None:
            return LockStatus(LOCK, "stale", "it does not say which platforms it covers")
        if not known.covers():
            told = ", ".join(known.platforms) or "nothing"
            return LockStatus(LOCK, "stale", f"it covers {told}, and has nothing for {subdir()}")
        if name is None:
            return LockStatus(LOCK, "current")
        pinned = {item.name: item.version for item in known.here()}
        specs = conda_file.specifications(conda_file.load(project.read(name) or b"", name))
        lost = [spec for spec in specs if not _has(pinned, spec)]
        why = f"{name} asks for what it does not have: {', '.join(lost[:5])}" if lost else None
        return LockStatus(LOCK, "stale" if why else "current", why)

    def doctor(self, project: Project) -> tuple[Finding, ...]:
        """Return which tool there is, and how the lock is."""
        found = [examine(project, needed=not _has_rattler())]
        if _has_rattler():
            found.append(Finding(True, f"py-rattler {metadata.version('py-rattler')}, in process"))
        return (*found, health.lock(self.lock_status(project), "Run conda-lock."))

    def health(self, prefix: Path) -> Iterator[Finding]:
        """Yield records that are gone or there twice, and what pip put beside conda."""
        yield from health.conda_packages(prefix)
        yield from health.put_by_pip(prefix)

    def _wanted(self, realisation: Realisation) -> _Wanted:
        files = realisation.subject.files
        name = next((item for item in _FILES if item in files), None)
        if name is None:
            raise realisation.project.missing(conda_file.NAMES[0])
        return _wanted(files[name], name, self.python)

    def _make(self, realisation: Realisation, prefix: Path, wanted: _Wanted, current: Path | None) -> None:
        if wanted.pip:
            raise _cannot(
                f"{wanted.file} asks pip for {', '.join(wanted.pip)}: pip inside a conda environment is not done here.",
                "pip",
                "Ask for the conda packages instead, or use the venv backend for these.",
            )
        for item in wanted.locked:
            item.require_same()
        tool = find_micromamba(realisation.project)
        if tool is not None:
            _by_micromamba(tool, wanted, prefix, realisation)
        else:
            _by_rattler(wanted, prefix, realisation.timeout)
        _require_whole(prefix, wanted)
        describe(prefix, f"# {'micromamba' if tool else 'rattler'}\n")
        python = prefix / "bin" / "python"
        if python.exists():
            before = None if current is None else current / "bin" / "python"
            require_imports(python, _names(wanted), wanted.file, realisation.timeout, before=before)


def _has_rattler() -> bool:
    return importlib.util.find_spec("rattler") is not None


def _cannot(message: str, seen: str, remedy: str) -> Unavailable:
    return Unavailable("backend_cannot", message, seen=seen, remedy=remedy)


def _wanted(data: bytes, name: str, python: str | None = None) -> _Wanted:
    if name == LOCK:
        lock = read_lock(data)
        return _Wanted(name, (), (), lock.here(), lock.pip_here())
    model = conda_file.load(data, name)
    channels = tuple(str(item) for item in _list(model, "channels") if item != "nodefaults") or (_CHANNEL,)
    specs = conda_file.specifications(model)
    if python is not None:
        specs = (*(spec for spec in specs if not re.match(r"python\b(?!-)", spec)), f"python={python}")
    groups = [item for item in _list(model, "dependencies") if isinstance(item, dict)]
    pip = tuple(str(item) for group in groups for item in _list(group, "pip"))
    return _Wanted(name, channels, specs, pip=pip)


def _list(model: Mapping[str, Any], key: str) -> list[Any]:
    found = model.get(key)
    return found if isinstance(found, list) else []


def _has(pinned: Mapping[str, str], spec: str) -> bool:
    found = re.match(r"(?:\S+::)?([\w.-]+)\s*(?:=\s*([\d.]+))?", spec)
    if found is None or found[1].lower() not in pinned:
        return False
    return found[2] is None or pinned[found[1].lower()].startswith(found[2].rstrip("."))


def require_resolvable(data: bytes, name: str, tool: str | None, timeout: float) -> str:
    """Ask whether what environment.yml names can be had together; return who was asked.

    Raises CheckFailed `unresolvable`, Unavailable `tool_missing` or `registry_unreachable`.
    """
    wanted = _wanted(data, name)
    if tool is None:
        _solve(wanted, timeout)
        return "rattler"
    argv = (tool, "create", "--dry-run", "--prefix", str(Path("/nonexistent") / "environment"))
    done = run((*argv, *_arguments(wanted)), timeout=timeout, environment=tool_environment())
    if done.returncode:
        raise _unresolvable(done.stderr.decode("utf-8", "replace"), name)
    return "micromamba"


def _arguments(wanted: _Wanted) -> tuple[str, ...]:
    channels = tuple(part for channel in wanted.channels for part in ("--channel", channel))
    asked = tuple(item.explicit() for item in wanted.locked) or (*channels, "--override-channels", *wanted.specs)
    return ("--yes", "--quiet", "--no-rc", "--no-env", *asked)


def _by_micromamba(tool: str, wanted: _Wanted, prefix: Path, realisation: Realisation) -> None:
    argv = (tool, "create", "--prefix", str(prefix), *_arguments(wanted))
    done = run(argv, timeout=realisation.timeout, environment=tool_environment(), cwd=realisation.project.root)
    if done.returncode:
        raise _unresolvable((done.stderr or done.stdout).decode("utf-8", "replace"), wanted.file)


def _by_rattler(wanted: _Wanted, prefix: Path, timeout: float) -> None:
    records = _solve(wanted, timeout)
    rattler: Any = importlib.import_module("rattler")

    try:
        asyncio.run(rattler.install(records, prefix, show_progress=False, execute_link_scripts=False))
    except Exception as error:
        raise _installing(str(error), wanted.file) from error


def _solve(wanted: _Wanted, timeout: float) -> list[Any]:
    if not _has_rattler():
        raise Unavailable(
            "tool_missing",
            "The project declares a conda environment, and neither micromamba nor py-rattler is there.",
            seen=wanted.file,
            remedy=INSTALL,
            details={"bootstrap": "micromamba"},
        )
    rattler: Any = importlib.import_module("rattler")  # an extra, and half a second

    if wanted.file == LOCK:
        return [_record(rattler, item.explicit()) for item in wanted.locked]
    try:
        solving = rattler.solve(
            sources=[*wanted.channels],
            specs=[*wanted.specs],
            platforms=[subdir(), "noarch"],
            virtual_packages=rattler.VirtualPackage.detect(),
            timeout=timedelta(seconds=timeout),
        )
        return [*asyncio.run(_awaited(solving))]
    except DevkeelError:
        raise
    except Exception as error:
        raise _unresolvable(str(error), wanted.file) from error


async def _awaited(solving: Any) -> Any:  # noqa: ANN401  (of rattler)
    return await solving


def _record(rattler: Any, url: str) -> Any:  # noqa: ANN401  (of rattler)
    """Return the record of an exact package, from its file name."""
    place, _, mark = url.partition("#")
    sha256 = mark.removeprefix("sha256:") if mark.startswith("sha256:") else ""
    md5 = "" if sha256 else mark
    file = place.rpartition("/")[2]
    name, version, build = re.sub(r"\.(?:conda|tar\.bz2)$", "", file).rsplit("-", 2)
    number = re.search(r"(\d+)$", build)
    channel, folder = place.rsplit("/", 2)[:2]
    # A lock does not say what kind of noarch a package is; by convention the build of one for Python begins with py.
    noarch = ("python" if build.startswith("py") else "generic") if folder == "noarch" else None
    record = rattler.PackageRecord(
        name,
        version,
        rattler.BuildString(build),
        int(number[1]) if number else 0,
        folder,
        noarch=noarch,
        md5=bytes.fromhex(md5) if md5 else None,
        sha256=bytes.fromhex(sha256) if sha256 else None,
    )
    return rattler.RepoDataRecord(record, file, place, channel)


_SENTENCE = 600
_OFFLINE = re.compile(
    r"error sending request|failed to fetch|dns error|Could not resolve|Connection refused", re.IGNORECASE
)


def _unresolvable(told: str, name: str) -> DevkeelError:
    told = both_ends(told.strip(), _SHOWN)
    if _OFFLINE.search(told):
        return Unavailable(
            "registry_unreachable",
            "The channel could not be reached.",
            seen=told,
            remedy="Try again with a network. An edit with level=schema is written without resolving.",
        )
    lines = [line.strip(" \t└├─│") for line in told.splitlines() if line.strip()]
    whole = " ".join(lines)
    why = (whole if len(whole) <= _SENTENCE else cause(told) or whole[-_SENTENCE:]) or "It does not resolve"
    return CheckFailed(
        "unresolvable",
        f"{why.rstrip('.')}. Nothing was written.",
        place=Place(name),
        remedy="Ask for versions that go together, or for a name that exists.",
        diagnostics=(Diagnostic("unresolvable", "error", told, "resolution", Place(name)),),
    )


def _installing(told: str, name: str) -> CheckFailed:
    return CheckFailed(
        "install_failed",
        f"{(cause(told) or told.strip()[-600:]).rstrip('.')}. The environment is as it was.",
        place=Place(name),
        remedy="Ask for another version, or look whether the channel is whole.",
        diagnostics=(Diagnostic("install_failed", "error", both_ends(told.strip(), _SHOWN), "build", Place(name)),),
    )


def _require_whole(prefix: Path, wanted: _Wanted) -> None:
    """Compare what was installed with what was asked for, whatever the installer said of it."""
    there = {path.name.removesuffix(".json").rsplit("-", 2)[0].lower() for path in prefix.glob("conda-meta/*.json")}
    asked = _names(wanted) | {item.package for item in wanted.locked}
    lost = sorted(name for name in asked - there if not name.startswith("__"))
    if lost:
        raise _installing(f"It ended without an error, and {', '.join(lost[:5])} is not there", wanted.file)


def _names(wanted: _Wanted) -> set[str]:
    """Return the distributions that the specifications are about, where they are called as their packages are."""
    return {
        match[1].lower()
        for spec in wanted.specs
        if "://" not in spec and (match := re.match(r"(?:\S+::)?([\w.-]+)", spec))
    }
