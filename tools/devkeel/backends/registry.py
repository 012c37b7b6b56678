"""The backends, a row each, and which of them a project has.

The call says so, or devkeel.toml, or the files that are there; else it is the first row's. Never because a tool happens
to be installed, and never another one because the tool of this one is missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Place, ProjectError, UsageError
from devkeel.project.declaration import TEMPLATES
from devkeel.project.root import SETTINGS, missing_file
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.backends.backend import Backend
    from devkeel.project.root import Reader

__all__ = [
    "BACKENDS",
    "ROWS",
    "BackendRow",
    "Selection",
    "active",
    "backend_declared_by",
    "backend_named",
    "declared_by",
    "realised_by",
    "require_backend",
    "select",
]


class BackendRow(Struct, frozen=True):
    """What is known of a backend before its module is imported, which costs more than choosing does.

    name: as a call, devkeel.toml and records have it. module, type: its class against the Protocol, made without
    arguments. files: what declares an environment of it, the most specific first. judged: those of them that
    declare one only by what they say, which `detect` reads. realises: the backends whose declaration this one realises
    as well, so that both together are one environment.
    """

    name: str
    module: str
    type: str
    files: tuple[str, ...]
    judged: tuple[str, ...] = ()
    realises: tuple[str, ...] = ()


# In the order in which their declarations are looked for. `devkeel.project.root.MANIFESTS` has the files too: a root is
# found by them, and they are part of the declaration.
ROWS = (
    BackendRow("devenv", "devkeel.backends.devenv", "Devenv", ("devenv.nix",), realises=("venv",)),
    BackendRow("flake", "devkeel.backends.flake", "Flake", ("flake.nix",), realises=("venv",)),
    BackendRow("conda", "devkeel.backends.conda", "Conda", ("conda-lock.yml", "environment.yml", "environment.yaml")),
    BackendRow(
        "venv", "devkeel.backends.venv", "Venv", ("pyproject.toml", "requirements.txt"), judged=("pyproject.toml",)
    ),
)
BACKENDS = tuple(row.name for row in ROWS)
_BY_NAME = {row.name: row for row in ROWS}


def backend_named(name: str) -> Backend:
    """Return a backend; its module is imported with the first call that means it. Raises UsageError."""
    require_backend(name)
    row = _BY_NAME[name]
    found: Backend = getattr(import_module(row.module), row.type)()
    return found


def active(project: Reader, name: str) -> Backend:
    """Return the backend that was selected for a project.

    Raises ProjectError `missing_file` where no file speaks for it.
    """
    backend = backend_named(name)
    if backend.detect(project) is None:
        files = declared_by(backend.name)
        if len(files) == 1:
            raise missing_file(project, files[0])
        file, template = TEMPLATES[backend.name]
        raise ProjectError(
            "missing_file",
            f"Nothing in {project.root} declares an environment for the {backend.name} backend.",
            seen=backend.name,
            remedy=f"Begin {file} with {do('begin_backend', backend=backend.name)}, or name no backend.",
            alternatives=files,
            details={"template": template.format(name="project")},
        )
    return backend


class Selection(Struct, frozen=True):
    """The backend of a project. why: a sentence; others: declarations of other backends that are there too."""

    name: str
    why: str
    others: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a result says about more than one declaration."""
        if not self.others:
            return ()
        rest = ", ".join(self.others)
        return (f"The environment is declared twice: {self.why}; {rest} too. `backend` in {SETTINGS} settles it.",)


def declared_by(backend: str) -> tuple[str, ...]:
    """Return the files that declare an environment of a backend, the most specific first."""
    return _BY_NAME[backend].files


def realised_by(backend: str) -> tuple[str, ...]:
    """Return the backends whose declarations an environment of a backend is made of, its own first."""
    return (backend, *_BY_NAME[backend].realises)


def backend_declared_by(file: str) -> str:
    """Return the name of the backend whose environments a file declares."""
    return next(row.name for row in ROWS if file in row.files)


def require_backend(name: str) -> None:
    """Raise UsageError `unknown_backend` for a name that is none."""
    if name not in BACKENDS:
        raise UsageError(
            "unknown_backend",
            f"There is no backend {name[:80]!r}.",
            seen=name[:80],
            remedy="Name one of the backends, or leave it out.",
            alternatives=BACKENDS,
        )


def select(project: Reader, asked: str | None = None, setting: str | None = None) -> Selection:
    """Return the backend: `asked` is what the call names, `setting` what devkeel.toml names.

    Raises UsageError `unknown_backend`, ProjectError `bad_settings`.
    """
    if asked is not None:
        require_backend(asked)
        return Selection(asked, "the call names it")
    if setting is not None:
        _require_setting(setting)
        return Selection(setting, f"{SETTINGS} names it")
    for place, row in enumerate(ROWS):
        found = _declarations(project, row)
        if found:
            rivals = [other for other in ROWS[place + 1 :] if other.name not in row.realises]
            others = [file for other in rivals for file in _declarations(project, other)]
            return Selection(row.name, f"by {found[0]}", tuple(others))
    return Selection(ROWS[0].name, "nothing else is declared")


def _require_setting(name: str) -> None:
    if name not in BACKENDS:
        raise ProjectError(
            "bad_settings",
            f"The settings cannot be used: there is no backend {name[:80]!r}.",
            place=Place(SETTINGS),
            seen=name[:80],
            remedy="Name one of the backends.",
            alternatives=BACKENDS,
        )


def _declarations(project: Reader, row: BackendRow) -> tuple[str, ...]:
    """Return the files that are there and declare an environment of a backend."""
    there = [name for name in row.files if project.exists(name)]
    if there and not set(there).isdisjoint(row.judged):
        evidence = backend_named(row.name).detect(project)
        there = [name for name in there if evidence is not None and name in evidence.files]
    return tuple(there)
