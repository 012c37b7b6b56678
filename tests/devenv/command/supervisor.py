"""One managed process: started in a session of its own, probed until it is ready, restarted, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Supervisor"]

WINDOW = 10.0
TICK = 0.05
OVER = ("exited", "gave_up")


class Supervisor:
    """The life of one process; every change of its phase is told to `changed`."""

    def __init__(
        self, name: str, task: dict[str, Any], environment: dict[str, str], logs: Path, changed: Callable[[], None]
    ) -> None:
        """Prepare it; nothing is started."""
        self.name = name
        self.task = task
        self.policy: dict[str, Any] = task["process"]
        self.environment = {**environment, **task["env"]}
        self.logs = logs
        self.changed = changed
        self.phase = "waiting" if self.policy["start"]["enable"] else "not_started"
        self.restarts = 0
        self.succeeded = False
        self.child: subprocess.Popen[bytes] | None = None
        self.thread: threading.Thread | None = None
        self.wanted = threading.Event()
        for stream in ("stdout", "stderr"):
            self.log(stream).write_bytes(b"")

    def log(self, stream: str) -> Path:
        """Return the path of a log file."""
        return self.logs / f"{self.name}.{stream}.log"

    def info(self) -> dict[str, Any]:
        """Return what the socket tells about it."""
        ports = sorted(f"{name}:{port}" for name, port in self.policy["ports"].items())
        return {"name": self.name, "phase": self.phase, "restart_count": self.restarts, "ports": ports}

    def enter(self, phase: str) -> None:
        """Change its phase."""
        self.phase = phase
        self.changed()

    def start(self) -> None:
        """Start it and watch over it from a thread."""
        self.wanted.set()
        self.restarts = 0
        self.enter("starting")
        self.thread = threading.Thread(target=self._supervise, daemon=True)
        self.thread.start()

    def stop(self, final: str = "stopped") -> None:
        """End its session: the signal, the grace, SIGKILL."""
        self.wanted.clear()
        if self.child is not None and self.phase in ("starting", "ready"):
            self.enter("stopping")
            self._end_session()
        if self.thread is not None:
            self.thread.join()
        self.enter(final)

    def running(self) -> bool:
        """Tell whether it is started and not over."""
        return self.phase in ("starting", "ready")

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log("stdout").open("ab") as stdout, self.log("stderr").open("ab") as stderr:
            return subprocess.Popen(
                [self.task["command"]],
                env=self.environment,
                cwd=self.task["cwd"] or self.environment.get("DEVENV_ROOT") or None,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

    def _supervise(self) -> None:
        starts: list[float] = []
        while self.wanted.is_set():
            try:
                self.child = self._spawn()
            except OSError as error:
                self.log("stderr").write_text(f"{error}\n")
                self.enter("gave_up")
                return
            code = self._watch(self.child)
            if not self.wanted.is_set():
                return
            self.succeeded = code == 0
            self._kill_session(signal.SIGKILL)
            restart = self.policy["restart"]
            if restart["on"] == "never" or (restart["on"] == "on_failure" and code == 0):
                self.enter("exited")
                return
            now = time.monotonic()
            starts = [moment for moment in starts if now - moment < (restart["window"] or WINDOW)] + [now]
            if len(starts) > (5 if restart["max"] is None else restart["max"]):
                self.enter("gave_up")
                return
            self.restarts += 1
            self.enter("starting")

    def _watch(self, child: subprocess.Popen[bytes]) -> int:
        ready = self.policy["ready"]
        probed = ready is not None or bool(self.policy["ports"])
        if not probed:
            self.enter("ready")
        probe_at = time.monotonic() + (ready or {}).get("initial_delay", 0)
        while (code := child.poll()) is None:
            if probed and self.phase == "starting" and time.monotonic() >= probe_at:
                if self._probe():
                    self.enter("ready")
                probe_at = time.monotonic() + min((ready or {}).get("period", 1), 1)
            time.sleep(TICK)
        return code

    def _probe(self) -> bool:
        ready = self.policy["ready"]
        if ready is None:
            return all(connects("127.0.0.1", port) for port in self.policy["ports"].values())
        limit = ready["probe_timeout"]
        if ready["exec"] is not None:
            argv = ["bash", "-c", ready["exec"]]
            quiet = subprocess.DEVNULL
            try:
                return not subprocess.run(
                    argv, env=self.environment, timeout=limit, stdin=quiet, stdout=quiet, stderr=quiet, check=False
                ).returncode
            except subprocess.TimeoutExpired:
                return False
        get = ready["http"]["get"]
        if get is None:
            return False
        url = f"{get['scheme']}://{get['host']}:{get['port']}{get['path']}"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=limit):  # noqa: S310  (the project's own probe)
            return True
        return False

    def _end_session(self) -> None:
        self._kill_session(self.policy["shutdown"]["signal"])
        deadline = time.monotonic() + self.policy["shutdown"]["grace"]
        while time.monotonic() < deadline and self._alive():
            time.sleep(TICK)
        self._kill_session(signal.SIGKILL)

    def _alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def _kill_session(self, number: int) -> None:
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child.pid, number)


def connects(host: str, port: int) -> bool:
    """Tell whether something listens on a port."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
