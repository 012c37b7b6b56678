"""Named environments: made, listed, described, removed, and run in; each has a backend and a Python of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.backends.backend import Realisation
from devkeel.backends.generations import remove_folders
from devkeel.backends.registry import BACKENDS, backend_named, require_backend
from devkeel.candidate.basis import Basis
from devkeel.candidate.stage_folder import remove_stages
from devkeel.environments import entry_file
from devkeel.environments.applied import applying, is_alive, kept_here, read_good
from devkeel.environments.names import all_environments, default_name, home_of, sanitised
from devkeel.environments.shell_code import Entering, nothing_to_enter
from devkeel.errors import DevkeelError, ProjectError, Refused, Unavailable
from devkeel.policy.permission import EVERYTHING
from devkeel.project.declaration import read_declaration
from devkeel.project.envrc import PROMPT
from devkeel.project.envrc import prompt as in_prompt
from devkeel.project.root import MANIFESTS
from devkeel.runtime import executing
from devkeel.state import directory
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.backends.backend import Applied
    from devkeel.context import Context
    from devkeel.project.root import Project

__all__ = ["EnvironmentInfo", "Environments", "Realised"]

# What realising leaves in `.devkeel`; the history, its lock and the logs are not among it.
_MADE = ("envs", "gc", "stage", "bin")


class EnvironmentInfo(Struct, frozen=True):
    """A named environment: its backend and Python, where the generation in use is (None: not made), what is left."""

    name: str
    backend: str
    python: str | None
    prefix: str | None
    leftovers: int
    chosen: bool


class Realised(Struct, frozen=True):
    """A named environment that is in use now. variables: what a command in it sees; `PATH` is put first."""

    name: str
    backend: str
    prefix: str
    judge: str
    variables: dict[str, str]
    unset: tuple[str, ...]
    notes: tuple[str, ...] = ()


class Environments(Struct, frozen=True):
    """The named environments of a project."""

    context: Context

    @property
    def project(self) -> Project:
        """The project."""
        return self.context.project

    def name(self, name: str | None) -> str:
        """Return which environment is meant."""
        if name is not None:
            return sanitised(name)
        return default_name(self.context.source, self.context.settings.environment)

    def all(self) -> tuple[EnvironmentInfo, ...]:
        """Return the environments, by name."""
        chosen = self.name(None)
        return tuple(
            EnvironmentInfo(
                item.name,
                item.backend,
                item.python,
                str(item.prefix) if item.prefix else None,
                item.leftovers,
                item.name == chosen,
            )
            for item in all_environments(self.project)
        )

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

    def create(
        self,
        name: str | None = None,
        *,
        backend: str | None = None,
        python: str | None = None,
        mixed: bool = False,
        timeout: float = 900.0,
    ) -> Realised:
        """Make an environment, or bring one up to date, and return it; see `realise`. Raises Busy `apply_busy`."""
        self.name(name)  # a name that is none leaves no trace
        with applying(self.project.state):
            applied = self.realise(name, backend=backend, python=python, mixed=mixed, timeout=timeout)
        return _realised(self.name(name), applied, (*self.context.declared.notes, *self.refresh()))

    def realise(
        self,
        name: str | None = None,
        *,
        backend: str | None = None,
        python: str | None = None,
        mixed: bool = False,
        dry_run: bool = False,
        timeout: float = 900.0,
    ) -> Applied:
        """Make an environment of the declaration, or bring one up to date; what fails leaves it as it was.

        backend, python: those that it has, or the project's, where they are left out. mixed: another backend than the
        declaration's is meant. Raises Refused `mixed_runtimes`, and what the backend raises.
        """
        home = home_of(self.project, self.name(name))
        record: dict[str, Any] = home.record()
        chosen, python = backend or record.get("backend") or self.context.declared.name, python or record.get("python")
        mixed = mixed or bool(record.get("mixed"))
        self._require_meant(chosen, mixed=mixed)
        keep = None if dry_run else home.path
        with executing(EVERYTHING.of_call(dry_run=dry_run).executes):
            now = self.context.through(Basis(self.project))
            subject = now.candidate((*MANIFESTS, *read_declaration(now.source)))
            applied = backend_named(chosen).apply(Realisation(self.project, subject, keep, timeout, python))
        if not dry_run:
            home.note({"backend": chosen, "python": python, "mixed": mixed})
        return applied

    def _require_meant(self, backend: str, *, mixed: bool) -> None:
        require_backend(backend)
        declared = self.context.declared
        if backend != declared.name and not mixed:
            raise Refused(
                "mixed_runtimes",
                f"The project declares a {declared.name} environment ({declared.why}); this one would be {backend}.",
                seen=backend,
                remedy=f"Leave the backend out, or mean both: {do('mix', backend=backend)}.",
            )
        if not backend_named(backend).named:
            other = next(name for name in reversed(BACKENDS) if backend_named(name).named)
            raise Unavailable(
                "backend_cannot",
                f"The {backend} backend has one environment, which is the project's shell.",
                seen=backend,
                remedy=f"Use {do('apply')} and {do('run')}; or mean another one: {do('mix', backend=other)}.",
            )

    def activation(self, name: str | None = None) -> Realised:
        """Return what a shell in an environment needs. Raises ProjectError `unknown_environment`."""
        return _realised(self.name(name), self.entered(name))

    def entering(self, name: str | None = None) -> Entering:
        """Return an environment that is made as a shell enters it. Raises ProjectError `unknown_environment`."""
        chosen = self.name(name)
        applied = self._entered(chosen)
        shown = in_prompt(PROMPT, applied.backend, chosen)
        return Entering(chosen, applied, shown, entry_file.path_of(self.project))

    def _entered(self, chosen: str) -> Applied:
        good = read_good(self.project.state) if chosen == self.name(None) else None
        if good is not None and kept_here(self.project.state, good) and is_alive(good.applied):
            return good.applied
        return self.entered(chosen)

    def refresh(self) -> tuple[str, ...]:
        """Replace the file by which shells enter; return notes. See `devkeel.environments.entry_file`."""
        try:
            text = self.entering().code()
        except DevkeelError as error:
            where = entry_file.path_of(self.project)
            text = nothing_to_enter(f"{error.message} `devkeel apply` in {self.project.root} makes it.", where)
        return entry_file.replace_entry(self.project, text)

    def entered(self, name: str | None = None) -> Applied:
        """Return an environment that was made. Raises ProjectError `unknown_environment`."""
        found = self.info(name)
        if found.prefix is None:
            raise ProjectError(
                "unknown_environment",
                f"The environment {found.name!r} is registered, but not made.",
                seen=found.name,
                remedy=f"Make it by {do('make', environment=found.name)}.",
            )
        return backend_named(found.backend).applied_at(Path(found.prefix))

    def remove(self, name: str) -> str:
        """Remove an environment and return its name. Raises ProjectError `unknown_environment`, Busy `apply_busy`."""
        found = self.info(name)
        with applying(self.project.state):
            home_of(self.project, found.name).remove()
            self.refresh()
        return found.name

    def purge(self) -> tuple[str, ...]:
        """Remove what devkeel made to realise environments, and nothing else; the history stays. Return what it was.

        Raises Busy `apply_busy`.
        """
        remove_stages(self.project)
        if not self.project.exists(self.project.state.name):
            return ()
        found = tuple(item.name for item in self.all())
        if directory.names(self.project.state / "gc"):
            found += ("what was applied",)
        with applying(self.project.state):
            remove_folders(self.project.state, _MADE)
            self.refresh()
        return found


def _realised(name: str, applied: Applied, notes: tuple[str, ...] = ()) -> Realised:
    return Realised(
        name,
        applied.backend,
        applied.prefix,
        applied.judge,
        dict(applied.variables),
        applied.unset,
        (*notes, *applied.notes),
    )
