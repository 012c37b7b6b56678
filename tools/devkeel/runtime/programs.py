"""Which programs are run, and what they see of this process: nothing that came with a project that is only looked at.

A project may be a clone of foreign code: its `.venv/bin`, `node_modules/.bin` or a `.` on PATH would make its
programs ours. While looking, which is how every call begins, these are left out of PATH, variables that lead into the
project are not handed on, and Git is kept from the programs that a repository's configuration names. Work that the
caller asked to run says so with `executing`.
"""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "child_environment",
    "distrust",
    "executing",
    "find_program",
    "is_executing",
    "is_foreign",
    "located",
    "looking",
    "search_path",
]

# What a child may see of our environment. Where Nix keeps its things and which settings it has is the user's to say.
_NIX = (
    *("NIX_PATH", "NIX_REMOTE", "NIX_SSHOPTS", "NIX_DAEMON_SOCKET_PATH", "NIX_CONFIG"),
    *("NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_DATA_DIR", "NIX_LOCALSTATE_DIR"),
)
# Where programs look for their settings, or write: one path, or several.
_PLACES = frozenset(
    {"HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"}
    | {"NIX_CONF_DIR", "NIX_USER_CONF_FILES", "NIX_SSL_CERT_FILE", "XDG_CONFIG_DIRS"}
    | {"NIX_CACHE_HOME", "NIX_CONFIG_HOME", "NIX_DATA_HOME", "NIX_STATE_HOME"}
)
_ALLOWED = frozenset({"PATH", "USER", "LANG", "LC_ALL", *_NIX}) | _PLACES

# Stands before PATH while looking: a `git` that reads a repository without its configuration.
_SHIMS = Path(__file__).with_name("shims")
# For a Git that is not found by PATH. What git-config(1) lets a repository name and Git then runs; names that the
# repository chooses itself, as those of filters, cannot be listed here, and are the shim's.
_GIT = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.sshCommand": "ssh",
    "core.gitProxy": "none",
    "core.askPass": "false",
    "core.editor": "false",
    "core.pager": "cat",
    "core.alternateRefsCommand": "false",
    "credential.helper": "",
    "gpg.program": "gpg",
    "gpg.ssh.program": "ssh-keygen",
    "protocol.ext.allow": "never",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
}
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat", "HGRCSKIPREPO": "1"}

# By device and inode, and as it was written: a file system may know more than one spelling, or be mounted twice.
_foreign: dict[tuple[int, int], str] = {}
_EXECUTING: ContextVar[bool] = ContextVar("executing", default=False)


def distrust(root: Path) -> None:
    """Take programs below a project, or below the Git work tree that it is in, for foreign ones from now on."""
    for place in _spellings(root):
        for found in _bounds(place):
            if (identity := _identity(found)) is not None:
                _foreign[identity] = found


@contextmanager
def executing(may: bool = True) -> Iterator[None]:
    """Let what the project and the caller's own PATH bring be run meanwhile: the caller has asked for just that."""
    token = _EXECUTING.set(may)
    try:
        yield
    finally:
        _EXECUTING.reset(token)


@contextmanager
def looking() -> Iterator[None]:
    """Let nothing that the project brings be run meanwhile, whatever the caller has asked for."""
    token = _EXECUTING.set(False)
    try:
        yield
    finally:
        _EXECUTING.reset(token)


def is_executing() -> bool:
    """Return whether what the project brings may be run now."""
    return _EXECUTING.get()


def is_foreign(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is inside of a project, as it is written or after its links."""
    return any(_is_below_one(Path(found)) for found in _spellings(path))


def search_path() -> str:
    """Return PATH without what is relative, which would mean another program in each directory.

    While looking also without what is inside of a project.
    """
    # An empty entry is the current directory (environ(7) and POSIX, 8.3), and so goes with those that are relative.
    entries = [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if entry.startswith("/")]
    return os.pathsep.join(entry for entry in entries if is_executing() or not is_foreign(entry))


def find_program(name: str) -> str | None:
    """Return the absolute path of a program, or None when it is not on PATH, as `search_path` has it."""
    return located(name, search_path())


def located(name: str, path: str) -> str | None:
    """Return where a program is on a search path; while looking none whose file is a project's."""
    for entry in path.split(os.pathsep):
        found = f"{entry}/{name}"
        # The right to execute a directory is to search it (path_resolution(7)), so that access says yes of one.
        there = entry.startswith("/") and os.access(found, os.X_OK) and os.path.isfile(found)  # noqa: PTH113  (many for each call)
        if there and (is_executing() or not is_foreign(found)):
            return found
    return None


def child_environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a child sees: a few variables of ours, no colours, and what is given."""
    found = {name: os.environ[name] for name in _ALLOWED if name in os.environ}
    found["PATH"] = search_path()
    if not is_executing():
        found |= {name: _ours(found[name]) for name in _PLACES & found.keys()}
        found = {name: value for name, value in found.items() if value or name not in _PLACES} | _guarded()
        # What the child looks up itself is not looked at one by one.
        clean = [entry for entry in found["PATH"].split(os.pathsep) if not _leads_there(entry)]
        found["PATH"] = os.pathsep.join((*_shims(), *clean))
    return found | {"NO_COLOR": "1"} | dict(variables or {})


def _spellings(path: str | os.PathLike[str]) -> set[str]:
    return {os.path.abspath(path), os.path.realpath(path)}  # noqa: PTH100  (as it is written, links and all)


def _is_below_one(path: Path) -> bool:
    return any(_is_one(str(place)) for place in (path, *path.parents))


def _is_one(place: str) -> bool:
    identity = _identity(place)
    found = None if identity is None else _foreign.get(identity)
    # An inode may have become another directory's since.
    return found is not None and (found == place or _identity(found) == identity)


def _identity(place: str) -> tuple[int, int] | None:
    try:
        info = Path(place).stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino


def _leads_there(entry: str) -> bool:
    """Return whether a directory has a link to something inside of a project."""
    try:
        return _has_foreign_link(entry, Path(entry).stat().st_mtime_ns, len(_foreign))
    except OSError:
        return False


@lru_cache(maxsize=256)
def _has_foreign_link(entry: str, _: int, __: int) -> bool:
    """Look once while the directory stays the same; the numbers differ with each state of it."""
    with os.scandir(entry) as items:
        return any(item.is_symlink() and is_foreign(item.path) for item in items)


def _ours(places: str) -> str:
    return os.pathsep.join(item for item in places.split(os.pathsep) if item.startswith("/") and not is_foreign(item))


@cache
def _shims() -> tuple[str, ...]:
    # An installer may have lost the right to execute; then what is overridden by name has to do.
    return (str(_SHIMS),) if os.access(_SHIMS / "git", os.X_OK) else ()


@cache
def _guarded() -> dict[str, str]:
    """Return the variables that override a repository's own configuration, see git-config(1)."""
    # Since Git 2.31; it wins over every file, and `-c` on the command line wins over it (git-config(1), ENVIRONMENT).
    found = {"GIT_CONFIG_COUNT": str(len(_GIT))}
    for number, (name, value) in enumerate(_GIT.items()):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found | _QUIET


def _bounds(root: str) -> list[str]:
    """Return the directories below which all came with a project: its root, and each Git work tree that it is in.

    Not what has in it what is the user's or the system's own: a home under Git is no clone.
    """
    places = [root, *map(str, Path(root).parents)]
    tops = [place for place in places if place == root or os.path.lexists(f"{place}/.git")]
    return [place for place in tops if not any(_inside(own, place) for own in _own_places())]


@cache
def _own_places() -> tuple[str, ...]:
    try:
        # Not HOME, which whoever starts us can set.
        home = [os.path.realpath(pwd.getpwuid(os.getuid()).pw_dir)]
    except KeyError:  # a user id without an entry, as in containers
        home = []
    return (*home, *os.defpath.split(os.pathsep))


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root.rstrip('/')}/")
