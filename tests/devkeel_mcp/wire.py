"""`devkeel serve` as a host has it: a process with pipes, so that a test can say nothing, hang up and kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONG = 90.0


class Wire:
    """One server and its one client. Requests are sent, and their answers waited for, apart.

    before: words before its command. flags: of the command. agrees: whether there is a person, who agrees to whatever
    the server asks; `questions` has what that was. client: the name that it gives itself.
    """

    def __init__(
        self,
        root: Path,
        before: Sequence[str] = (),
        flags: Sequence[str] = (),
        *,
        agrees: bool = False,
        client: str = "test",
    ) -> None:
        command = [*before, sys.executable, "-m", "devkeel_cli", "--root", str(root), "serve", *flags]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self.questions: list[str] = []
        self._number = 0
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        who = {"name": client, "version": "1"}
        able = {"elicitation": {}} if agrees else {}
        self.answer(
            self.send("initialize", {"protocolVersion": "2025-06-18", "capabilities": able, "clientInfo": who}), LONG
        )
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self.process.wait(timeout=LONG)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("method") == "elicitation/create":
                self.questions.append(message["params"]["message"])
                result = {"action": "accept", "content": {"approve": True}}
                self._write({"jsonrpc": "2.0", "id": message["id"], "result": result})
            else:
                self.heard.append((time.monotonic(), message))

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def send(self, method: str, parameters: dict[str, Any]) -> int:
        """Send a request and return its number."""
        self._number += 1
        self._write({"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters})
        return self._number

    def call(self, tool: str, /, **arguments: Any) -> int:
        """Call a tool, asking for its progress, and return the number of the request."""
        meta = {"progressToken": f"t{self._number + 1}"}
        return self.send("tools/call", {"name": tool, "arguments": arguments, "_meta": meta})

    def cancel(self, number: int) -> None:
        """Take a request back."""
        parameters = {"requestId": number, "reason": "the test wants so"}
        self._write({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": parameters})

    def answer(self, number: int, seconds: float = LONG) -> dict[str, Any]:
        """Return the answer to a request."""
        until(lambda: any(item.get("id") == number for _, item in self.heard), seconds)
        found: dict[str, Any] = next(item for _, item in self.heard if item.get("id") == number)
        return found

    def asked(self, tool: str, /, **arguments: Any) -> tuple[bool, dict[str, Any]]:
        """Call a tool; return whether it failed, and the structured content of its answer."""
        result = self.answer(self.call(tool, **arguments), 4 * LONG)["result"]
        return result.get("isError", False), result["structuredContent"]

    def told(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that succeeds."""
        failed, data = self.asked(tool, **arguments)
        assert not failed, data["error"]
        return data

    def error(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that fails."""
        failed, data = self.asked(tool, **arguments)
        assert failed, sorted(data)
        found: dict[str, Any] = data["error"]
        return found

    def progress(self, number: int) -> list[tuple[float, str]]:
        """Return when which sentences came about a request."""
        return [
            (when, item["params"]["message"])
            for when, item in self.heard
            if item.get("method") == "notifications/progress" and item["params"]["progressToken"] == f"t{number}"
        ]

    def hang_up(self) -> None:
        """Close the server's input, as a host does that goes away."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def memory(self) -> int:
        """Return the most memory that the server had at once, in MiB."""
        return memory_of(self.process.pid)


def until(condition: Callable[[], object], seconds: float = LONG) -> None:
    """Wait for something that nothing tells of."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        threading.Event().wait(0.02)


def memory_of(pid: int) -> int:
    """Return the most memory that a process had at once, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


def lives(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def running_with(text: str) -> list[int]:
    """Return the living processes whose command line has a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if text in line and lives(int(entry.name)) and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def children(pid: int) -> list[int]:
    """Return the living children of a process."""
    found = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [child for child in map(int, found.split()) if lives(child)]
