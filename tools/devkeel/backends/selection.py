"""Which backend a project has: the call says so, or devkeel.toml, or the files that are there; else devenv.

Never because a tool happens to be installed, and never another one because the tool of this one is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel.errors import Place, ProjectError, UsageError

if TYPE_CHECKING:
    from devkeel.project.root import Reader

__all__ = ["BACKENDS", "Selection", "declared_by", "require_backend", "select"]

BACKENDS = ("devenv", "flake", "conda", "venv")
# What declares an environment of each, the most telling first.
_FILES = {
    "devenv": ("devenv.nix",),
    "flake": ("flake.nix",),
    "conda": ("conda-lock.yml", "environment.yml", "environment.yaml"),
    "venv": ("pyproject.toml", "requirements.txt"),
}


@dataclass(frozen=True, slots=True)
class Selection:
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
        return (f"The environment is declared twice: {self.why}; {rest} too. `backend` in devkeel.toml settles it.",)


def declared_by(backend: str) -> tuple[str, ...]:
    """Return the files that declare an environment of a backend, the most telling first."""
    return _FILES[backend]


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
        if setting not in BACKENDS:
            raise ProjectError(
                "bad_settings",
                f"The settings cannot be used: there is no backend {setting[:80]!r}.",
                place=Place("devkeel.toml"),
                seen=setting[:80],
                remedy="Name one of the backends.",
                alternatives=BACKENDS,
            )
        return Selection(setting, "devkeel.toml names it")
    found = [(name, file) for name in BACKENDS for file in _FILES[name] if _declares(project, name, file)]
    if not found:
        return Selection("devenv", "nothing else is declared")
    first = found[0]
    # pyproject.toml beside devenv.nix or a flake names libraries, which these install; beside conda it is another way.
    rivals = {"devenv": ("flake", "conda"), "flake": ("conda",), "conda": ("venv",), "venv": ()}[first[0]]
    return Selection(first[0], f"by {first[1]}", tuple(file for name, file in found if name in rivals))


def _declares(project: Reader, backend: str, file: str) -> bool:
    if not project.exists(file):
        return False
    if backend != "venv" or file != "pyproject.toml":
        return True
    from devkeel.libraries.manifests.pyproject import declares  # noqa: PLC0415  (packaging and tomllib)

    return declares(project.read(file) or b"")
