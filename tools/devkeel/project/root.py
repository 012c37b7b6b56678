"""The project: its root, its environment files, their revision, and the wall around them."""

from __future__ import annotations

import errno
import hashlib
import os
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from devkeel.errors import Place, ProjectError, UsageError
from devkeel.system.beneath import opened, read_regular
from devkeel.system.reading_room import Leaves, Room, work_tree
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from devkeel.system.reading_room import Located

__all__ = [
    "LOCK",
    "LOCK_FILES",
    "SETTINGS",
    "STATE_DIRECTORY",
    "Project",
    "Reader",
    "declared_above",
    "digest",
    "find_new_root",
    "find_root",
    "folded",
    "missing_file",
    "not_a_file",
    "require_readable",
    "revision_of",
]

STATE_DIRECTORY = ".devkeel"
DECLARATION = "devenv.nix"
INPUTS = "devenv.yaml"
LOCAL_INPUTS = "devenv.local.yaml"
DECLARATION_FILES = (DECLARATION, INPUTS, "devenv.local.nix", LOCAL_INPUTS)
LOCK = "devenv.lock"
LOCK_FILES = (LOCK,)
# Files of other backends that declare an environment, the most specific first.
MANIFESTS = ("flake.nix", "conda-lock.yml", "environment.yml", "environment.yaml", "pyproject.toml", "requirements.txt")
OTHER_FILES = (".envrc", ".gitignore")
# What declares processes where there is no devenv.nix, and the variables that these see.
PROCFILE = "Procfile"
DOTENV = ".env"
# What devkeel may do is said there, so that no edit writes it.
SETTINGS = "devkeel.toml"
PRIVATE = frozenset({STATE_DIRECTORY, ".git", ".devenv", ".direnv"})
MAX_FILE_BYTES = 4 * 1024 * 1024
_STORE = "/nix/store/"
# What open says of a socket, and of a device without a driver.
_IRREGULAR = frozenset({errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP})


def digest(data: bytes) -> str:
    """Return the content hash of a file: SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def revision_of(files: Mapping[str, bytes]) -> str:
    """Return the revision of a set of files: 16 hexadecimal digits over names and contents."""
    total = hashlib.sha256()
    for name in sorted(files):
        # A zero byte is in no file name (path_resolution(7)), so that no two sets of files give the same text.
        total.update(f"{name}\0{digest(files[name])}\n".encode())
    return total.hexdigest()[:16]


def find_root(explicit: str | os.PathLike[str] | None, environment: Mapping[str, str], start: Path) -> Path:
    """Return the project root.

    The order: `explicit`, which the caller names, `DEVKEEL_ROOT`, `CLAUDE_PROJECT_DIR`, the nearest parent of `start`
    that has a devenv.nix or another backend's declaration. A root that is named but is no directory is an error;
    without any of them, `start` itself is the root, so that one can be created.
    """
    named = explicit or environment.get("DEVKEEL_ROOT") or environment.get("CLAUDE_PROJECT_DIR")
    if named:
        return _named(named)
    start = start.resolve()
    return declared_above(start) or start


def find_new_root(explicit: str | os.PathLike[str] | None, environment: Mapping[str, str], start: Path) -> Path:
    """Return where a declaration is to begin: `explicit`, `DEVKEEL_ROOT`, or `start`, whatever is declared above it.

    `CLAUDE_PROJECT_DIR` is what a host sets for all that it starts, so that a directory in it is the closer wish.
    """
    named, start = explicit or environment.get("DEVKEEL_ROOT"), start.resolve()
    if not named and (host := environment.get("CLAUDE_PROJECT_DIR")):
        named = None if start.is_relative_to(_named(host)) else host
    return _named(named) if named else start


def _named(named: str | os.PathLike[str]) -> Path:
    root = Path(os.path.expanduser(named))  # noqa: PTH111  (Path.expanduser raises where there is no such user)
    if not root.is_dir():
        raise ProjectError(
            "root_not_found",
            f"The project root {str(named)!r} is not a directory.",
            remedy="Name a directory that exists as the root, or in DEVKEEL_ROOT.",
        )
    return root.resolve()


def declared_above(start: Path) -> Path | None:
    """Return the nearest directory from one upward that declares an environment, None where none does."""
    for candidate in (start, *start.parents):
        if any((candidate / name).is_file() for name in (DECLARATION, *MANIFESTS)):
            return candidate
    return None


def _generator(path: Path) -> str:
    """Return who made a store path, as far as its name (hash, dash, name) shows."""
    name = path.parts[3].partition("-")[2]
    # nix, libstore/path.cc: 32 characters of hash, a dash, then the name
    return "home-manager" if name.startswith("home-manager-") else f"what generated {name}"


_MAX_NAME, _MAX_PATH = 255, 4096  # bytes: NAME_MAX and PATH_MAX of Linux


def _is_file_name(name: str) -> bool:
    try:
        data = name.encode()
    except UnicodeEncodeError:
        return False
    short = len(data) < _MAX_PATH and all(len(part) <= _MAX_NAME for part in data.split(b"/"))
    # A line feed is allowed in a name (path_resolution(7)), and could not be shown on one line.
    return bool(name) and short and "\0" not in name and "\n" not in name


def _require_file_name(name: str) -> None:
    if not _is_file_name(name):
        raise UsageError(
            "bad_file_name",
            "The file name is empty, too long, or has a character that no file name has.",
            seen=repr(name[:200]),
            remedy=f"Name a file by its path relative to the root, for example {DECLARATION}.",
        )


def not_a_file(name: str) -> ProjectError:
    """Return the refusal of what is there under a file's name and is none."""
    return ProjectError(
        "not_a_file",
        f"{name} is not a regular file, but a directory, a pipe, a socket or a device.",
        place=Place(name),
        remedy="Move it away, or name a regular file.",
    )


def folded(name: str) -> str:
    """Return a file name as the least careful file system compares it: without case and format characters.

    git refuses the same names.
    """
    # git-config(1), core.protectHFS: HFS+ ignores some format characters in names, so that `.g\u200cit` is `.git`
    # there.
    return "".join(sign for sign in name if unicodedata.category(sign) != "Cf").casefold()


def require_readable(name: str, data: bytes | None) -> None:
    """Refuse to leave a file that devkeel itself would not read. Raises ProjectError `result_too_large`."""
    if data is not None and len(data) > MAX_FILE_BYTES:
        raise ProjectError(
            "result_too_large",
            f"{name} would have {len(data)} bytes, and devkeel reads no more than {MAX_FILE_BYTES}. "
            "Nothing was written.",
            place=Place(name),
            seen=f"{len(data)} bytes",
            remedy="Keep the file under 4 MiB: put a part of it into a file of its own.",
        )


class Reader(Protocol):
    """What the files of a project are read through: the project itself, the basis of a change, or its candidate."""

    @property
    def root(self) -> Path:
        """The root."""

    @property
    def state(self) -> Path:
        """The directory with devkeel's own records."""

    @property
    def way_to_work_tree(self) -> str:
        """The way from the root to that of the Git work tree that it is in."""

    def resolve(self, name: str) -> str:
        """Return the path of a file relative to the root, or refuse it."""

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file, None where there is none."""

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those of the named files that exist."""

    def exists(self, name: str) -> bool:
        """Return whether a path is there."""


def _is_private(parts: Iterable[str]) -> bool:
    return any(folded(part) in PRIVATE for part in parts)


def missing_file(project: Reader, name: str) -> ProjectError:
    """Return the error about a file that is not there, with the way to begin it."""
    other = next((item for item in MANIFESTS if project.exists(item)), None)
    if name == DECLARATION and other:
        remedy = (
            f"{other} declares the environment here: libraries go there with {do('library')}. What needs Nix wants a "
            f"{name}, which {do('begin')} begins."
        )
    elif name == DECLARATION:
        without = do("begin_backend", backend="venv")
        remedy = f"Begin a minimal environment by {do('begin')}; one of Python that needs no Nix by {without}."
    elif name.rpartition("/")[2] == "flake.nix":
        remedy = "Name a file that exists, or begin the flake with its own tools first."
    elif name.endswith(".nix"):
        remedy = f"Name a file that exists; {do('set', create=True)} begins it as an empty module."
    elif name in DECLARATION_FILES:
        remedy = f"{do('set', create=True)} begins it."
    else:
        remedy = "Name a file that exists, or create it first."
    return ProjectError("missing_file", f"There is no {name} in {project.root}.", place=Place(name), remedy=remedy)


class Project(Struct, frozen=True):
    """A root directory and the files in it that declare the environment. Reading creates nothing."""

    root: Path

    @property
    def state(self) -> Path:
        """The directory with devkeel's own records; it need not exist."""
        return self.root / STATE_DIRECTORY

    @property
    def room(self) -> Room:
        """What of the project may be read, and the way to read it."""
        return Room(self.root)

    @property
    def way_to_work_tree(self) -> str:
        """The way from the root to that of the Git work tree that it is in: `.`, `..`, `../..`; `.` without one."""
        return os.path.relpath(work_tree(self.root), self.root)

    def resolve(self, name: str) -> str:
        """Return the path of a file relative to the root, with links resolved, or refuse it.

        `name` may be absolute or relative to the root. Refused: anything outside the root after resolving
        `..` and links, the insides of `.git`, `.devenv`, `.direnv` and `.devkeel`, links that dangle, and
        files that the Nix store or another manager owns. What this allows may be written.
        """
        _require_file_name(name)
        try:
            place = self.room.find(name, beyond=False)
        except OSError as error:
            raise self._refused(name, error, beyond=False) from error
        self._allow(name, place)
        return place.name

    def _allow(self, name: str, place: Located) -> None:
        if place.linked and not place.there:
            raise ProjectError(
                "dangling_link",
                f"{name} is a link to a file that does not exist.",
                place=Place(name),
                seen=place.name,
                remedy="Create the link's target or remove the link.",
            )
        inner = place.parts if place.name.startswith("../") else place.name.split("/")
        if _is_private(inner):
            raise ProjectError(
                "private_directory",
                f"{name} is inside a directory that belongs to a tool.",
                place=Place(name),
                remedy="Edit one of the environment files instead.",
            )

    def _refused(self, name: str, error: OSError, *, beyond: bool) -> ProjectError:
        """Return the error about a path that could not be followed or opened."""
        if not isinstance(error, Leaves):
            if error.errno in _IRREGULAR:
                return not_a_file(name)
            return self._unreadable(name, (error.strerror or str(error)).lower())
        if error.last and (error.target or "").startswith(_STORE):
            target = Path(error.target or "")
            return ProjectError(
                "managed_file",
                f"{name} is a link into the Nix store: {_generator(target)} owns its content.",
                place=Place(name),
                seen=str(target),
                remedy="Change the configuration that generates this file, or replace the link by a file.",
            )
        where = "the project root" if not beyond else "the project and its Git work tree"
        via = "" if error.link is None else f": the link {error.link} leads to {error.target}"
        return ProjectError(
            "outside_root",
            f"{name} is outside {where}{via}.",
            seen=error.target or name,
            remedy=f"Name a file inside the root, relative to it, for example {DECLARATION}."
            if error.link is None
            else "Replace the link by a file, or by a link to one inside.",
        )

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file of the project or its Git work tree, or None when there is no such file.

        Raises ProjectError `not_a_file` for a directory, a FIFO, a socket or a device, `unreadable_file` for what may
        not be read or is larger than 4 MiB, and what `resolve` raises.
        """
        _require_file_name(name)
        try:
            # A FIFO without a writer would block an ordinary open for ever.
            descriptor, place = self.room.open(
                name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY, allow=lambda place: self._allow(name, place)
            )
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused(name, error, beyond=True) from error
        with opened(descriptor):
            try:
                info = os.fstat(descriptor)
                data = read_regular(descriptor, MAX_FILE_BYTES + 1)
            except OSError as error:
                raise self._unreadable(place.name, os.strerror(error.errno or 0).lower()) from error
        if data is None:
            raise not_a_file(place.name)
        if len(data) > MAX_FILE_BYTES:
            size = max(info.st_size, len(data))
            raise self._unreadable(place.name, f"it has {size} bytes, more than {MAX_FILE_BYTES}")
        return data

    def directory(self, name: str, *, beyond: bool = True) -> Located:
        """Return where a directory is, links followed; it need not be there. Raises ProjectError as `read` does.

        beyond: up to the Git work tree's root rather than the project's.
        """
        _require_file_name(name)
        try:
            place = self.room.find(name, beyond=beyond)
        except OSError as error:
            raise self._refused(name, error, beyond=beyond) from error
        self._allow(name, place)
        return place

    def missing(self, name: str) -> ProjectError:
        """Return the error about a file that is not there, with the way to begin it."""
        return missing_file(self, name)

    @staticmethod
    def _unreadable(name: str, why: str) -> ProjectError:
        return ProjectError(
            "unreadable_file",
            f"{name} cannot be read: {why}.",
            place=Place(name),
            remedy="Give this user the right to read it, and keep it under 4 MiB.",
        )

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those of the named files that exist, by name."""
        found = ((name, self.read(name)) for name in names)
        return {name: data for name, data in found if data is not None}

    def exists(self, name: str) -> bool:
        """Return whether a path relative to the root is there, file or directory; nothing is read."""
        return not name.startswith("/") and self.room.status(name) is not None
