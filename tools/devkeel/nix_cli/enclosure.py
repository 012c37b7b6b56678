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

from msgspec import Struct, field

from devkeel.candidate.repository import find_repository
from devkeel.errors import Unavailable
from devkeel.nix_cli.overrides import places_of_overrides
from devkeel.nix_cli.settings import carried_settings, own_setting
from devkeel.runtime.process import run
from devkeel.runtime.programs import child_environment, find_program
from devkeel.system.mechanisms import usable
from devkeel.system.reading_room import work_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.candidate.stage import Stage

__all__ = ["Enclosure", "encloses", "enclosure_of"]

_PROGRAMS = ("unshare", "mount", "umount", "sh", "mkdir", "ln", "rm")
# A directory that every Linux has, and under which nothing is that is shown.
_BASE = "/sys"
# $1 the base, $2 lines of fstab(5), $3 commands that make what is mounted on, $4 the directory to be in, $5 `shown`
# where the outer /proc may stay; then the command. The new root is moved over the old one, as switch_root(8) does it:
# pivot_root(8) is not on every system, and from a mere chroot(2) no user namespace can be made (current_chrooted(),
# fs/namespace.c). The new /proc is about the processes in here alone; it is mounted while the outer one is there,
# without which the kernel refuses it to a user namespace, and a container may forbid it all the same
# (mount_too_revealing(), fs/namespace.c).
_ENTER = """
base=$1 table=$2 making=$3 where=$4 others=$5; shift 5
trap 'echo "devkeel: the enclosure could not be laid" >&2' EXIT
mount -t tmpfs -o size=256m,mode=0755 devkeel "$base"
cd "$base"
eval "$making"
printf '%s\n' "$table" > .table
mount --all --fstab "$base/.table"
rm .table
mount -t proc -o subset=pid proc proc 2>/dev/null || mount -t proc proc proc 2>/dev/null ||
  [ "$others" = hidden ] || mount --rbind /proc proc
# -n: what mount(8) keeps in /run is root's.
mount -n --move "$base" /
trap - EXIT
PATH=$PATH:/usr/sbin:/sbin exec chroot . sh -c 'cd "$1" && shift && { "$@"; exit $?; }' sh "$where" "$@"
"""
# It is the first of processes of its own: /proc/1/root would be another root directory.
_NAMESPACES = ("--pid", "--fork", "--kill-child=KILL", "--mount", "--propagation", "private")

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/gnu/store", "/run/current-system")
_FILES = (
    *("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"),
    *("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ld.so.cache", "/etc/ld.so.conf"),
)
_STORE = Path("/nix")
# Where Nix keeps its things, where that is not the usual place (nix, src/libstore/globals.cc).
_VARIABLES = ("NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_LOCALSTATE_DIR", "NIX_DATA_DIR")
_SOCKET = "NIX_DAEMON_SOCKET_PATH"
# A store is a path, or an address with paths in it: `local?root=/x`, `unix:///run/socket` (nix,
# src/libstore/store-api.cc).
_PLACES_OF_STORE = re.compile(r"(?:^|://|[?&](?P<key>[\w-]+)=)(?P<path>/[^?&]*)")
# A program may need what lies beside it; these are too much to show for that.
_TOO_MUCH = frozenset({"/", "/home", "/root", "/tmp", "/var", "/opt", "/mnt", "/srv"})  # noqa: S108
_FLAGS = ("NOSUID", "NODEV", "NOEXEC", "NOATIME", "NODIRATIME", "RELATIME")


class Enclosure(Struct, frozen=True):
    """What a program sees. read: places that it cannot write, beside the system's. written: those that it can."""

    read: tuple[Path, ...] = ()
    written: tuple[Path, ...] = ()

    def wrap(self, argv: tuple[str, ...], cwd: Path) -> tuple[str, ...]:
        """Return the command that runs another in here; its program is shown too. Exit codes are as of a shell."""
        program, beside = _program(argv[0])
        rows = _Rows({}, [])
        for place in _SYSTEM:
            rows.system(place)
        for place in ("/proc", "/tmp", "/dev", "/etc", *_home()):  # noqa: S108  (in memory)
            rows.directory(place)
        for place in (*_FILES, *map(str, (*self.read, *beside, *_shims()))):
            rows.show(place, read_only=not place.startswith("/dev/"))
        for place in dict.fromkeys(map(str, (*_stores(), *self.written))):
            rows.show(place, read_only=False)
        # From a user namespace of its own no process reaches the files or memory of others by /proc (ptrace(2), "Ptrace
        # access mode checking"); root would.
        others = "hidden" if os.geteuid() == 0 else "shown"
        laid = ("\n".join(rows.lines), rows.making(), str(cwd), others)
        enter = (*_NAMESPACES, "sh", "-euc", _ENTER, "sh", _BASE, *laid)
        command = (program, *argv[1:])
        if os.geteuid() == 0:
            return ("unshare", *enter, *command)
        # Only a mapped root may mount; a second namespace gives the ids back (user_namespaces(7)).
        own = ("unshare", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}", "--")
        return ("unshare", "--map-root-user", *enter, *own, *command)

    def variables(self) -> dict[str, str]:
        """Return the variables that lead a program in here only to what is there."""
        seen = [os.path.realpath(place) for place in (*_SYSTEM, *map(str, (_STORE, *_shims())))]
        entries = [os.path.realpath(entry) for entry in child_environment()["PATH"].split(os.pathsep)]
        path = dict.fromkeys(entry for entry in entries if any(_below(entry, place) for place in seen))
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


class _Rows(Struct):
    """What is mounted in the new root directory by its own path, as lines of fstab(5), and what that is mounted on.

    directories: made by one program, for each that is started costs a thousandth of a second.
    """

    directories: dict[str, None]
    lines: list[str]
    links: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def making(self) -> str:
        """Return the commands that make what is mounted on: links first, through which a directory may lead."""
        return "\n".join([*self.links, f"mkdir -p {' '.join(map(shlex.quote, self.directories))}", *self.files])

    def system(self, place: str) -> None:
        """Show a place of the system: as the link that it is, where it is one."""
        if os.path.islink(place):  # noqa: PTH114  (as text)
            inside = os.path.dirname(place)  # noqa: PTH120
            self.links += [f"mkdir -p {shlex.quote(f'.{inside}')}"] if inside != "/" else []
            self.links.append(f"ln -s {shlex.quote(os.readlink(place))} .{place}")  # noqa: PTH115
        elif os.path.isdir(place):  # noqa: PTH112
            self.show(place, read_only=True)

    def directory(self, place: str) -> None:
        """Have a directory, whether something is mounted on it or not."""
        self.directories[f".{place}"] = None

    def show(self, place: str, *, read_only: bool) -> None:
        """Show a directory or file, if it is there."""
        if os.path.isdir(place):  # noqa: PTH112
            self.directory(place)
        elif os.path.exists(place):  # noqa: PTH110  (a link to nothing shows nothing)
            self.directory(os.path.dirname(place))  # noqa: PTH120
            inside = shlex.quote(f".{place}")
            self.files.append(f"[ -e {inside} ] || : > {inside}")
        else:
            return
        options = ",".join(("rbind", "ro", *_flags(place))) if read_only else "rbind"
        self.lines.append(f"{_escaped(place)} {_BASE}{_escaped(place)} none {options} 0 0")


def enclosure_of(stage: Stage, written: tuple[Path, ...] = ()) -> Enclosure | None:
    """Return what an evaluation of a stage sees: the project and its Git work tree; None where the system has no way.

    A work tree that has the user's home in it is not the project's: then it is the project alone. written: what else is
    seen, and may be written.
    """
    if not encloses():
        return None
    root = stage.root
    top = root if stage.way == "copy" else work_tree(root)
    if _below(os.path.expanduser("~"), str(top)):  # noqa: PTH111  (HOME may be unset)
        top = root
    # A further work tree and a submodule have their repository elsewhere; it is theirs only where it names them too.
    found = find_repository(root) if top == work_tree(root) else None
    others = [place for place in dict.fromkeys(found or ()) if not _below(str(place), str(top))]
    # What lies over the project in the stage lies over its directory, which so comes after those above it.
    seen = (*(Path(os.path.realpath(place)) for place in others), *places_of_overrides())
    return Enclosure((*dict.fromkeys((top, root)), *seen), written)


def encloses() -> bool:
    """Return whether this system lets this user give a program a root directory of its own."""
    return usable("namespaces") and _holds()


@cache
def _holds() -> bool:
    """Find out by doing it once: what is shown is there and cannot be written, and what is not shown is not there."""
    if any(find_program(name) is None for name in _PROGRAMS):
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
    places = [os.path.realpath(place) for place in (*_SYSTEM, str(_STORE))]
    if any(_below(folder, place) for place in places):
        return f"{folder}/{name}", ()
    # A Nix that lies elsewhere, with its libraries beside its `bin`.
    prefix = os.path.dirname(folder)  # noqa: PTH120
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111
    whole = os.path.basename(folder) == "bin" and prefix not in _TOO_MUCH | {f"{home}/.local"}  # noqa: PTH119
    if whole and not _below(home, prefix):
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
    return (home,) if home.startswith("/") and not any(_below(home, place) for place in _SYSTEM) else ()


def _flags(place: str) -> list[str]:
    """Return the flags of a mount that have to stay when it is mounted again (user_namespaces(7), "locked")."""
    given = os.statvfs(place).f_flag
    return [name.lower() for name in _FLAGS if given & getattr(os, f"ST_{name}", 0)]


def _escaped(place: str) -> str:
    """Return a path as fstab(5) has it."""
    return re.sub(r"[\s\\#]", lambda match: f"\\{ord(match[0]):03o}", place)


def _below(place: str, top: str) -> bool:
    return place == top or place.startswith(f"{top.rstrip('/')}/")
