"""The project: its root, its environment files, their revision, and the wall around them."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from devkeel.errors import Place, ProjectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LOCK_FILES", "STATE_DIRECTORY", "Project", "digest", "find_root", "revision_of"]

STATE_DIRECTORY = ".devkeel"
DECLARATION = "devenv.nix"
INPUTS = "devenv.yaml"
DECLARATION_FILES = (DECLARATION, INPUTS, "devenv.local.nix", "devenv.local.yaml")
LOCK_FILES = ("devenv.lock",)
OTHER_FILES = (".envrc", ".gitignore")
PRIVATE = frozenset({STATE_DIRECTORY, ".git", ".devenv", ".direnv"})
MAX_FILE_BYTES = 4 * 1024 * 1024
_STORE = "/nix/store/"


def digest(data: bytes) -> str:
    """Return the content hash of a file: SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def revision_of(files: Mapping[str, bytes]) -> str:
    """Return the revision of a set of files: 16 hexadecimal digits over names and contents."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{digest(files[name])}\n".encode())
    return total.hexdigest()[:16]


def find_root(explicit: str | os.PathLike[str] | None, environment: Mapping[str, str], start: Path) -> Path:
    """Return the project root.

    The order: `explicit` (`--root`), `DEVKEEL_ROOT`, `CLAUDE_PROJECT_DIR`, the nearest parent of `start` that
    has a devenv.nix. A root that is named but is no directory is an error; without a devenv.nix anywhere,
    `start` itself is the root, so that one can be created.
    """
    named = explicit or environment.get("DEVKEEL_ROOT") or environment.get("CLAUDE_PROJECT_DIR")
    if named:
        root = Path(named).expanduser()
        if not root.is_dir():
            raise ProjectError(
                "root_not_found",
                f"The project root {str(named)!r} is not a directory.",
                remedy="Name an existing directory with --root or DEVKEEL_ROOT.",
            )
        return root.resolve()
    start = start.resolve()
    for candidate in (start, *start.parents):
        if (candidate / DECLARATION).is_file():
            return candidate
    return start


def _generator(path: Path) -> str:
    """Return who made a store path, as far as its name (hash, dash, name) tells."""
    name = path.parts[3].partition("-")[2]
    return "home-manager" if name.startswith("home-manager-") else f"what generated {name}"


@dataclass(frozen=True, slots=True)
class Project:
    """A root directory and the files in it that declare the environment. Reading creates nothing."""

    root: Path

    @property
    def state(self) -> Path:
        """The directory with devkeel's own records; it need not exist."""
        return self.root / STATE_DIRECTORY

    def resolve(self, name: str) -> str:
        """Return the path of a file relative to the root, with links resolved, or refuse it.

        `name` may be absolute or relative to the root. Refused: anything outside the root after resolving
        `..` and links, the insides of `.git`, `.devenv`, `.direnv` and `.devkeel`, links that dangle, and
        files that the Nix store or another manager owns.
        """
        if not name or "\0" in name or "\n" in name:
            raise UsageError("bad_file_name", "The file name is empty or has a control character.", seen=repr(name))
        path = self.root / name
        lexical = Path(os.path.normpath(path))
        if not lexical.is_relative_to(self.root):
            raise self._outside(name)
        real = Path(os.path.realpath(path))
        if path.is_symlink() and str(real).startswith(_STORE):
            raise ProjectError(
                "managed_file",
                f"{name} is a link into the Nix store: {_generator(real)} owns its content.",
                place=Place(name),
                seen=str(real),
                remedy="Change the configuration that generates this file, or replace the link by a file.",
            )
        if not real.is_relative_to(self.root):
            raise self._outside(name)
        if path.is_symlink() and not real.exists():
            raise ProjectError(
                "dangling_link",
                f"{name} is a link to a file that does not exist.",
                place=Place(name),
                seen=str(path.readlink()),
                remedy="Create the link's target or remove the link.",
            )
        relative = real.relative_to(self.root)
        if PRIVATE & set(relative.parts):
            raise ProjectError(
                "private_directory",
                f"{name} is inside a directory that belongs to a tool.",
                place=Place(name),
                remedy="Edit one of the environment files instead.",
            )
        return relative.as_posix()

    def _outside(self, name: str) -> ProjectError:
        return ProjectError(
            "outside_root",
            f"{name} is outside the project root.",
            seen=name,
            remedy=f"Name a file inside the root, relative to it, for example {DECLARATION}.",
        )

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file inside the root, or None when there is no such file.

        Raises ProjectError when it is no regular file, cannot be read, or is larger than 4 MiB.
        """
        relative = self.resolve(name)
        path = self.root / relative
        try:
            with path.open("rb") as handle:
                info = os.fstat(handle.fileno())
                if not stat.S_ISREG(info.st_mode):
                    raise self._unreadable(relative, "it is not a regular file")
                if info.st_size > MAX_FILE_BYTES:
                    raise self._unreadable(relative, f"it has {info.st_size} bytes, more than {MAX_FILE_BYTES}")
                return handle.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except IsADirectoryError as error:
            raise self._unreadable(relative, "it is a directory") from error
        except PermissionError as error:
            raise self._unreadable(relative, "permission denied") from error

    @staticmethod
    def _unreadable(name: str, why: str) -> ProjectError:
        return ProjectError(
            "unreadable_file",
            f"{name} cannot be read: {why}.",
            place=Place(name),
            remedy="Make it a readable regular file.",
        )

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those of the named files that exist, by name."""
        found = ((name, self.read(name)) for name in names)
        return {name: data for name, data in found if data is not None}

    def exists(self, name: str) -> bool:
        """Tell whether a path relative to the root is there, file or directory; nothing is read."""
        return not name.startswith("/") and "\0" not in name and os.path.lexists(self.root / name)

    def is_environment_file(self, relative: str) -> bool:
        """Tell whether edits may touch this file: Nix files in the root, devenv.yaml, .envrc, .gitignore."""
        path = PurePosixPath(relative)
        return path.suffix == ".nix" or relative in (*DECLARATION_FILES, *OTHER_FILES)
