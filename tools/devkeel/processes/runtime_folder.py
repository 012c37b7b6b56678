"""The directory where a project's manager listens and its processes write: devenv's own place, outside of the project.

It belongs to this user alone, and what is in it lasts no longer than the session of a person.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from devkeel.nix_cli.devenv import runtime_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["STREAMS", "RuntimeFolder"]

STREAMS = ("stdout", "stderr")
_PRIVATE = 0o700


class RuntimeFolder:
    """The places in it (devenv, devenv-processes/src/manager.rs and command.rs, have the same)."""

    def __init__(self, path: Path) -> None:
        """Name it; nothing is made."""
        self.path = path
        self.socket = path / "native.sock"
        self.pid = path / "native-manager.pid"
        self.logs = path / "logs"
        self.daemon_log = path / "daemon.log"

    @classmethod
    def of(cls, root: Path) -> RuntimeFolder:
        """Return that of a project."""
        return cls(runtime_directory(root) / "processes")

    def make_top(self) -> None:
        """Make the directory above it, which says by its owner whether it is to be believed."""
        self.path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)

    def make(self) -> None:
        """Make it, with the places of logs and of sockets."""
        for folder in (self.path, self.logs, self.path / "notify"):
            folder.mkdir(mode=_PRIVATE, exist_ok=True)

    def log(self, name: str, stream: str) -> Path:
        """Return where a process writes."""
        return self.logs / f"{name}.{stream}.log"

    def empty_logs(self, name: str) -> None:
        """Begin both logs of a process anew."""
        for stream in STREAMS:
            self.log(name, stream).write_bytes(b"")

    @contextmanager
    def written(self, name: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Open both logs of a process, to be written at their ends."""
        with self.log(name, "stdout").open("ab") as out, self.log(name, "stderr").open("ab") as err:
            yield out, err

    def say(self, name: str, text: str) -> None:
        """Write a line of devkeel's to the log of a process' errors."""
        with suppress(OSError), self.log(name, "stderr").open("a") as log:
            log.write(f"devkeel: {text}\n")

    def notices(self, number: int) -> Path:
        """Return a path for the socket at which a process says that it is ready; free of what was there."""
        # unix(7): the path of a socket has 107 bytes at most, and a process' name may be long.
        path = self.path / "notify" / f"{number}.sock"
        path.unlink(missing_ok=True)
        return path

    def free_socket(self) -> Path:
        """Take away what a killed manager left where the next one listens, and return that place.

        Raises FileExistsError where one listens.
        """
        with suppress(ConnectionRefusedError, FileNotFoundError), socket.socket(socket.AF_UNIX) as trial:
            trial.connect(str(self.socket))
            raise FileExistsError(f"a process manager listens at {self.socket} already")
        self.socket.unlink(missing_ok=True)
        return self.socket

    def begin(self, pid: int) -> None:
        """Say that a manager runs from now on, in one step."""
        new = self.pid.with_suffix(".new")
        new.write_text(str(pid))
        new.replace(self.pid)

    def end(self) -> None:
        """Say that no manager runs any more."""
        self.socket.unlink(missing_ok=True)
        self.pid.unlink(missing_ok=True)
