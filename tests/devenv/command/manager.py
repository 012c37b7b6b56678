"""The native process manager: supervisors behind a socket that takes and gives one line of JSON."""

from __future__ import annotations

import json
import os
import signal
import socketserver
import sys
import threading
import time
from pathlib import Path
from typing import Any

from failure import Failure
from supervisor import OVER, TICK, Supervisor

__all__ = ["PROCESS", "Manager", "serve"]

PROCESS = "devenv:processes:"
BACKLOG = 50


class Manager:
    """The processes of one `up`. It keeps the configuration that it was started with."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        """Take over a configuration: tasks by name, the environment, the mode."""
        self.folder = folder
        self.mode = config["mode"]
        self.stopping = threading.Event()
        self.change = threading.Condition()
        logs = folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self.processes = {
            name.removeprefix(PROCESS): Supervisor(
                name.removeprefix(PROCESS), task, config["environment"], logs, self.notify
            )
            for name, task in config["tasks"].items()
            if task["type"] == "process"
        }

    def notify(self) -> None:
        """Wake everything that waits for a change of phase."""
        with self.change:
            self.change.notify_all()

    def start(self, names: list[str]) -> dict[str, list[str]]:
        """Start processes in the order of their dependencies; each name lands in one list."""
        outcome: dict[str, list[str]] = {"scheduled": [], "skipped": [], "unknown": [], "failed": []}
        for name in names:
            process = self.processes.get(name)
            if process is None:
                outcome["unknown"].append(name)
            elif process.running():
                outcome["skipped"].append(name)
            else:
                process.enter("waiting")
                outcome["scheduled"].append(name)
        for name in outcome["scheduled"]:
            threading.Thread(target=self._launch, args=(self.processes[name],), daemon=True).start()
        return outcome

    def _launch(self, process: Supervisor) -> None:
        with self.change:
            while process.phase == "waiting" and not all(self._met(each) for each in process.task["after"]):
                if self.stopping.is_set():
                    return
                self.change.wait(1)
        if process.phase == "waiting" and not self.stopping.is_set():
            process.start()

    def _met(self, dependency: str) -> bool:
        name, _, kind = dependency.partition("@")
        process = self.processes.get(name.removeprefix(PROCESS))
        if process is None:
            return True
        reached = {"started": (*OVER, "starting", "ready"), "completed": OVER}.get(kind, ("ready",))
        return process.phase in reached

    def settled(self) -> bool:
        """Tell whether nothing is on its way: a process that crashed or gave up is settled as well."""
        return all(process.phase not in ("waiting", "starting", "stopping") for process in self.processes.values())

    def listed(self) -> list[dict[str, Any]]:
        """Return all processes, by name."""
        return [self.processes[name].info() for name in sorted(self.processes)]

    def answer(self, line: str) -> dict[str, Any]:
        """Answer one request."""
        try:
            request = json.loads(line)
            command = request["command"]
        except (ValueError, KeyError, TypeError):
            return error("invalid request: expected a JSON object with `command`")
        plain = {"list": self._list, "wait": self._wait, "ports": self._ports, "mode": self._mode}
        named = {"status": self._status, "logs": self._logs, "restart": self._restart, "stop": self._stop}
        if command in plain:
            return plain[command]()
        if command == "start" and "names" in request:
            return {"status": "start", "outcome": self.start(request["names"])}
        if command in named and "name" in request:
            process = self.processes.get(request["name"])
            return named[command](process, request) if process else error(f"process '{request['name']}' not found")
        if command in (*named, "start"):
            return error("invalid request: missing field")
        return error(f"invalid request: unknown variant `{command}`")

    def _list(self) -> dict[str, Any]:
        return {"status": "process_list", "processes": self.listed()}

    def _wait(self) -> dict[str, Any]:
        with self.change:
            while not self.settled():
                self.change.wait(1)
        return {"status": "ready"}

    def _ports(self) -> dict[str, Any]:
        ports = [
            {"process_name": name, "port_name": port, "port": number}
            for name, process in sorted(self.processes.items())
            for port, number in sorted(process.policy["ports"].items())
        ]
        return {"status": "port_allocations", "ports": ports}

    def _mode(self) -> dict[str, Any]:
        return {"status": "mode", "mode": self.mode}

    def _status(self, process: Supervisor, _: dict[str, Any]) -> dict[str, Any]:
        return {"status": "process_detail", "info": process.info()}

    def _logs(self, process: Supervisor, request: dict[str, Any]) -> dict[str, Any]:
        count = request.get("lines") or 100
        found = {stream: "\n".join(tail(process.log(stream), count)) for stream in ("stdout", "stderr")}
        return {"status": "process_logs", **found}

    def _restart(self, process: Supervisor, _: dict[str, Any]) -> dict[str, Any]:
        if process.phase in ("waiting", "stopping"):
            return error(f"failed to restart process '{process.name}': Process {process.name} is {process.phase}")
        if process.running():
            process.stop()
        process.start()
        return {"status": "ok"}

    def _stop(self, process: Supervisor, _: dict[str, Any]) -> dict[str, Any]:
        if process.phase not in ("starting", "ready", *OVER):
            words = {
                "not_started": "auto start off",
                "stopped": "already stopped",
                "waiting": "waiting for dependencies",
            }
            state = words.get(process.phase, process.phase)
            return error(f"failed to stop process '{process.name}': Process {process.name} is {state}, cannot stop")
        process.stop()
        return {"status": "ok"}

    def stop_all(self) -> None:
        """Stop every process, all at once."""
        self.stopping.set()
        threads = [threading.Thread(target=process.stop) for process in self.processes.values() if process.running()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def follow(self, send: Any) -> None:
        """Send a snapshot, then changes of phase and lines of the logs, until the other side is gone."""
        seen = {info["name"]: info for info in self.listed()}
        send({"event": "snapshot", "processes": list(seen.values())})
        places: dict[Path, int] = {}
        while not self.stopping.is_set():
            for info in self.listed():
                if seen.get(info["name"]) != info:
                    seen[info["name"]] = info
                    send({"event": "status", "info": info})
            for process in self.processes.values():
                for stream in ("stdout", "stderr"):
                    path = process.log(stream)
                    lines, places[path] = more(path, places.get(path))
                    for line in lines:
                        send({"event": "log", "name": process.name, "stream": stream, "line": line})
            time.sleep(TICK)


def error(message: str) -> dict[str, Any]:
    """Return an answer that says what is wrong."""
    return {"status": "error", "message": message}


def tail(path: Path, count: int) -> list[str]:
    """Return the last lines of a log."""
    return path.read_text(errors="replace").splitlines()[-count:]


def more(path: Path, place: int | None) -> tuple[list[str], int]:
    """Return the complete lines of a log after a place (None: the last few) and the place behind them."""
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    lines = data[place or 0 : end].decode(errors="replace").splitlines()
    return (lines[-BACKLOG:] if place is None else lines), end


class Connection(socketserver.StreamRequestHandler):
    """One client: one request, one answer; `attach` goes on until it leaves."""

    def handle(self) -> None:
        """Answer it."""
        line = self.rfile.readline().decode(errors="replace")
        manager: Manager = self.server.manager  # type: ignore[attr-defined]
        try:
            if '"attach"' in line:
                manager.follow(self.send)
            else:
                self.send(manager.answer(line))
        except (BrokenPipeError, ConnectionResetError):
            return

    def send(self, value: dict[str, Any]) -> None:
        """Write one line."""
        self.wfile.write(json.dumps(value).encode() + b"\n")


class Server(socketserver.ThreadingUnixStreamServer):
    """The socket, a thread for each client."""

    daemon_threads = True


def serve(folder: Path, config: dict[str, Any], names: list[str]) -> None:
    """Run the manager until SIGTERM or SIGINT: socket first, then processes, then the PID file."""
    manager = Manager(folder, config)
    path = folder / "native.sock"
    path.unlink(missing_ok=True)
    pid = folder / "native-manager.pid"
    with Server(str(path), Connection) as server:
        server.manager = manager  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # The command ends when nobody reads its output; a client that hangs up must not end the manager.
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        unknown = manager.start(names)["unknown"]
        if unknown:
            raise Failure(f"Process(es) not found in configuration: {', '.join(unknown)}")
        pid.write_text(str(os.getpid()))
        while not ended.wait(0.2):
            if os.environ.get("STANDIN_HOME") and not Path(os.environ["STANDIN_HOME"]).exists():
                break  # the test's folder is gone, and so is whoever would stop this
        manager.stop_all()
        server.shutdown()
    path.unlink(missing_ok=True)
    pid.unlink(missing_ok=True)
    sys.stderr.flush()
