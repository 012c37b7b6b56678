"""The conda backend: environment.yml or conda-lock.yml, by micromamba where it is there, else by py-rattler in process.

Neither is installed here, and pip never stands in: without them there is an error that says what to install. Every
environment is a prefix of its own; conda's base environment is not used.
"""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.version import InvalidVersion

from devkeel.backends import conda_pip, health
from devkeel.backends.backend import Applied, Backend, Evidence, HealthFinding, LockStatus
from devkeel.backends.conda_activation import activated
from devkeel.backends.generations import Home, describe, description_of, new_generation
from devkeel.backends.installed import Installed, distributions_in, installed_in, to_be_installed
from devkeel.errors import CheckFailed, Refused
from devkeel.libraries.manifests import conda_file
from devkeel.libraries.manifests.requirement import canonicalize_name, tolerant
from devkeel.libraries.resolve import conda_locking, conda_solver, micromamba
from devkeel.libraries.resolve.conda_lock import LOCK, read_lock, subdir
from devkeel.libraries.resolve.imports import require_imports
from devkeel.project.root import digest
from devkeel.state.programs import kept_program
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.backends.backend import Realisation
    from devkeel.errors import Diagnostic
    from devkeel.libraries.manifests.requirement import Requirement
    from devkeel.libraries.resolve.conda_lock import CondaLock
    from devkeel.libraries.resolve.conda_solver import CondaPackages
    from devkeel.project.root import Project, Reader

__all__ = ["Conda", "examine_micromamba"]

_BY_PIP = "# by pip: "
_FILES = (LOCK, *conda_file.NAMES)
# python(1): PYTHONHOME is another standard library, PYTHONPATH is before the installed packages.
_HIDDEN = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PROMPT_MODIFIER", "CONDA_SHLVL")


def _judge(description: str | None) -> str:
    return (description or "# rattler").partition("\n")[0].removeprefix("# ")


class Conda(Backend):
    """Environments of conda packages."""

    name = "conda"
    named = True

    def detect(self, project: Reader) -> Evidence | None:
        """Return why a project is this backend's: its lock, or its environment.yml."""
        found = self.declared(project)
        return Evidence(found, f"{found[0]} declares a conda environment") if found else None

    def declared(self, project: Reader) -> tuple[str, ...]:
        """Return the files that declare the environment."""
        return tuple(name for name in _FILES if project.exists(name))

    def manifests(self) -> tuple[str, ...]:
        """Return where its environments name Python libraries."""
        return conda_file.NAMES

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Install what is declared into a throw-away prefix, import each library, return what is wrong."""
        try:
            self.apply(replace(realisation, keep=None))
        except CheckFailed as error:
            return [*error.diagnostics]
        return []

    def apply(self, realisation: Realisation) -> Applied:
        """Make a generation; the one in use stays as it is."""
        wanted, home = self._wanted(realisation), None if realisation.keep is None else Home(realisation.keep)
        with new_generation(realisation.project, realisation.keep) as prefix:
            self._make(realisation, prefix, wanted, home.current if home else None)
            found = self.applied_at(prefix)
            variables, notes = activated(prefix, found.variables)
            return replace(found, variables=variables, notes=notes)

    def applied_at(self, prefix: Path) -> Applied:
        """Return an environment that is made. pip asks for a virtual environment there, so that it installs nothing."""
        variables = {
            "CONDA_PREFIX": str(prefix),
            "CONDA_DEFAULT_ENV": prefix.parent.name,
            "PATH": str(prefix / "bin"),
            # pip reads each of its options from PIP_… as well (pip documentation, Configuration).
            "PIP_REQUIRE_VIRTUALENV": "1",
        }
        told = description_of(prefix)
        installed = installed_in(prefix, told)
        return Applied(
            self.name, str(prefix), variables, _judge(told), _HIDDEN, generation=prefix.name, installed=installed
        )

    def alive(self, applied: Applied) -> bool:
        """Return whether the generation is still there."""
        return (Path(applied.prefix) / "conda-meta").is_dir()

    def test(self) -> tuple[str, ...]:
        """Return pytest, which is what a Python project's tests are run by where nothing else is said."""
        return ("python", "-m", "pytest")

    def lock_status(self, project: Reader) -> LockStatus:
        """Compare conda-lock.yml with environment.yml by content, and with the platform of this machine."""
        lock = project.read(LOCK)
        name = next((item for item in conda_file.NAMES if project.exists(item)), None)
        if lock is None:
            return LockStatus(LOCK, "missing", f"{name} is resolved anew at each apply")
        try:
            known = read_lock(lock)
        except (CheckFailed, Refused) as error:
            told = error.diagnostics[0].message if isinstance(error, CheckFailed) else error.message
            return LockStatus(LOCK, "stale", told.rstrip("."))
        why: str | None
        if known.platforms is None:
            why = "it does not say which platforms it covers"
        elif not known.covers():
            why = f"it covers {', '.join(known.platforms) or 'nothing'}, and has nothing for {subdir()}"
        else:
            why = self._outdated(name, project.read(name) or b"", known, lock) if name is not None else None
        return LockStatus(LOCK, "stale" if why else "current", why)

    def _outdated(self, name: str, data: bytes, known: CondaLock, lock: bytes) -> str | None:
        """Return what environment.yml asks for that the lock does not have, None where it has all."""
        pinned = {item.name: item.version for item in known.here()}
        specs = conda_locking.specs_on(data, name, subdir())
        lost = [spec for spec in specs if not conda_solver.is_pinned(pinned, spec)]
        lost += _lost_by_pip(known, conda_locking.pip_on(data, name, subdir()))
        if lost:
            return f"{name} asks for what it does not have: {', '.join(lost[:5])}"
        changed = conda_locking.changed_since(data, name, lock)
        return f"{name} asks for something else than it was made of" if changed else None

    def doctor(self, project: Project) -> tuple[HealthFinding, ...]:
        """Return which tool there is, and how the lock is."""
        rattler = conda_solver.has_rattler()
        found = [examine_micromamba(project, needed=not rattler)]
        if rattler:
            found.append(HealthFinding(True, f"py-rattler {metadata.version('py-rattler')}, in process"))
        return (
            *found,
            health.lock(
                self.lock_status(project), f"Lock what is declared with {do('lock')}." if rattler else "Run conda-lock."
            ),
        )

    def health(self, prefix: Path) -> Iterator[HealthFinding]:
        """Yield records that are gone or there twice, and what pip put beside conda."""
        yield from health.conda_packages(prefix)
        lines = (description_of(prefix) or "").splitlines()
        allowed = next((line.removeprefix(_BY_PIP).split() for line in lines if line.startswith(_BY_PIP)), [])
        yield from health.put_by_pip(prefix, allowed)

    def _wanted(self, realisation: Realisation) -> CondaPackages:
        files, contents = realisation.subject.files, realisation.contents
        asked = (*contents.groups, *contents.extras)
        if asked:
            raise self.cannot(
                f"environment.yml has no groups and no extras, so that {', '.join(asked)} cannot be installed.",
                asked[0],
                "Leave it out, or make it another environment with a manifest of its own.",
            )
        # A channel that is asked for has to be solved for: a lock has the packages of those that it was made of.
        known = _FILES if contents.channels is None else conda_file.NAMES
        name = contents.manifest or next((item for item in known if item in files), None)
        data = None if name is None else realisation.subject.read(name)
        if name is None or data is None:
            raise realisation.project.missing(name or conda_file.NAMES[0])
        wanted = conda_solver.wanted_of(data, name, realisation.python)
        return wanted if contents.channels is None else replace(wanted, channels=contents.channels)

    def _make(self, realisation: Realisation, prefix: Path, wanted: CondaPackages, current: Path | None) -> None:
        if wanted.pip and not realisation.contents.pip:
            raise self.cannot(
                f"{wanted.file} asks pip for {', '.join(wanted.pip)}, and pip is run in conda's environment only where "
                "that is allowed.",
                "pip",
                "Ask for the conda packages instead; or allow it: `pip = true` of the environment in devkeel.toml, or "
                f"{do('pip')}.",
            )
        tool = micromamba.find_micromamba(realisation.project)
        conda_solver.install(wanted, prefix, tool, realisation.project.root, realisation.timeout)
        python = prefix / "bin" / "python"
        if wanted.pip:
            conda_pip.install(realisation, wanted, python)
        version = distributions_in(prefix).get("python")
        own = {wanted.file: realisation.subject.read(wanted.file) or b""} if realisation.contents.manifest else {}
        digests = {name: digest(data) for name, data in own.items()}
        asked = to_be_installed((*wanted.names, *conda_pip.names_of(wanted)))
        installed = Installed(0, version, str(python), files=digests, versions=asked)
        put = " ".join(health.names_put_by_pip(prefix))
        describe(prefix, f"# {'micromamba' if tool else 'rattler'}\n{installed.line()}{_BY_PIP}{put}\n")
        if python.exists():
            before = None if current is None else current / "bin" / "python"
            require_imports(python, wanted.names, wanted.file, realisation.timeout, before=before)


def _lost_by_pip(known: CondaLock, asked: Iterable[str]) -> list[str]:
    """Return the requirements below `pip:` that a lock does not have; with a marker or a URL they are not compared."""
    there = {canonicalize_name(item.name): item.version for item in known.pip_here()}
    read = ((text, tolerant(text)) for text in asked)
    found = [(text, item) for text, item in read if item and not item.marker and not item.url]
    return [text for text, item in found if not _is_met(item, there.get(canonicalize_name(item.name)))]


def _is_met(wanted: Requirement, version: str | None) -> bool:
    try:
        return version is not None and wanted.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return True  # which only pip compares


def examine_micromamba(project: Project, *, needed: bool) -> HealthFinding:
    """Return where micromamba is; the one inside the project is not run for its version."""
    name, found = micromamba.MICROMAMBA, micromamba.find_micromamba(project)
    inside = project.state / "bin" / name
    if found is not None or not os.path.lexists(inside):
        return health.program(name, found, remedy=micromamba.INSTALL, needed=needed)
    if kept_program(project.state, name) is not None:
        return HealthFinding(True, f"{name}: {inside}, put there by devkeel")
    told = f"{inside} was not put there by devkeel on this machine, so it is not run"
    return HealthFinding(not needed, told, micromamba.INSTALL)
