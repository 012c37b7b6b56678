"""A server as a process, spoken to line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CLIENT", "COMMAND", "VARIABLES", "Server", "add", "call", "message", "notice"]

Line = dict[str, Any]
COMMAND = (sys.executable, "-m", "devkeel_cli")
VARIABLES = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a test", "version": "7"}}


def message(number: int, method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


def notice(method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n"


def call(number: int, tool: str, **arguments: Any) -> bytes:
    return message(number, "tools/call", name=tool, arguments=arguments)


def add(number: int, name: str) -> bytes:
    return call(number, "add_packages", names=[name], level="syntax")


class Server:
    """A server that has answered the handshake."""

    def __init__(self, root: Path, variables: dict[str, str] | None = None) -> None:
        argv = (*COMMAND, "--root", str(root), "serve")
        told = VARIABLES | (variables or {})
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=told)
        self.say(message(1, "initialize", **CLIENT))
        assert self.hear()["id"] == 1
        self.say(notice("notifications/initialized"))

    def say(self, *lines: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(lines))
        self.process.stdin.flush()

    def hear(self) -> Line:
        assert self.process.stdout is not None
        found: Line = json.loads(self.process.stdout.readline())
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
