"""The program beside a sandbox: it starts it, passes connections on to the project's own ports, and reports on it.

It runs outside of the sandbox, with a clean environment, and imports nothing but the standard library. What it is to do
comes as JSON by a descriptor (`Order`), what came of it goes by another. It enters the namespaces once,
before the command begins, to open there what it needs: the listening sockets, for a socket belongs to the network
namespace that it was made in (network_namespaces(7)); the counters of that network; the throw-away directories, which
it lists when everything in the sandbox has ended.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.sandbox.order import COUNTERS, FAILED, KeeperReport, state_of
from devkeel.sandbox.pins import unpin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.sandbox.order import Order

__all__ = ["main"]

# linux/nsfs.h, ioctl_ns(2): the user namespace that owns a namespace.
_NS_GET_USERNS = 0xB701
# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
# netdevice(7): struct ifreq is a name of 16 bytes and a union, of which the flags are a short.
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_IFREQ = struct.Struct("16sh14x")
_CHUNK = 64 * 1024
_NAMES = 20
_WAIT = 30.0
_AT_ONCE = 256  # connections that are passed on
_GIVEN = (7, 8, 9)  # POSIX, 2.7: a shell need not know descriptors of two digits
_FIRST = 20
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(arguments: list[str]) -> int:
    """Keep a sandbox; return the exit code of its command, as a shell has it."""
    given, *others = (_high(int(word)) for word in arguments)
    order: Order = json.loads(_whole(given))
    order["pins"] = {place: _high(descriptor) for place, descriptor in order["pins"].items()}
    told, leash = others or (None, None)
    report = KeeperReport(laid=False, counters={}, left={}, passed={}, refused=[], made=[])
    keeper = _Keeper(order, report)
    code = keeper.keep(leash)
    if keeper.is_over():
        unpin(order["pins"])
    if told is not None:
        with suppress(OSError), os.fdopen(told, "w") as file:
            json.dump(report, file)
    if order["speaks"]:
        _tell(report)
    return code


class _Keeper:
    """One sandbox."""

    def __init__(self, order: Order, report: KeeperReport) -> None:
        self.order = order
        self.report = report
        self.seen: dict[str, int] = {}
        self.child: subprocess.Popen[bytes] | None = None
        self.first: int | None = None
        self.opened: dict[str, int] = {}
        self.there: dict[str, set[str]] = {}
        self.places = threading.BoundedSemaphore(_AT_ONCE)

    def keep(self, leash: int | None) -> int:
        """Start it, and stay until all of it has ended. leash: a pipe that the caller alone holds open."""
        go, waits = map(_high, os.pipe())
        ready, says = map(_high, os.pipe())
        variables = _high(os.memfd_create("variables"))
        _write(variables, self.order["variables"].encode("utf-8", "surrogateescape"))
        child = self.child = self._start((variables, go, says))
        for number in _FORWARDED:
            signal.signal(number, self._forward)
        for descriptor in (go, says, variables):
            os.close(descriptor)
        with open(ready, "rb", buffering=0) as heard:  # noqa: PTH123  (a descriptor)
            laid = heard.read(1) == b"\n"
        if laid:
            try:
                self._enter(child.pid)
            except OSError as error:
                sys.stderr.write(f"devkeel: the sandbox could not be watched: {error}\n")
                child.kill()
                child.wait()
                return FAILED
            self.report["laid"] = True
            if leash is not None:
                threading.Thread(target=self._end_with, args=(leash,), daemon=True).start()
            with suppress(BrokenPipeError):
                os.write(waits, b"\n")
        os.close(waits)
        code = child.wait()
        self._look()
        if not laid:
            return FAILED
        return 128 - code if code < 0 else code

    def is_over(self) -> bool:
        """Return whether nothing in it runs any more, having waited for that a little.

        The first process of a namespace ends when all others have (pid_namespaces(7); zap_pid_ns_processes(),
        kernel/pid_namespace.c).
        """
        return self.first is None or bool(select.select([self.first], [], [], _WAIT)[0])

    def _start(self, given: tuple[int, int, int]) -> subprocess.Popen[bytes]:
        for number, descriptor in zip(_GIVEN, given, strict=True):
            os.dup2(descriptor, number)
        ours, library = os.getpid(), ctypes.CDLL(None)

        def prepare() -> None:
            # prctl(2): both are kept across execve; bwrap and unshare set the first again for their own children.
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            if os.getppid() != ours:
                os._exit(FAILED)

        try:
            return subprocess.Popen(  # noqa: S603  (argv, and no shell)
                self.order["words"],
                env={"PATH": self.order["path"], **_mark()},
                cwd="/",
                # A session of its own has no terminal to push characters into (ioctl_tty(2), TIOCSTI).
                start_new_session=True,
                pass_fds=_GIVEN,
                preexec_fn=prepare,  # noqa: PLW1509  (this process has no thread yet)
            )
        finally:
            for number in _GIVEN:
                os.close(number)

    def _enter(self, pid: int) -> None:
        """Open in the sandbox what is wanted of it, by a child that goes there; see setns(2)."""
        inside = next(iter(_children(pid)), pid)
        self.first = os.pidfd_open(inside)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _visit(inside, self.order, theirs)
                code = 0
            except OSError as error:
                sys.stderr.write(f"devkeel: {error}\n")
            finally:
                os._exit(code)
        theirs.close()
        opened = dict(_received(ours))
        ours.close()
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            raise OSError("its namespaces could not be entered")
        self.opened = opened
        self.seen = _counters(opened)
        # The directories on which something is mounted that lies there.
        self.there = {name: set(_names(opened[name])) for name in opened if name.startswith("left ")}
        for name, descriptor in opened.items():
            if name.startswith("port "):
                _, number, family = name.split()
                listener = socket.socket(int(family), socket.SOCK_STREAM, fileno=descriptor)
                threading.Thread(target=self._accept, args=(listener, int(number)), daemon=True).start()

    def _accept(self, listener: socket.socket, port: int) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                continue
            threading.Thread(target=self._pass_on, args=(connection, port), daemon=True).start()

    def _pass_on(self, connection: socket.socket, port: int) -> None:
        """Join a connection of the sandbox with a port of the project's; another program's is not reached."""
        with self.places, connection:
            if not _listens(self.order["owner"], port):
                self.report["refused"] = sorted({*self.report["refused"], port})
                return
            try:
                other = _connected(port)
            except OSError:
                return
            with other:
                passed = self.report["passed"]
                passed[str(port)] = passed.get(str(port), 0) + 1
                back = threading.Thread(target=_copy, args=(other, connection), daemon=True)
                back.start()
                _copy(connection, other)
                back.join()

    def _look(self) -> None:
        """Read what the sandbox leaves, now that nothing in it runs."""
        counted = _counters(self.opened)
        self.report["counters"] = {name: counted[name] - self.seen.get(name, 0) for name in counted}
        for name in self.there:
            left = sorted(set(_names(self.opened[name])) - self.there[name])
            if left:
                self.report["left"][name.removeprefix("left ")] = left[:_NAMES]
        for place, before in self.order["obeyed"].items():
            if (after := state_of(place)) is not None and after != before:
                self.report["made"].append(os.path.basename(place))  # noqa: PTH119  (as text)

    def _end_with(self, leash: int) -> None:
        """End everything when the caller has ended, however it did: read(2) then comes to the end of the pipe."""
        with suppress(OSError):
            os.read(leash, 1)
        if self.child is not None:
            # The first process of a namespace ends with what started it, and with it all others (pid_namespaces(7)).
            self.child.kill()

    def _forward(self, number: int, _: object) -> None:
        """Hand a signal to what runs in the sandbox, and not to what holds it."""
        if self.child is None:
            return
        for pid in _descendants(self.child.pid):
            with suppress(OSError):
                os.kill(pid, number)


def _visit(pid: int, order: Order, told: socket.socket) -> None:
    library = ctypes.CDLL(None, use_errno=True)

    def enter(descriptor: int) -> None:
        if library.setns(descriptor, 0) != 0:
            raise OSError(ctypes.get_errno(), f"setns: {os.strerror(ctypes.get_errno())}")

    mounts = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    owner = fcntl.ioctl(mounts, _NS_GET_USERNS)
    if os.fstat(owner).st_ino != Path("/proc/self/ns/user").stat().st_ino:
        enter(owner)
    if order["cut"]:
        enter(network)
        _up()
        for table in ("snmp", "snmp6"):
            with suppress(OSError):
                _send(told, f"net {table}", os.open(f"/proc/self/net/{table}", os.O_RDONLY))
        for port in order["ports"]:
            _listen(told, port)
    enter(mounts)
    for place, identity in order["same"].items():
        info = os.lstat(place)
        if [info.st_dev, info.st_ino] != list(identity):
            raise OSError(f"{place} was exchanged meanwhile")
    for name, place in order["watched"].items():
        with suppress(OSError):
            _send(told, f"left {name}", os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW))


def _listen(told: socket.socket, port: int) -> None:
    """Listen on a port of the loopback here, as both protocols have it, and hand the sockets over."""
    for family, place in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with suppress(OSError):
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((place, port))
            listener.listen(128)
            _send(told, f"port {port} {int(family)}", listener.detach())


def _up() -> None:
    """Have loopback up, which bwrap does itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name, flags = _IFREQ.unpack(fcntl.ioctl(any_socket, _SIOCGIFFLAGS, _IFREQ.pack(b"lo", 0)))
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, _IFREQ.pack(name, flags | _IFF_UP))


def _send(told: socket.socket, name: str, descriptor: int) -> None:
    # unix(7): SCM_RIGHTS hands descriptors over
    rights = array.array("i", [descriptor])
    told.sendmsg([name.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    os.close(descriptor)


def _received(ours: socket.socket) -> Iterator[tuple[str, int]]:
    while True:
        data, extra, _, _ = ours.recvmsg(256, socket.CMSG_SPACE(4))
        if not data:
            return
        for _, _, rights in extra:
            yield data.decode(), array.array("i", rights)[0]


def _names(descriptor: int) -> Iterator[str]:
    with suppress(OSError), os.scandir(descriptor) as entries:
        for entry in entries:
            yield f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name


def _counters(opened: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in ("net snmp", "net snmp6"):
        if name not in opened:
            continue
        os.lseek(opened[name], 0, os.SEEK_SET)
        lines = os.read(opened[name], _CHUNK).decode("ascii", "replace").splitlines()
        if name == "net snmp6":
            for line in lines:
                key, _, number = line.partition(" ")
                for wanted in COUNTERS:
                    if key == wanted.replace(".", ""):
                        found[wanted] = int(number)
            continue
        for keys, numbers in zip(lines[::2], lines[1::2], strict=False):
            kind, *named = keys.split()
            for key, number in zip(named, numbers.split()[1:], strict=False):
                if f"{kind.rstrip(':')}.{key}" in COUNTERS:
                    found[f"{kind.rstrip(':')}.{key}"] = int(number)
    return found


def _connected(port: int) -> socket.socket:
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=_WAIT)
    except ConnectionRefusedError:
        return socket.create_connection(("::1", port), timeout=_WAIT)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        target.settimeout(None)
        source.settimeout(None)
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _listens(owner: int, port: int) -> bool:
    """Return whether what listens on a port of this machine descends from a process."""
    from devkeel.runtime.ports import is_held_by  # noqa: PLC0415  (20 ms, and few sandboxes have a port)

    return is_held_by(port, owner)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  (names are enough)
            with suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _mark() -> dict[str, str]:
    return {name: os.environ[name] for name in ("DEVKEEL_JOB",) if name in os.environ}


def _high(descriptor: int) -> int:
    """Return a copy of a descriptor, which is closed: away from the numbers that a shell has names for."""
    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST)
    os.close(descriptor)
    return copy


def _write(descriptor: int, data: bytes) -> None:
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _whole(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read()


def _tell(report: KeeperReport) -> None:
    from devkeel.sandbox.account import blocked_of  # noqa: PLC0415  (10 ms, and a terminal alone hears it)

    for line in blocked_of(report):
        sys.stderr.write(f"sandbox: {line}\n")


def _run() -> Any:  # noqa: ANN401  (it ends the process)
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    _run()
