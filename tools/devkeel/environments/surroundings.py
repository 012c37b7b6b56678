"""What a command sees in an environment, and whose program it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.backends.toolchain import absent, toolchains
from devkeel.errors import ProjectError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.backends.backend import Applied
    from devkeel.backends.toolchain import Toolchain
    from devkeel.project.root import Project

__all__ = ["Program", "Surroundings", "require_searched", "unsearchable"]


class Surroundings(Struct, frozen=True):
    """What a command sees. variables: beside those that every child has, with the whole search path.

    languages: those whose interpreters and installers are the environment's alone.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[Toolchain, ...] = ()
    pure: bool = False

    @classmethod
    def of(cls, applied: Applied, files: Mapping[str, bytes], *, pure: bool, said: Mapping[str, str]) -> Surroundings:
        """Return what a command in an environment sees: its programs first, then the host's, unless it is pure.

        files: the declaration, which says what languages it is about. said: what the environment says of itself.
        """
        own, languages = applied.variables.get("PATH", ""), toolchains(applied, files)
        host = "" if pure else os.environ.get("PATH", "")
        path = os.pathsep.join(filter(None, (own, absent(languages), host)))
        return cls({**applied.variables, **said, "PATH": path}, languages, pure)

    def found(self, argv: tuple[str, ...], cwd: Path, applied: Applied, root: Path) -> Program:
        """Return the program that a command is, and whose it is.

        Raises Unavailable `not_in_environment` for an interpreter or installer that would be the host's,
        `program_missing` where there is none of this name.
        """
        name = argv[0]
        path = str(cwd / name) if "/" in name else shutil.which(name, path=self.variables.get("PATH", ""))
        names = {Path(name).name, Path(os.path.realpath(path or name)).name}
        language = next((item for item in self.languages if names & set(item.programs)), None)
        origin = None if path is None else _origin(path, applied, root)
        if language is not None and origin == "host":
            raise Unavailable(
                "not_in_environment",
                f"{Path(name).name} is not in the environment, and the host's is not run: the environment is about "
                f"{language.option}.",
                seen=name,
                remedy="Declare it, apply, and run it again; libraries are added to the declaration, not installed.",
            )
        if path is None:
            where = (
                "not in the environment; the host was left out"
                if self.pure
                else "neither in the environment nor on the host"
            )
            raise Unavailable(
                "program_missing",
                f"{name} is {where}.",
                seen=name,
                remedy="Add the package or library that has it, apply, run it again.",
            )
        return Program(path, origin or "host")


class Program(Struct, frozen=True):
    """A program. origin: `environment`, `project` or `host`."""

    path: str
    origin: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about it."""
        name = Path(self.path).name
        return (f"{name} is from the host: {self.path}.",) if self.origin == "host" else ()


def require_searched(applied: Applied, project: Project) -> None:
    """Refuse an environment whose programs are beneath a directory that PATH cannot name. Raises ProjectError."""
    root = str(project.root)
    if os.pathsep in root and f"{root}/" in applied.variables.get("PATH", ""):
        raise unsearchable(project)


def unsearchable(project: Project) -> ProjectError:
    """Return the error about a project whose programs PATH cannot name.

    POSIX, Base Definitions 8.3: a colon ends a directory of PATH, and nothing takes that meaning from it.
    """
    return ProjectError(
        "not_searchable",
        f"The path of the project has {os.pathsep!r} in it, by which PATH separates directories: no program of the "
        "environment would be found.",
        seen=str(project.root),
        remedy="Rename the directory, or open the project by another path.",
    )


def _origin(path: str, applied: Applied, root: Path) -> str:
    place = os.path.normpath(path)
    own = [*applied.variables.get("PATH", "").split(os.pathsep), applied.prefix]
    if any(place.startswith(f"{folder}/") for folder in own if folder):
        return "environment"
    if place.startswith("/nix/store/"):
        return "environment"
    if not place.startswith(f"{root}/"):
        return "host"
    # A link of the project to a program of the host is that program; a virtual environment's is its own.
    outside = not os.path.realpath(place).startswith((f"{os.path.realpath(root)}/", "/nix/store/"))
    # PEP 405: a pyvenv.cfg above the interpreter is what makes a virtual environment.
    return "host" if outside and not (Path(place).parent.parent / "pyvenv.cfg").is_file() else "project"
