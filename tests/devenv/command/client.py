"""The command's side of the process manager's socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from failure import Failure

if TYPE_CHECKING:
    from project import Project

__all__ = ["ask", "end", "manager_pid"]

NONE = "No process manager is running. Start processes first with `devenv up -d`"
PATIENCE = 30.0


def manager_pid(project: Project) -> int | None:
    """Return the PID of a running manager; a stale PID file is removed."""
    path = project.processes / "native-manager.pid"
    try:
        pid = int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    if alive(pid):
        return pid
    path.unlink(missing_ok=True)
    return None


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc").exists()
    return state != "Z"


def ask(project: Project, timeout: float | None = None, **request: Any) -> dict[str, Any]:
    """Send one request to the manager and return its answer. timeout: seconds, None to wait for ever."""
    if not (project.processes / "native-manager.pid").exists():
        raise Failure(NONE)
    path: Path = project.processes / "native.sock"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
        except OSError as error:
            raise Failure(f"Failed to connect to native process manager at {path}: {error}") from error
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as answers:
            line = answers.readline()
    if not line:
        raise Failure("Process manager exited unexpectedly")
    answer: dict[str, Any] = json.loads(line)
    if answer["status"] == "error":
        raise Failure(answer["message"])
    return answer


def end(project: Project) -> None:
    """End the manager with SIGTERM and wait until it is gone."""
    pid = manager_pid(project)
    if pid is None:
        raise Failure(NONE)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and manager_pid(project) is not None:
        time.sleep(0.05)
    if manager_pid(project) is not None:
        os.kill(pid, signal.SIGKILL)
