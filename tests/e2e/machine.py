"""A machine with Nix and without devenv's command, its servers as an ordinary user has them, and what they start."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.devkeel_mcp.wire import Wire, lives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POSTGRES = shutil.which("postgres") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/postgres")), None)
# postgres refuses to run as root (PostgreSQL manual, postgres, Diagnostics). A user namespace shows another user to
# what runs in it, whose files are root's own (user_namespaces(7)): the store of a machine without a Nix daemon too.
AS_DAEMON = ("unshare", "--user", "--map-user=1", "--map-group=1", "--")


@cache
def as_ordinary_user() -> tuple[str, ...] | None:
    """Return the words before a command that run it as an ordinary user; None where this system has no such way."""
    if os.getuid():
        return ()
    with suppress(OSError):
        if subprocess.run([*AS_DAEMON, "id", "-un"], capture_output=True, check=False, timeout=30).returncode == 0:
            return AS_DAEMON
    return None


class Machine:
    """A project on a machine without devenv's command, and what its servers start."""

    def __init__(self, root: Path, user: tuple[str, ...]) -> None:
        self.root = root
        self.user = user
        self.copies: list[Machine] = []

    def serve(self) -> Wire:
        """Start a server."""
        return Wire(self.root, before=self.user)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run devkeel's command, as a person does."""
        argv = [*self.user, sys.executable, "-m", "devkeel_cli", "--root", str(self.root), *words]
        variables = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(argv, capture_output=True, text=True, env=variables, timeout=180, check=False)

    def worktree(self, root: Path) -> Machine:
        """Return another worktree of the project, which becomes a repository."""
        (self.root / ".gitignore").write_text(".dev*\n")
        identity = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")
        for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "begin"), ("worktree", "add", "-q", str(root))):
            subprocess.run([*identity, *words], cwd=self.root, check=True, capture_output=True, timeout=60)
        self.copies.append(Machine(root, self.user))
        return self.copies[-1]

    def survivors(self) -> dict[int, str]:
        """Return what runs with this project's mark, or in its directory."""
        mark = f"DEVKEEL_PROCESSES={self.root}".encode()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                marked = mark in (entry / "environ").read_bytes().split(b"\0")
                inside = (entry / "cwd").readlink().is_relative_to(self.root)
                if (marked or inside) and lives(int(entry.name)):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def end(self) -> None:
        """End what a test left running."""
        for copy in self.copies:
            copy.end()
        for _ in range(2):
            for pid in self.survivors():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@contextmanager
def machines(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Machine]]:
    """Give a function that takes a project's root; what was started there ends with the block."""
    user = as_ordinary_user()
    if user is None:
        pytest.skip("this system shows no other user to what runs as root")
    if shutil.which("redis-server") is None or POSTGRES is None:
        pytest.skip("redis-server or postgresql is not installed")
    kept = [entry for entry in os.environ["PATH"].split(os.pathsep) if not Path(entry, "devenv").exists()]
    home.mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join(kept))
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    made: list[Machine] = []

    def make(root: Path) -> Machine:
        made.append(Machine(root, user))
        return made[-1]

    # unix(7): the path of a socket has 108 bytes, of which a test's own folder has most.
    with tempfile.TemporaryDirectory(prefix="dk-") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield make
        for item in made:
            item.end()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def said(wire: Wire, *argv: str) -> str:
    """Run a command in the environment, and return what it prints."""
    found = wire.told("run_command", argv=list(argv))
    assert found["exit_code"] == 0, found["stderr"]
    return str(found["stdout"]).strip()


def phases(data: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["phase"] for item in data["processes"]}


def ports(data: dict[str, Any]) -> dict[str, int]:
    return {item["name"]: int(item["ports"][0].rpartition(":")[2]) for item in data["processes"] if item["ports"]}


def restarts(wire: Wire) -> dict[str, int]:
    return {item["name"]: item["restart_count"] for item in wire.told("read_processes")["processes"]}


def said_by_redis(port: int, *words: str) -> str:
    found = subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def process_at(here: Machine, program: str) -> int:
    (found,) = (
        pid for pid, command in here.survivors().items() if command.startswith((program, f"/usr/bin/{program}"))
    )
    return found


def query(wire: Wire, text: str) -> str:
    return said(wire, "psql", "-At", "-d", "app", "-c", text)
