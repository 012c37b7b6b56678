"""The two ways to make a sandbox: bubblewrap, or unshare(1) and mount(8); which of them this system gives this user.

Both show the same list of places (`devkeel.runtime.enclosure`), give processes, shared memory and (without a network)
a network of their own, and leave the command no capability but those over files, where root runs it. Whether one holds
is found out by doing it once.
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.runtime.enclosure import PROGRAMS, EnclosedPlace, Laying, is_below, system_items
from devkeel.runtime.isolation import isolated_python
from devkeel.runtime.process import run
from devkeel.runtime.programs import child_environment, located, looking
from devkeel.sandbox.order import BEGIN
from devkeel.system.mechanisms import usable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.sandbox.order import Way

__all__ = ["system_path", "way", "words"]

# What root keeps of its rights: those over the files that it sees, and none over the machine (capabilities(7)).
# Without CAP_DAC_READ_SEARCH, by which a file is opened by a handle wherever it is (open_by_handle_at(2)).
_KEPT = ("chown", "dac_override", "fowner", "fsetid")
_BWRAP = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent")
_UNSHARE = ("--ipc", "--uts", "--pid", "--fork", "--kill-child=KILL", "--mount", "--propagation", "private")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
# What of /proc is the whole machine's: root may write some of it without any capability (proc_sys_permission(),
# fs/proc/proc_sysctl.c), and read the rest.
_SETTINGS = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi")
_SECRETS = ("kcore", "keys", "timer_list", "kmsg")
# As `bwrap --dev` has it. devpts(5): an instance of its own.
_FINISHING = f"""
for place in {" ".join(_SETTINGS)}; do
  [ ! -e "proc/$place" ] || {{ mount --bind "proc/$place" "proc/$place" && mount -o remount,bind,ro "proc/$place"; }}
done
for place in {" ".join(_SECRETS)}; do
  [ ! -e "proc/$place" ] || mount --bind dev/null "proc/$place"
done
mkdir dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${{number%:*}}" "dev/${{number#*:}}"; done
"""
_LAST = 'mount -o remount,bind,ro "$base"\n'
_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}
_SECONDS = 20.0
# What is shown is there and cannot be written, nor can the root; a redirection that fails ends some shells (POSIX,
# 2.8.1).
_LOOK = """
[ -d {shown} ] && [ ! -e {hidden} ] && ! (: > {shown}/new) 2>/dev/null && ! (: > /new) 2>/dev/null &&
  : > /dev/null && id -u
"""


def way() -> Way | None:
    """Return how this system makes a sandbox for this user; None where it makes none."""
    if not usable("namespaces"):
        return None
    if usable("bubblewrap") and _holds("bubblewrap"):
        return "bubblewrap"
    return "namespaces" if _holds("namespaces") else None


def words(
    by: Way, items: tuple[EnclosedPlace, ...], cwd: str, command: tuple[str, ...], *, network: bool, size: int
) -> list[str]:
    """Return what runs a command in a sandbox; `devkeel.sandbox.keeper` runs it.

    items: what is shown, in the order in which it is laid. size: bytes of each directory in memory.
    """
    begin = (*_dropping(by), "/bin/sh", "-c", BEGIN, "sh", cwd, *command)
    if by == "bubblewrap":
        return [_program("bwrap"), *_bubblewrap(items, network=network, size=size), "--", *begin]
    again = "".join(_again(place) for place in _mounted_below(items))
    laying = Laying((*items, *_devices()), "whole", f"{_FINISHING}{again}{_LAST}", size)
    spaces = (*_UNSHARE, *(() if network else ("--net",)))
    if os.geteuid() == 0:
        return [_program("unshare"), *spaces, *laying.words("/", begin)]
    # Only a mapped root may mount; a second namespace gives the ids back (user_namespaces(7)).
    own = ("unshare", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}", "--")
    return [_program("unshare"), "--map-root-user", *spaces, *laying.words("/", (*own, *begin))]


def _dropping(by: Way) -> tuple[str, ...]:
    """Return what takes root's capabilities, where no user namespace does; bwrap does it itself."""
    if os.geteuid() != 0 or by == "bubblewrap":
        return ()
    kept = ",".join(("-all", *(f"+{name}" for name in _KEPT)))
    return ("setpriv", "--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", f"--bounding-set={kept}", "--")


def _bubblewrap(items: tuple[EnclosedPlace, ...], *, network: bool, size: int) -> Iterator[str]:
    yield from _BWRAP
    if not network:
        yield "--unshare-net"
    if os.geteuid() == 0:
        yield from ("--cap-drop", "ALL")
        for name in _KEPT:
            yield from ("--cap-add", f"CAP_{name.upper()}")
    else:
        yield "--unshare-user"
    yield from _proc()
    for item in items:
        if item.kind == "link":
            yield from ("--symlink", item.target, item.path)
        elif item.kind == "directory":
            yield from ("--dir", item.path)
        elif item.kind == "empty":
            yield from ("--perms", f"{item.mode:04o}", "--size", str(size), "--tmpfs", item.path)
        else:
            yield from ("--ro-bind" if item.kind == "read" else "--bind", item.path, item.path)
    yield from ("--remount-ro", "/")


def _proc() -> Iterator[str]:
    yield from ("--proc", "/proc", "--dev", "/dev")
    # bwrap itself covers these for an ordinary user alone (bubblewrap.c, SETUP_MOUNT_PROC).
    for name in _SETTINGS:
        yield from ("--ro-bind-try", f"/proc/{name}", f"/proc/{name}")
    for name in _SECRETS:
        if os.path.exists(f"/proc/{name}"):  # noqa: PTH110
            yield from ("--ro-bind", "/dev/null", f"/proc/{name}")


def _devices() -> Iterator[EnclosedPlace]:
    yield from (EnclosedPlace(place, "directory") for place in ("/proc", "/dev"))
    yield EnclosedPlace("/dev/shm", "empty", mode=0o1777)  # noqa: S108
    yield from (EnclosedPlace(place, "write") for place in _DEVICES if os.path.exists(place))  # noqa: PTH110


def _mounted_below(items: tuple[EnclosedPlace, ...]) -> Iterator[str]:
    """Yield where something is mounted inside of what may only be read: mount(8) makes the top alone read-only."""
    shows = [item for item in items if item.kind in ("read", "write", "empty")]
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines():
        place = line.split()[4]
        for code, sign in _ESCAPES.items():
            place = place.replace(code, sign)
        # The last one that shows a place decides.
        over = [item for item in shows if is_below(place, item.path)]
        if over and over[-1].kind == "read" and over[-1].path != place:
            yield place


def _again(place: str) -> str:
    inside = shlex.quote(f".{place}")
    return f"[ ! -e {inside} ] || mount -o remount,bind,ro {inside}\n"


def system_path() -> str:
    """Return where the programs are that make it: not the project's, whatever its variables say."""
    with looking():
        return f"{child_environment()['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin"


def _program(name: str) -> str:
    """Return the path of a program of the system: not one of the project's, whatever PATH has."""
    with looking():
        return located(name, system_path()) or name


@cache
def _holds(by: Way) -> bool:
    """Find out by doing it once: what is shown is there, what is not is not, the network is cut, the ids are ours."""
    needed = ("bwrap",) if by == "bubblewrap" else (*PROGRAMS, "chroot", *(("setpriv",) if os.geteuid() == 0 else ()))
    with looking():
        if any(located(name, system_path()) is None for name in needed):
            return False
    with tempfile.TemporaryDirectory(prefix="devkeel-") as place:
        given, hidden = Path(place, "shown"), Path(place, "hidden")
        given.mkdir()
        hidden.touch()
        look = _LOOK.format(shown=shlex.quote(str(given)), hidden=shlex.quote(str(hidden)))
        items = (*system_items(), EnclosedPlace("/tmp", "empty", mode=0o1777), EnclosedPlace(str(given), "read"))  # noqa: S108
        made = words(by, items, "/", ("/bin/sh", "-c", look), network=False, size=1 << 20)
        order = {
            "words": made,
            "variables": "",
            "path": system_path(),
            "cut": True,
        }
        order |= {"ports": [], "owner": 0, "watched": {}, "same": {}, "speaks": False, "pins": {}, "obeyed": {}}
        descriptor = os.memfd_create("order")
        try:
            os.write(descriptor, json.dumps(order).encode())
            argv = (*isolated_python("devkeel.sandbox.keeper"), str(descriptor))
            found = run(argv, timeout=_SECONDS, inherits=(descriptor,))
        except Unavailable:
            return False
        finally:
            os.close(descriptor)
    return found.returncode == 0 and found.stdout.strip() == str(os.geteuid()).encode()
