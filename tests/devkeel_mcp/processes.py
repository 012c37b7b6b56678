"""The server as a process of its own, over stdio or HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import httpx2
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

__all__ = ["Served", "command", "served", "stdio_client", "variables"]


def variables(**extra: str) -> dict[str, str]:
    """Return the environment of a server process; nothing of the user's configures it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEVKEEL_")}
    return kept | {"PYTHONPATH": os.pathsep.join(sys.path)} | extra


def command(root: Path, *options: str) -> list[str]:
    """Return the command that starts a server."""
    return [sys.executable, "-m", "devkeel_cli", "--root", str(root), "serve", *options]


class Served:
    """A server that listens on a port of its own."""

    def __init__(self, process: subprocess.Popen[str], url: str, token: str | None) -> None:
        self.process = process
        self.url = url
        self.origin = url.removesuffix("/mcp")
        self.token = token

    @property
    def headers(self) -> dict[str, str]:
        """What every request needs."""
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"} | known

    def post(self, content: bytes, **headers: str) -> httpx2.Response:
        """Send one body, with further headers."""
        return httpx2.post(self.url, content=content, headers=self.headers | headers, timeout=30)

    @asynccontextmanager
    async def client(self, era: str) -> AsyncIterator[Client]:
        """Connect a client until the block ends."""
        async with (
            httpx2.AsyncClient(headers=self.headers, timeout=60) as known,
            Client(streamable_http_client(self.url, http_client=known), mode=era) as client,
        ):
            yield client

    def alive(self) -> bool:
        """Whether it still answers."""
        return httpx2.get(f"{self.origin}/healthz", timeout=30).json() == {"status": "ok"}


@contextmanager
def served(root: Path, *options: str, token: str | None = None) -> Iterator[Served]:
    """Serve HTTP until the block ends."""
    environment = variables(**({"DEVKEEL_TOKEN": token} if token else {}))
    line = command(root, "--http", "127.0.0.1:0", *options)
    with subprocess.Popen(line, stderr=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stderr is not None
        try:
            # Ends with the process's stderr when it does not start; the log may come first.
            address = next(line for line in process.stderr if line.startswith("devkeel: serving "))
            yield Served(process, address.split()[-1], token)
        finally:
            process.kill()


def stdio_client(root: Path, era: str, *options: str) -> Client:
    """Return a client that starts a server over stdio when entered."""
    program, *arguments = command(root, *options)
    return Client(StdioServerParameters(command=program, args=arguments, env=variables()), mode=era)
