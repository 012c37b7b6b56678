"""A root directory of its own for a program: what is shown there is a list, and whatever is not in it is not there.

It is laid by mount(8) in namespaces that unshare(1) makes. As an ordinary user it takes user namespaces; root does
without. Who shows what is said elsewhere: `nix_cli/enclosure.py` for an evaluation, `sandbox/view.py` for a run.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["PROGRAMS", "SYSTEM", "EnclosedPlace", "Laying", "is_below", "shown", "system_items"]

PROGRAMS = ("unshare", "mount", "umount", "sh", "mkdir", "ln", "rm")
"""What lays it."""

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/gnu/store", "/run/current-system")
"""Where a system has its programs."""

# A directory that every Linux has, and under which nothing is that is shown.
_BASE = "/sys"
# $1 the base, $2 lines of fstab(5), $3 commands that make what is mounted on, $4 commands once all of it is there, $5
# the directory to be in, $6 what /proc is; then the command. The new root is moved over the old one, as switch_root(8)
# does it: pivot_root(8) is not on every system, and from a mere chroot(2) no user namespace can be made
# (current_chrooted(), fs/namespace.c). The new /proc is about the processes in here alone; it is mounted while the
# outer one is there, without which the kernel refuses it to a user namespace, and a container may forbid it all the
# same (mount_too_revealing(), fs/namespace.c).
_ENTER = """
base=$1 table=$2 making=$3 finishing=$4 where=$5 processes=$6; shift 6
trap 'echo "devkeel: the enclosure could not be laid" >&2' EXIT
mount -t tmpfs -o size=256m,mode=0755 devkeel "$base"
cd "$base"
eval "$making"
printf '%s\n' "$table" > .table
mount --all --fstab "$base/.table"
rm .table
case $processes in
whole) mount -t proc proc proc 2>/dev/null || mount -t proc -o subset=pid proc proc ;;
*) mount -t proc -o subset=pid proc proc 2>/dev/null || mount -t proc proc proc 2>/dev/null ||
  [ "$processes" = hidden ] || mount --rbind /proc proc ;;
esac
eval "$finishing"
# -n: what mount(8) keeps in /run is root's.
mount -n --move "$base" /
trap - EXIT
# The first process ends with its command, which may mean to outlive a signal, and takes all others with it.
PATH=$PATH:/usr/sbin:/sbin exec chroot . sh -c '
  trap : HUP INT QUIT TERM; cd "$1" && shift && { "$@"; exit $?; }' sh "$where" "$@"
"""
_FLAGS = ("NOSUID", "NODEV", "NOEXEC", "NOATIME", "NODIRATIME", "RELATIME")

Kind = Literal["directory", "link", "read", "write", "empty"]


class EnclosedPlace(Struct, frozen=True):
    """One place of the new root directory, by the path that it has in both.

    kind: `read` and `write` show what is there, `empty` is a directory in memory, `directory` is only made, `link`
    leads to `target`. mode: of an empty one. inside: whether it lies in what another item shows, so that its
    directory is made when that is there.
    """

    path: str
    kind: Kind
    target: str = ""
    mode: int = 0o755
    inside: bool = False


class Laying(Struct, frozen=True):
    """How a root directory is laid by mount(8). size: bytes of each empty directory.

    finishing: commands of a shell, in the new root's directory, once everything is there. processes: `hidden` where
    /proc must be about the processes in here, `whole` where it must and has the rest of a /proc too, `shown` where the
    outer one may stay.
    """

    items: tuple[EnclosedPlace, ...]
    processes: Literal["hidden", "shown", "whole"]
    finishing: str = ""
    size: int = 256 * 1024 * 1024

    def words(self, cwd: str, command: tuple[str, ...]) -> tuple[str, ...]:
        """Return what runs a command in it, for `unshare` to run in a mount namespace of its own."""
        rows = _Rows({}, [], size=self.size)
        for item in self.items:
            rows.add(item)
        laid = ("\n".join(rows.lines), rows.making(), self.finishing, cwd, self.processes)
        return ("sh", "-euc", _ENTER, "sh", _BASE, *laid, *command)


class _Rows(Struct):
    """What is mounted in the new root directory by its own path, as lines of fstab(5), and what that is mounted on.

    directories: made by one program, for each that is started costs a thousandth of a second.
    """

    directories: dict[str, None]
    lines: list[str]
    size: int
    links: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def making(self) -> str:
        """Return the commands that make what is mounted on: links first, through which a directory may lead."""
        made = [f"mkdir -p {' '.join(map(shlex.quote, self.directories))}"] if self.directories else []
        return "\n".join([*self.links, *self.empty, *made, *self.files])

    def add(self, item: EnclosedPlace) -> None:
        """Add a place."""
        inside = shlex.quote(f".{item.path}")
        if item.kind == "link":
            above = os.path.dirname(item.path)  # noqa: PTH120  (as text)
            self.links += [f"mkdir -p {shlex.quote(f'.{above}')}"] if above != "/" else []
            self.links.append(f"ln -s {shlex.quote(item.target)} {inside}")
        elif item.kind == "directory":
            self.directories[f".{item.path}"] = None
        elif item.kind == "empty":
            options = f"size={self.size},mode={item.mode:o},nosuid,nodev"
            if item.inside:
                self.lines.append(f"devkeel {_BASE}{_escaped(item.path)} tmpfs {options} 0 0")
            else:
                self.empty.append(f"mkdir -p {inside} && mount -t tmpfs -o {options} devkeel {inside}")
        else:
            self._bind(item, inside)

    def _bind(self, item: EnclosedPlace, inside: str) -> None:
        options = ["rbind"]
        if os.path.isdir(item.path):  # noqa: PTH112
            if item.inside:
                options.append("X-mount.mkdir")
            else:
                self.directories[f".{item.path}"] = None
        elif not item.inside:
            self.directories[f".{os.path.dirname(item.path)}"] = None  # noqa: PTH120
            self.files.append(f"[ -e {inside} ] || : > {inside}")
        if item.kind == "read":
            options += ["ro", *_flags(item.path)]
        self.lines.append(f"{_escaped(item.path)} {_BASE}{_escaped(item.path)} none {','.join(options)} 0 0")


def system_items() -> Iterator[EnclosedPlace]:
    """Yield the places of the system, each as the link that it is, where it is one."""
    for place in SYSTEM:
        if os.path.islink(place):  # noqa: PTH114  (as text)
            yield EnclosedPlace(place, "link", os.readlink(place))  # noqa: PTH115
        elif os.path.isdir(place):  # noqa: PTH112
            yield EnclosedPlace(place, "read")


def shown(places: Iterable[str], kind: Literal["read", "write"]) -> Iterator[EnclosedPlace]:
    """Yield the places that are there; a link to nothing shows nothing."""
    for place in places:
        if os.path.exists(place):  # noqa: PTH110
            yield EnclosedPlace(place, kind)


def is_below(place: str, top: str) -> bool:
    """Return whether a path is another one or inside of it, as text."""
    return place == top or place.startswith(f"{top.rstrip('/')}/")


def _flags(place: str) -> list[str]:
    """Return the flags of a mount that have to stay when it is mounted again (user_namespaces(7), "locked")."""
    given = os.statvfs(place).f_flag
    return [name.lower() for name in _FLAGS if given & getattr(os, f"ST_{name}", 0)]


def _escaped(place: str) -> str:
    """Return a path as fstab(5) has it."""
    return re.sub(r"[\s\\#]", lambda match: f"\\{ord(match[0]):03o}", place)
