"""A root directory of its own for an evaluation: the project, the store, the system's programs, and nothing else.

Nix' own settings do not keep an evaluation from every file. A pure one hands `builtins.path` any path once a hash is
named, and copies it into the store, which everybody can read, before it compares (nix 2.8, src/libexpr/primops.cc,
`addPath`); `fetchTree` and `getFlake` of a path name the hash of what they found. Here the paths are not there.

As an ordinary user it takes user namespaces; root does without. Whether it holds shows by trying it once.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct

from devkeel.candidate.repository import find_repository
from devkeel.errors import Unavailable
from devkeel.nix_cli.overrides import places_of_overrides
from devkeel.nix_cli.settings import carried_settings, own_setting
from devkeel.runtime.enclosure import PROGRAMS, SYSTEM, EnclosedPlace, Laying, is_below, shown, system_items
from devkeel.runtime.process import run
from devkeel.runtime.programs import child_environment, find_program
from devkeel.system.mechanisms import usable
from devkeel.system.reading_room import work_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.candidate.stage import Stage

__all__ = ["Enclosure", "encloses", "enclosure_of"]

# It is the first of processes of its own: /proc/1/root would be another root directory.
_NAMESPACES = ("--pid", "--fork", "--kill-child=KILL", "--mount", "--propagation", "private")

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_FILES = ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ld.so.cache", "/etc/ld.so.conf")
_STORE = Path("/nix")
# Where Nix keeps its things, where that is not the usual place (nix, src/libstore/globals.cc).
_VARIABLES = ("NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_LOCALSTATE_DIR", "NIX_DATA_DIR")
_SOCKET = "NIX_DAEMON_SOCKET_PATH"
# A store is a path, or an address with paths in it: `local?root=/x`, `unix:///run/socket` (nix,
# src/libstore/store-api.cc).
_PLACES_OF_STORE = re.compile(r"(?:^|://|[?&](?P<key>[\w-]+)=)(?P<path>/[^?&]*)")
# A program may need what lies beside it; these are too much to show for that.
_TOO_MUCH = frozenset({"/", "/home", "/root", "/tmp", "/var", "/opt", "/mnt", "/srv"})  # noqa: S108


class Enclosure(Struct, frozen=True):
    """What a program sees. read: places that it cannot write, beside the system's. written: those that it can."""

    read: tuple[Path, ...] = ()
    written: tuple[Path, ...] = ()

    def wrap(self, argv: tuple[str, ...], cwd: Path) -> tuple[str, ...]:
        """Return the command that runs another in here; its program is shown too. Exit codes are as of a shell."""
        program, beside = _program(argv[0])
        items = [*system_items()]
        items += [EnclosedPlace(place, "directory") for place in ("/proc", "/tmp", "/dev", "/etc", *_home())]  # noqa: S108
        items += shown(_DEVICES, "write")
        items += shown((*_FILES, *map(str, (*self.read, *beside, *_shims()))), "read")
        items += shown(dict.fromkeys(map(str, (*_stores(), *self.written))), "write")
        # From a user namespace of its own no process reaches the files or memory of others by /proc (ptrace(2), "Ptrace
        # access mode checking"); root would.
        laying = Laying(tuple(items), "hidden" if os.geteuid() == 0 else "shown")
        command = (program, *argv[1:])
        if os.geteuid() == 0:
            return ("unshare", *_NAMESPACES, *laying.words(str(cwd), command))
        # Only a mapped root may mount; a second namespace gives the ids back (user_namespaces(7)).
        own = ("unshare", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}", "--")
        return ("unshare", "--map-root-user", *_NAMESPACES, *laying.words(str(cwd), (*own, *command)))

    def variables(self) -> dict[str, str]:
        """Return the variables that lead a program in here only to what is there."""
        seen = [os.path.realpath(place) for place in (*SYSTEM, *map(str, (_STORE, *_shims())))]
        entries = [os.path.realpath(entry) for entry in child_environment()["PATH"].split(os.pathsep)]
        path = dict.fromkeys(entry for entry in entries if any(is_below(entry, place) for place in seen))
        return {
            "PATH": os.pathsep.join(path),
            "TMPDIR": "/tmp",  # noqa: S108  (in memory, and this program's alone)
            "DEVKEEL_GIT_KEPT": "/tmp/devkeel-git",  # noqa: S108  (as TMPDIR; see `runtime/shims/git`)
            # The user's nix.conf, which may have tokens, is not here; what a store needs of it is.
            "NIX_CONF_DIR": "/nonexistent",
            "NIX_USER_CONF_FILES": "/nonexistent",
            "NIX_CONFIG": "\n".join(f"{name} = {value}" for name, value in carried_settings().items()),
            # Else the collector of Nix reads it from /proc/stat, and says that it is not there (bdwgc,
            # pthread_support.c).
            "GC_NPROCS": str(os.cpu_count() or 1),
        }


def enclosure_of(stage: Stage, written: tuple[Path, ...] = ()) -> Enclosure | None:
    """Return what an evaluation of a stage sees: the project and its Git work tree; None where the system has no way.

    A work tree that has the user's home in it is not the project's: then it is the project alone. written: what else is
    seen, and may be written.
    """
    if not encloses():
        return None
    root = stage.root
    top = root if stage.way == "copy" else work_tree(root)
    if is_below(os.path.expanduser("~"), str(top)):  # noqa: PTH111  (HOME may be unset)
        top = root
    # A further work tree and a submodule have their repository elsewhere; it is theirs only where it names them too.
    found = find_repository(root) if top == work_tree(root) else None
    others = [place for place in dict.fromkeys(found or ()) if not is_below(str(place), str(top))]
    # What lies over the project in the stage lies over its directory, which so comes after those above it.
    seen = (*(Path(os.path.realpath(place)) for place in others), *places_of_overrides())
    return Enclosure((*dict.fromkeys((top, root)), *seen), written)


def encloses() -> bool:
    """Return whether this system lets this user give a program a root directory of its own."""
    return usable("namespaces") and _holds()


@cache
def _holds() -> bool:
    """Find out by doing it once: what is shown is there and cannot be written, and what is not shown is not there."""
    if any(find_program(name) is None for name in PROGRAMS):
        return False
    with tempfile.TemporaryDirectory(prefix="devkeel-") as place:
        shown, hidden = Path(place, "shown"), Path(place, "hidden")
        shown.mkdir()
        hidden.touch()
        look = f"[ -d {shlex.quote(str(shown))} ] && [ ! -e {shlex.quote(str(hidden))} ] && id -u"
        enclosure = Enclosure((shown,))
        try:
            argv = enclosure.wrap(("/bin/sh", "-c", look), shown)
            found = run(argv, timeout=10, environment={"PATH": enclosure.variables()["PATH"]})
        except Unavailable:
            return False
    return found.returncode == 0 and found.stdout.strip() == str(os.geteuid()).encode()


def _program(path: str) -> tuple[str, tuple[Path, ...]]:
    """Return where a program is in here, and what has to be shown for it beside the system and the store."""
    # Nix is one program that looks at the name by which it is called (nix, src/nix/main.cc).
    folder, name = os.path.realpath(os.path.dirname(path)), os.path.basename(path)  # noqa: PTH119, PTH120
    found = os.path.realpath(path)
    if os.path.basename(found) == name:  # noqa: PTH119
        folder = os.path.dirname(found)  # noqa: PTH120
    places = [os.path.realpath(place) for place in (*SYSTEM, str(_STORE))]
    if any(is_below(folder, place) for place in places):
        return f"{folder}/{name}", ()
    # A Nix that lies elsewhere, with its libraries beside its `bin`.
    prefix = os.path.dirname(folder)  # noqa: PTH120
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111
    whole = os.path.basename(folder) == "bin" and prefix not in _TOO_MUCH | {f"{home}/.local"}  # noqa: PTH119
    if whole and not is_below(home, prefix):
        return f"{folder}/{name}", (Path(prefix),)
    return f"{folder}/{name}", tuple(dict.fromkeys((Path(folder, name), Path(found))))


def _stores() -> Iterator[Path]:
    """Yield the places of the store that Nix uses here, with its state; a daemon is reached by its socket there."""
    yield _STORE
    named = [os.environ.get(name, "") for name in _VARIABLES] + [os.path.dirname(os.environ.get(_SOCKET, ""))]  # noqa: PTH120
    yield from (Path(os.path.realpath(place)) for place in named if place.startswith("/"))
    text = own_setting("store")
    for match in _PLACES_OF_STORE.finditer(text):
        place = Path(unquote(match["path"]))
        if text.startswith("unix:") and match["key"] is None:
            yield place.parent
        elif match["key"] in (None, "root"):
            # A store in a root directory of its own, which Nix makes where it is not there.
            (place / "nix").mkdir(parents=True, exist_ok=True)
            yield place / "nix"
        else:
            yield place


def _shims() -> Iterable[Path]:
    """Return the directory with devkeel's own programs for looking, if PATH has it."""
    first = child_environment()["PATH"].partition(os.pathsep)[0]
    return (Path(os.path.realpath(first)),) if Path(first).name == "shims" and Path(first, "git").exists() else ()


def _home() -> tuple[str, ...]:
    """Return the user's home, which is empty in here: Nix looks for it. None where it is a place of the system."""
    home = os.environ.get("HOME", "")
    return (home,) if home.startswith("/") and not any(is_below(home, place) for place in SYSTEM) else ()
