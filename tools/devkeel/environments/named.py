"""The environments of a project: made, listed, described, entered, switched to, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.backends.generations import remove_folders
from devkeel.backends.pythons import python_of
from devkeel.backends.registry import backend_named
from devkeel.candidate.basis import Basis
from devkeel.candidate.stage_folder import remove_stages
from devkeel.environments import ci_files, entry_file
from devkeel.environments.active import active_name, default_of, entering_of, good_of, outdated, switch_to
from devkeel.environments.applied import applying, forget_older, has_older, is_there, is_unsealed
from devkeel.environments.described import described
from devkeel.environments.locks import is_strict, require_locks
from devkeel.environments.names import all_environments, home_of, sanitised
from devkeel.environments.realising import Wanted, realise
from devkeel.environments.shell_code import nothing_to_enter
from devkeel.environments.surroundings import require_searched
from devkeel.errors import DevkeelError, ProjectError, Refused
from devkeel.policy.permission import EVERYTHING
from devkeel.project.declaration import read_declaration
from devkeel.project.root import MANIFESTS
from devkeel.runtime import executing
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.backends.installed import Installed
    from devkeel.context import Context
    from devkeel.environments.applied import Good
    from devkeel.environments.shell_code import Entering
    from devkeel.project.contents import Contents
    from devkeel.project.root import Project

__all__ = ["EnvironmentInfo", "Environments", "Realised"]

# What realising leaves in `.devkeel`; the history, its lock and the logs are not among it.
_MADE = ("envs", "gc", "stage", "bin")


class EnvironmentInfo(Struct, frozen=True):
    """An environment. python: the version that it has, else the one that was asked for.

    prefix: where it is, None where it is not made, or not any more. leftovers: generations that are not in use. active:
    it is meant where a call names none. default: so it is, unless another was switched to. older: devkeel 0.1 made it.
    """

    name: str
    backend: str
    python: str | None
    prefix: str | None
    leftovers: int
    active: bool
    default: bool
    older: bool = False


class Realised(Struct, frozen=True):
    """An environment that is in use now. variables: what a command in it sees; `PATH` is put first."""

    name: str
    backend: str
    prefix: str
    judge: str
    variables: dict[str, str]
    unset: tuple[str, ...]
    notes: tuple[str, ...] = ()
    installed: Installed | None = None


class Environments(Struct, frozen=True):
    """The environments of a project."""

    context: Context

    @property
    def project(self) -> Project:
        """The project."""
        return self.context.project

    @property
    def default(self) -> str:
        """The name of the default environment."""
        return default_of(self.context)

    @property
    def active(self) -> str:
        """The name of the one that is meant where a call names none."""
        return active_name(self.context)

    def name(self, name: str | None) -> str:
        """Return which environment is meant."""
        return self.active if name is None else sanitised(name)

    def good(self, name: str | None = None) -> Good | None:
        """Return an environment as it was made last, None where it was not."""
        return good_of(self.context, self.name(name))

    def is_unsealed(self, name: str | None = None) -> bool:
        """Return whether an older devkeel made an environment, and did not seal it; it is made again, not entered."""
        return is_unsealed(self.project, self.name(name), self.default)

    def all(self) -> tuple[EnvironmentInfo, ...]:
        """Return the environments, by name."""
        known = {item.name: item for item in all_environments(self.project)}
        default, active = self.default, self.active
        names = {*known, *self.context.settings.environments, *((default,) if has_older(self.project) else ())}
        found = []
        for name in sorted(names):
            good, item = good_of(self.context, name), known.get(name)
            there = good is not None and is_there(self.project, good)
            says = described(self.context, name)
            own = item.backend if item else says.backend or self.context.declared.name
            backend = good.applied.backend if good else own
            python = (python_of(good.applied) if good and there else None) or (item.python if item else says.python)
            prefix = good.applied.prefix if good and there else None
            left = item.leftovers if item else 0
            older = good is not None and good.older
            found.append(
                EnvironmentInfo(name, backend, python, prefix, left, name == active, name == default, older=older)
            )
        return tuple(found)

    def info(self, name: str | None = None) -> EnvironmentInfo:
        """Return one of them. Raises ProjectError `unknown_environment`."""
        wanted, known = self.name(name), self.all()
        found = next((item for item in known if item.name == wanted), None)
        if found is None:
            raise ProjectError(
                "unknown_environment",
                f"The project has no environment {wanted!r}.",
                seen=wanted,
                remedy=f"Make it by {do('make', environment=wanted)}.",
                alternatives=tuple(item.name for item in known),
            )
        return found

    def made(self, name: str | None = None) -> Good:
        """Return an environment that is made. Raises ProjectError `unknown_environment`."""
        found, good = self.info(name), self.good(name)
        if found.prefix is None or good is None:
            raise ProjectError(
                "unknown_environment",
                f"The environment {found.name!r} is registered, but not made.",
                seen=found.name,
                remedy=f"Make it by {do('make', environment=found.name)}.",
            )
        return good

    def create(
        self,
        name: str | None = None,
        *,
        backend: str | None = None,
        python: str | None = None,
        mixed: bool = False,
        contents: Contents | None = None,
        timeout: float = 900.0,
    ) -> Realised:
        """Make an environment, or bring one up to date, and return it; see `devkeel.environments.realising`.

        name: None for the default one. Raises Busy `apply_busy`.
        """
        chosen = self.default if name is None else sanitised(name)  # a name that is none leaves no trace
        if backend not in (None, described(self.context, chosen).backend) and not mixed:
            self._require_declared(str(backend))
        if is_strict(self.context):
            require_locks(self.context)
        with applying(self.project.state), executing(EVERYTHING.executes):
            now = self.context.through(Basis(self.project))
            files = read_declaration(now.source)
            subject = now.candidate((*MANIFESTS, *files))
            wanted = Wanted(chosen, files, subject, backend, python, mixed, contents)
            good, notes = realise(self.context, wanted, dry_run=False, timeout=timeout)
            notes += self.refresh()
        return _realised(good, (*self.context.declared.notes, *notes))

    def _require_declared(self, backend: str) -> None:
        backend_named(backend)
        declared = self.context.declared
        if backend != declared.name:
            raise Refused(
                "mixed_runtimes",
                f"The project declares a {declared.name} environment ({declared.why}); this one would be {backend}.",
                seen=backend,
                remedy=f"Leave the backend out, or mean both: {do('mix', backend=backend)}.",
            )

    def activate(self, name: str | None = None) -> tuple[Realised, tuple[str, ...]]:
        """Switch to an environment that is made, until another is switched to; return it, and notes.

        name: None for the default one. Raises ProjectError `unknown_environment`, Busy `apply_busy`.
        """
        chosen = self.default if name is None else sanitised(name)
        good = self.made(chosen)
        with applying(self.project.state):
            switch_to(self.context, chosen)
            notes = self.refresh()
        return _realised(good), notes

    def activation(self, name: str | None = None) -> Realised:
        """Return what a shell in an environment needs. Raises ProjectError `unknown_environment`."""
        return _realised(self.made(name))

    def entering(self, name: str | None = None) -> Entering:
        """Return an environment that is made as a shell enters it. Raises ProjectError `unknown_environment`."""
        good = self.made(name)
        require_searched(good.applied, self.project)
        return entering_of(self.context, good.name, good.applied, good.inode)

    def enter_later_steps(
        self, environment: Mapping[str, str], name: str | None = None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Let the later steps of a CI job enter an environment; see `devkeel.environments.ci_files`."""
        return ci_files.enter_later_steps(self.entering(name), environment)

    def outdated(self, name: str | None = None) -> tuple[str, ...]:
        """Return a sentence where the declaration has changed since an environment was made of it."""
        return outdated(self.context, self.good(name))

    def refresh(self) -> tuple[str, ...]:
        """Replace the file by which shells enter; return notes. See `devkeel.environments.entry_file`."""
        try:
            text = self.entering().code()
        except DevkeelError as error:
            where = entry_file.path_of(self.project)
            text = nothing_to_enter(f"{error.message} `devkeel apply` in {self.project.root} makes it.", where)
        return entry_file.replace_entry(self.project, text)

    def remove(self, name: str) -> str:
        """Remove an environment and return its name; the default one is the active one then, if this was.

        Raises ProjectError `unknown_environment`, Busy `apply_busy`.
        """
        found = self.info(name)
        with applying(self.project.state):
            home_of(self.project, found.name).remove()
            if found.default:
                forget_older(self.project)
            if found.active:
                switch_to(self.context, self.default)
            self.refresh()
        return found.name

    def purge(self) -> tuple[str, ...]:
        """Remove what devkeel made to realise environments, and nothing else; the history stays. Return what it was.

        Raises Busy `apply_busy`.
        """
        remove_stages(self.project)
        if not self.project.exists(self.project.state.name):
            return ()
        older = {self.default} if has_older(self.project) else set()
        found = tuple(sorted(older | {item.name for item in all_environments(self.project)}))
        with applying(self.project.state):
            forget_older(self.project)
            remove_folders(self.project.state, _MADE)
            switch_to(self.context, self.default)
            self.refresh()
        return found


def _realised(good: Good, notes: tuple[str, ...] = ()) -> Realised:
    applied = good.applied
    return Realised(
        good.name,
        applied.backend,
        applied.prefix,
        applied.judge,
        dict(applied.variables),
        applied.unset,
        (*notes, *applied.notes),
        applied.installed,
    )
