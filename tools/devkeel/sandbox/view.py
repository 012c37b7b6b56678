"""What a sandboxed program sees: the project, its environment, the store, the system, a few files of /etc.

What an environment links to is found by its own records (PEP 405), and believed only as far as it is what it says: code
that was once built into an environment may have written there. No variable leads to more, for a declaration sets them.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Unavailable
from devkeel.project.root import STATE_DIRECTORY
from devkeel.runtime.enclosure import SYSTEM, EnclosedPlace, is_below, shown, system_items
from devkeel.sandbox.guarded import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["TEMPORARY", "View", "home", "python_bases", "python_places"]

TEMPORARY = "/tmp"  # noqa: S108  (a directory of the sandbox, in memory)

_ETC = (
    *("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    *("/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/protocols", "/etc/services", "/etc/localtime"),
    *("/etc/timezone", "/etc/os-release", "/etc/debian_version", "/etc/alternatives", "/etc/mime.types", "/etc/fonts"),
    *("/etc/terminfo", "/etc/inputrc", "/etc/shells", "/etc/locale.alias"),
    # Certificates of authorities, without the directories of private keys beside them.
    *("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ssl/cert.pem", "/etc/pki/tls/certs", "/etc/pki/tls/openssl.cnf"),
    *("/etc/pki/ca-trust/extracted", "/etc/ca-certificates", "/etc/crypto-policies"),
)
# Where Debian keeps what the programs of a language look for beside them.
_LANGUAGES = ("java-*", "python3*", "perl")
_RESOLVER = ("/etc/resolv.conf",)
# Which index a machine asks.
_INDEXES = ("/etc/pip.conf", "/etc/npmrc", "/etc/uv/uv.toml")
_STORES = ("/nix/store",)
# What an installed Python has beside its programs.
_OF_PYTHON = ("bin", "lib", "lib64", "include", "share", "ssl")
_TOO_MUCH = frozenset({"/", "/home", "/root", "/tmp", "/var", "/opt", "/mnt", "/srv", "/run"})  # noqa: S108


class View(Struct, frozen=True):
    """What is seen. root: the project, which may be written.

    read, written: places beside it; those below `.devkeel`, which is hidden, are seen there. runtime: the directory
    with the sockets of the project's processes, without those of their manager. indexes: whether the settings of this
    machine about indexes of libraries are seen. staged: whether a stage lies over the project, which has other files
    and no `.devkeel`.
    """

    root: Path
    network: bool = False
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    runtime: str | None = None
    indexes: bool = False
    staged: bool = False

    def items(self) -> tuple[EnclosedPlace, ...]:
        """Return the places in the order in which they are laid. Raises Unavailable `not_sandboxed`."""
        root, own = str(self.root), home()
        if is_below(own, root):
            raise Unavailable(
                "not_sandboxed",
                "The user's home is inside of the project, so that no sandbox can show the one without the other.",
                seen=root,
                remedy="Move the project into a directory of its own, or run it without a sandbox.",
            )
        items = [*system_items(), EnclosedPlace("/run", "directory")]
        empty = dict.fromkeys((own, os.path.realpath(own)))
        items += [EnclosedPlace(TEMPORARY, "empty", mode=0o1777), EnclosedPlace("/var/tmp", "empty", mode=0o1777)]  # noqa: S108
        items += [EnclosedPlace(place, "empty", mode=0o700) for place in empty if not _is_of_system(place)]
        items += shown(self._etc(), "read")
        items += shown(_stores(), "read")
        below, beside = self._parted(self.read)
        items += shown(beside, "read")
        items += self._sockets()
        items.append(EnclosedPlace(root, "write"))
        items += self._guarded()
        if not self.staged and _is_directory(f"{root}/{STATE_DIRECTORY}"):
            items.append(EnclosedPlace(f"{root}/{STATE_DIRECTORY}", "empty", inside=True))
        items += [EnclosedPlace(item.path, "read", inside=True) for item in shown(below, "read")]
        items += [EnclosedPlace(item.path, "write", inside=True) for item in shown(self.written, "write")]
        return tuple(items)

    def sees(self, place: str) -> bool:
        """Return whether a path is in something that is seen, or that is the sandbox's own."""
        own = ("/proc", "/dev", "/sys", "/run", TEMPORARY, "/var/tmp", "/etc")  # noqa: S108
        tops = (*SYSTEM, *own, *_stores(), str(self.root), *self.read, *self.written, self.runtime or TEMPORARY)
        return any(is_below(place, top) for top in tops)

    def _guarded(self) -> Iterator[EnclosedPlace]:
        """Yield what of the project may not be written, and what leads there."""
        root = str(self.root)
        if self.staged:
            if _is_directory(f"{root}/.git"):
                yield EnclosedPlace(f"{root}/.git", "read", inside=True)
            return
        found = guarded(self.root)
        for place in found.through:
            if _is_directory(place):
                yield EnclosedPlace(place, "write", inside=True)
        # What is absent has been made by now, where that can be.
        for place in (*found.read, *(place for place in found.absent if place not in found.through)):
            if os.path.lexists(place):
                yield EnclosedPlace(place, "read", inside=True)

    def absent(self) -> tuple[str, ...]:
        """Return what is not in the project, and must not come to be there. Raises Unavailable `not_sandboxed`."""
        return () if self.staged else guarded(self.root).absent

    def _etc(self) -> Iterator[str]:
        yield from _ETC
        for pattern in _LANGUAGES:
            yield from map(str, sorted(Path("/etc").glob(pattern)))
        if self.network:
            yield from _RESOLVER
        if self.indexes and self.network:
            yield from _INDEXES

    def _parted(self, places: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return which places are below the hidden directory, and which are not in the project at all."""
        hidden = f"{self.root}/{STATE_DIRECTORY}"
        every = list(dict.fromkeys(places))
        found = [place for place in every if not any(place != top and is_below(place, top) for top in every)]
        below = [place for place in found if is_below(place, hidden)]
        known = (*SYSTEM, *_stores(), str(self.root))
        return below, [place for place in found if not any(is_below(place, top) for top in known)]

    def _sockets(self) -> Iterator[EnclosedPlace]:
        if self.runtime is None or not _is_directory(self.runtime) or Path(self.runtime).stat().st_uid != os.geteuid():
            return
        yield EnclosedPlace(self.runtime, "read")
        if _is_directory(f"{self.runtime}/processes"):
            # The manager's own socket is there: who reaches it starts programs outside of the sandbox.
            yield EnclosedPlace(f"{self.runtime}/processes", "empty", inside=True)


def home() -> str:
    """Return the user's home, which is empty in a sandbox."""
    found = os.path.expanduser("~")  # noqa: PTH111  (HOME may be unset)
    return found if found.startswith("/") and found != "/" else "/nonexistent"


def python_bases(prefix: str) -> tuple[str, ...]:
    """Return what a virtual environment needs of the Python that it was made of, wherever that is; see PEP 405."""
    try:
        lines = Path(prefix, "pyvenv.cfg").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    said = [value.strip() for key, _, value in (line.partition("=") for line in lines) if key.strip() == "home"]
    program = os.path.realpath(f"{prefix}/bin/python")
    bases = [os.path.dirname(place) for place in (*said, *map(os.path.realpath, said), os.path.dirname(program))]  # noqa: PTH120
    return tuple(place for base in dict.fromkeys(bases) for place in _parts_of(base))


def python_places(program: str) -> tuple[str, ...]:
    """Return what a Python needs that is named by its path; nothing where it is none."""
    if not os.path.basename(program).startswith("python"):  # noqa: PTH119  (as text)
        return ()
    prefix = os.path.dirname(os.path.dirname(program))  # noqa: PTH120
    if os.path.isfile(f"{prefix}/pyvenv.cfg"):  # noqa: PTH113
        return (prefix, *python_bases(prefix))
    bases = (os.path.dirname(os.path.dirname(place)) for place in (program, os.path.realpath(program)))  # noqa: PTH120
    return tuple(place for base in dict.fromkeys(bases) for place in _parts_of(base))


def _parts_of(base: str) -> Iterator[str]:
    """Yield the places of an installed Python; nothing where a directory is none."""
    root = Path(base)
    if not base.startswith("/") or any(is_below(os.path.realpath(base), place) for place in SYSTEM):
        return
    libraries = [path for path in root.glob("lib*/python3*") if (path / "os.py").is_file()]
    programs = [path for path in root.glob("bin/python3*") if path.is_file()]
    if not libraries or not programs:
        return
    own = home()
    if base in _TOO_MUCH or is_below(own, base) or base == f"{own}/.local":
        yield from map(str, (*programs, *libraries, *root.glob("lib/libpython*"), *root.glob("include/python3*")))
        return
    yield from (f"{base}/{name}" for name in _OF_PYTHON)


def _stores() -> tuple[str, ...]:
    # Where a store is that is not at the usual place (nix, src/libstore/globals.cc).
    named = os.environ.get("NIX_STORE_DIR", "")
    return (*_STORES, os.path.realpath(named)) if named.startswith("/") else _STORES


def _is_directory(place: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(place).st_mode)
    except OSError:
        return False


def _is_of_system(place: str) -> bool:
    return any(is_below(place, top) for top in SYSTEM)
