"""The native process manager's socket: one line of JSON each way, a time-out on both, nothing trusted.

devenv 2 puts it at `processes/native.sock` in a runtime directory that it derives from the path of `.devenv` (devenv,
devenv-processes/src/manager.rs, `ApiRequest` and `ApiResponse`).
"""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from devkeel.errors import ProjectError, Unavailable
from devkeel.nix_cli.devenv import runtime_directory
from devkeel.processes.state import ProcessState
from devkeel.text.actions import do

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["ManagerSocket"]

_SECONDS = 10.0
_MOST = 4 * 1024 * 1024
_CHUNK = 64 * 1024
_PAUSE = 0.1
_TURN = 0.5  # seconds between looks whether what a manager says is wanted still
# connect(2): a socket in the file system outlives its process, and then refuses.
_NOBODY = frozenset({errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR})
# unix(7), SO_PEERCRED: `struct ucred` is a PID, a user and a group, each of 32 bits.
_CREDENTIALS = struct.Struct("3i")


class _HungUpError(Exception):
    """The manager closed the connection before it answered."""


class ManagerSocket:
    """The manager of one project, asked anew for each request.

    Methods raise Unavailable: `processes_not_running` when no process listens (a socket that a killed manager left is
    the same), `manager_unresponsive`, `manager_protocol` when the answer makes no sense, `runtime_directory_foreign`.
    """

    def __init__(self, root: Path) -> None:
        """Remember where it would be; nothing is opened."""
        self.folder = runtime_directory(root) / "processes"
        self.path = self.folder / "native.sock"
        self._answered: int | None = None

    @property
    def logs(self) -> Path:
        """Where the logs of the processes are."""
        return self.folder / "logs"

    def pid(self) -> int | None:
        """Return the process that listens, or None when no process does."""
        try:
            self.ask("mode")
        except ProjectError:  # it answers, and does not know the question
            pass
        except Unavailable as error:
            if error.code == "processes_not_running":
                return None
            raise
        if self._answered is None:
            raise self._senseless("it listens, and does not say which process it is")
        return self._answered

    def listener(self, seconds: float = _SECONDS) -> int | None:
        """Return the process that listens, without asking it anything."""
        with self._connected(time.monotonic() + seconds) as connection:
            return self._listener(connection) or self._written_pid()

    def list(self) -> tuple[ProcessState, ...]:
        """Return the processes that the manager knows, by name."""
        answer = self.ask("list")
        found = answer.get("processes")
        if not isinstance(found, list):
            raise self._senseless("the list has no processes")
        return tuple(sorted(map(self._process, found), key=lambda item: item.name))

    def mode(self) -> str:
        """Return `daemon` or `foreground`; an older manager that does not know the question is a daemon."""
        try:
            return str(self.ask("mode").get("mode", "daemon"))
        except ProjectError:
            return "daemon"

    def start(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Start processes; each name comes back under `scheduled`, `skipped`, `unknown` or `failed`."""
        outcome = self.ask("start", names=list(names)).get("outcome")
        given = outcome if isinstance(outcome, dict) else {}
        return {key: _names(given.get(key)) for key in ("scheduled", "skipped", "unknown", "failed")}

    def restart(self, name: str) -> None:
        """Start one process anew; raises ProjectError `process_refused`."""
        self.ask("restart", name=name, seconds=60.0)

    def stop(self, name: str) -> None:
        """Stop one process; raises ProjectError `process_refused`."""
        self.ask("stop", name=name, seconds=60.0)

    def heard(self, ended: threading.Event) -> Iterator[tuple[ProcessState, ...]]:
        """Yield the processes as they are, then each time that one is otherwise, until the manager goes.

        ended: what ends it before. The manager says it by itself; nothing is asked again.
        """
        found: dict[str, ProcessState] = {}
        # It goes by closing, or by being no longer there to be written to.
        with suppress(_HungUpError), self._connected(time.monotonic() + _SECONDS) as connection:
            connection.sendall(b'{"command": "attach"}\n')
            for event in _events(connection, ended):
                told = event.get("processes") if event.get("event") == "snapshot" else [event.get("info")]
                if event.get("event") not in ("snapshot", "status") or not isinstance(told, list):
                    continue
                found |= {item.name: item for item in map(self._process, told)}
                yield tuple(sorted(found.values(), key=lambda item: item.name))

    def ask(self, command: str, *, seconds: float = _SECONDS, **fields: object) -> dict[str, Any]:
        """Send one request and return the answer; raises ProjectError `process_refused` with what the manager said."""
        request = json.dumps({"command": command, **fields}).encode() + b"\n"
        try:
            line = self._sent(request, time.monotonic() + seconds)
        except _HungUpError:
            # It ended while it was asked: then no process listens any more, and the next try says so.
            time.sleep(_PAUSE)
            try:
                line = self._sent(request, time.monotonic() + seconds)
            except _HungUpError as error:
                raise self._senseless("it hung up without an answer") from error
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._senseless("its answer is no line of JSON") from error
        if not isinstance(answer, dict) or not isinstance(answer.get("status"), str):
            raise self._senseless("its answer has no status")
        if answer["status"] == "error":
            raise ProjectError(
                "process_refused",
                f"The process manager refused to {command}.",
                seen=str(answer.get("message", ""))[:500],
                remedy=f"See what runs by {do('processes')}; restart everything by {do('restart')}.",
            )
        return answer

    def _sent(self, request: bytes, deadline: float) -> bytes:
        with self._connected(deadline) as connection:
            self._answered = self._listener(connection) or self._written_pid()
            connection.sendall(request)
            return self._line(connection, deadline)

    @contextmanager
    def _connected(self, deadline: float) -> Iterator[socket.socket]:
        self.require_own()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                connection.connect(str(self.path))
                yield connection
            except TimeoutError as error:
                raise self._silent() from error
            except OSError as error:
                if error.errno in _NOBODY:
                    raise _nobody() from error
                if isinstance(error, ConnectionError):
                    raise _HungUpError from error
                raise self._senseless(os.strerror(error.errno) if error.errno else str(error)) from error

    def require_own(self) -> None:
        """Refuse a runtime directory that another user made: below /tmp any user can make one.

        devenv refuses it too (devenv-core/src/paths.rs, `create_runtime_dir`).
        """
        folder = self.folder.parent
        try:
            info = os.lstat(folder)
        except OSError as error:
            raise _nobody() from error
        # inode(7): /tmp is sticky, so that no other user can exchange a directory of ours, only make one before us.
        if info.st_uid != os.geteuid() or folder.is_symlink():
            raise Unavailable(
                "runtime_directory_foreign",
                f"{folder} is not a directory of this user, so what listens there is not believed.",
                seen=str(folder),
                remedy="Look at who made it and remove it, or set XDG_RUNTIME_DIR to a directory of this user.",
            )

    def is_own(self) -> bool:
        """Return whether there is a runtime directory, of this user."""
        try:
            self.require_own()
        except Unavailable:
            return False
        return True

    def _line(self, connection: socket.socket, deadline: float) -> bytes:
        data = bytearray()
        while not data.endswith(b"\n"):
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            # A stream has no messages (unix(7), SOCK_STREAM): a line may come in parts, and the time-out is of one
            # part.
            chunk = connection.recv(_CHUNK)
            data += chunk
            if not chunk or len(data) > _MOST:
                break
        if not data:
            raise _HungUpError
        return bytes(data)

    @staticmethod
    def _listener(connection: socket.socket) -> int | None:
        """Return who called `listen`: the kernel remembers it, where it is Linux (af_unix.c, `unix_listen`)."""
        option = getattr(socket, "SO_PEERCRED", None)
        if option is None:
            return None
        pid, _, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
        return int(pid) or None

    def _written_pid(self) -> int | None:
        try:
            return int((self.folder / "native-manager.pid").read_text())
        except (OSError, ValueError):
            return None

    def _process(self, item: object) -> ProcessState:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise self._senseless("a process has no name")
        restarts = item.get("restart_count")
        return ProcessState(
            item["name"],
            str(item.get("phase", "unknown")),
            restarts if isinstance(restarts, int) else 0,
            _names(item.get("ports")),
        )

    def _silent(self) -> Unavailable:
        return Unavailable(
            "manager_unresponsive",
            "The process manager listens, and does not answer.",
            seen=str(self.path),
            remedy=f"Wait a moment and call again. If it goes on, stop everything by {do('stop')}.",
        )

    def _senseless(self, why: str) -> Unavailable:
        return Unavailable(
            "manager_protocol",
            f"The process manager does not speak as devenv 2 does: {why}.",
            seen=str(self.path),
            remedy="Use a devenv 2 whose native process manager devkeel knows; see docs/processes.md.",
        )


def _events(connection: socket.socket, ended: threading.Event) -> Iterator[dict[str, Any]]:
    """Yield what is a record of the lines of a connection; a line that is too long is not one."""
    connection.settimeout(_TURN)
    data = bytearray()
    while not ended.is_set():
        try:
            chunk = connection.recv(_CHUNK)
        except TimeoutError:
            continue
        if not chunk:
            return
        data += chunk
        *lines, data = data.split(b"\n")
        for line in lines:
            with suppress(ValueError, RecursionError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event
        if len(data) > _MOST:
            data.clear()


def _names(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _nobody() -> Unavailable:
    return Unavailable(
        "processes_not_running",
        "No processes of this project are running.",
        remedy=f"Start them by {do('start')}.",
    )
