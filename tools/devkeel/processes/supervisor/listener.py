"""The socket: one line of JSON each way, as devenv's native manager has it; `attach` goes on until its client goes."""

from __future__ import annotations

import json
import socketserver
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from devkeel.runtime.tail import read_tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devkeel.processes.supervisor.schedule import Schedule

__all__ = ["Listener"]

_MOST = 1024 * 1024
_LINES = 100
_LOG = 256 * 1024
_BACKLOG = 50
_TICK = 0.1


class Listener(socketserver.ThreadingUnixStreamServer):
    """The socket of one schedule, a thread for each client."""

    daemon_threads = True

    def __init__(self, schedule: Schedule) -> None:
        """Listen."""
        super().__init__(str(schedule.shared.folder.free_socket()), _Connection)
        self.schedule = schedule


class _Connection(socketserver.StreamRequestHandler):
    server: Listener

    def handle(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            request = _parsed(self.rfile.readline(_MOST))
            if request.get("command") == "attach":
                for event in _events(self.server.schedule):
                    self._send(event)
            else:
                self._send(_answer(self.server.schedule, request))

    def _send(self, value: dict[str, Any]) -> None:
        self.wfile.write(json.dumps(value).encode() + b"\n")


def _parsed(line: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return {}


def _answer(schedule: Schedule, request: dict[str, Any]) -> dict[str, Any]:
    command, name, names = request.get("command"), request.get("name"), request.get("names")
    plain: dict[object, Callable[[], dict[str, Any]]] = {
        "list": lambda: {"status": "process_list", "processes": schedule.listed()},
        "ports": lambda: {"status": "port_allocations", "ports": schedule.ports()},
        "mode": lambda: {"status": "mode", "mode": "daemon"},
        "wait": lambda: _waited(schedule),
    }
    if command in plain:
        return plain[command]()
    if command == "start" and isinstance(names, list) and all(isinstance(item, str) for item in names):
        return {"status": "start", "outcome": schedule.start(names)}
    if command in ("status", "logs", "restart", "stop") and isinstance(name, str):
        if name not in schedule.processes:
            return _error(f"process '{name}' not found")
        return _about(schedule, str(command), name, request)
    return _error(f"invalid request: {str(command)[:80]}")


def _about(schedule: Schedule, command: str, name: str, request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request about one process that there is."""
    if command == "status":
        return {"status": "process_detail", "info": schedule.processes[name].info()}
    if command == "logs":
        lines = request.get("lines")
        count = lines if isinstance(lines, int) and lines > 0 else _LINES
        return {"status": "process_logs", **{item: _tail(schedule, name, item, count) for item in ("stdout", "stderr")}}
    refused = (schedule.restart if command == "restart" else schedule.stop)(name)
    return {"status": "ok"} if refused is None else _error(f"failed to {command} process '{name}': {refused}")


def _waited(schedule: Schedule) -> dict[str, Any]:
    schedule.await_settled()
    return {"status": "ready"}


def _tail(schedule: Schedule, name: str, stream: str, count: int) -> str:
    data = read_tail(schedule.shared.folder.log(name, stream), None, _LOG).data
    return "\n".join(data.decode("utf-8", "replace").splitlines()[-count:])


def _events(schedule: Schedule) -> Iterator[dict[str, Any]]:
    """Yield a snapshot, then changes of phase and lines of the logs."""
    seen = {info["name"]: info for info in schedule.listed()}
    yield {"event": "snapshot", "processes": list(seen.values())}
    ends: dict[Path, int] = {}
    while not schedule.shared.ending.wait(_TICK):
        for info in schedule.listed():
            if seen.get(info["name"]) != info:
                seen[info["name"]] = info
                yield {"event": "status", "info": info}
        for name in schedule.processes:
            for stream in ("stdout", "stderr"):
                for line in _more(schedule.shared.folder.log(name, stream), ends):
                    yield {"event": "log", "name": name, "stream": stream, "line": line}


def _more(path: Path, ends: dict[Path, int]) -> list[str]:
    """Return the complete lines that a log has got since its end in `ends`, or at first the last of them."""
    with suppress(OSError), path.open("rb") as file:
        size = file.seek(0, 2)
        first = path not in ends
        begin = ends.get(path, max(0, size - _LOG))
        file.seek(begin if begin <= size else 0)  # a process that was started again begins its log anew
        place = file.tell()
        data = file.read(_LOG)
        whole = data.rfind(b"\n") + 1
        ends[path] = place + whole
        lines = data[:whole].decode("utf-8", "replace").splitlines()
        return lines[-_BACKLOG:] if first else lines
    return []


def _error(message: str) -> dict[str, Any]:
    return {"status": "error", "message": message}
