"""An agent in memory, in both protocol eras, on a project of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client
from mcp_types import Implementation

from devkeel_mcp import build_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from mcp_types import CallToolResult, Tool

DECLARATION = """\
{ pkgs, ... }:

{
  # Where the app listens.
  env.APP_PORT = "8000";

  packages = [
    pkgs.git
    pkgs.jq # for the smoke test
  ];

  services.postgres.enable = true;
}
"""
ERAS = ("legacy", "auto")
NIX = shutil.which("nix-instantiate")
_VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|\+00:00)"), "<time>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<sha256>"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "<revision>"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "<hash>"),
)
# What differs from machine to machine: which rungs can run here, and why the others cannot.
_MACHINE = {"levels", "ran", "skipped"}
_MACHINE_TEXT = re.compile(r"(Checks that can run here: |Checks that ran: |; skipped: ).*")


class Agent:
    """What a host does: connect, call, disconnect; each call on a fresh server, as after a restart.

    Holds the promise at every call: after a refusal or a dry run every byte, mode and mtime is the one from
    before, and what was published parses with real Nix where there is one.
    """

    def __init__(self, root: Path, era: str) -> None:
        self.root = root
        self.era = era

    def client(self) -> Client:
        """Return a client that connects when entered."""
        who = Implementation(name="test-agent", version="7")
        return Client(build_server(self.root), mode=self.era, client_info=who)

    async def tools(self) -> list[Tool]:
        """Return the tools as listed."""
        async with self.client() as client:
            return (await client.list_tools()).tools

    async def call(self, tool: str, /, **arguments: Any) -> CallToolResult:
        """Call a tool and hold the promise."""
        before = photograph(self.root)
        async with self.client() as client:
            result = await client.call_tool(tool, arguments)
        data = result.structured_content
        assert isinstance(data, dict)
        if data.get("published"):
            parse_with_nix(self.root)
        else:
            assert photograph(self.root) == before
        return result

    async def data(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that succeeds and return its structured content."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        return result.structured_content

    async def error(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that fails and return its structured error."""
        result = await self.call(tool, **arguments)
        assert result.is_error, text_of(result)
        error: dict[str, Any] = result.structured_content["error"]
        assert error["code"] in text_of(result)
        assert error["remedy"]
        return error

    def read(self, name: str = "devenv.nix") -> str:
        """Return a file's text."""
        return (self.root / name).read_bytes().decode()


def photograph(root: Path) -> dict[str, tuple[bytes, int, int]]:
    """Return bytes, mode and mtime of every file of the project; devkeel's records are its own business."""
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".devkeel" not in path.parts
    }


def parse_with_nix(root: Path) -> None:
    """Hold every Nix file of the project to the real parser."""
    for path in root.rglob("*.nix"):
        if NIX:
            subprocess.run([NIX, "--parse", str(path)], check=True, capture_output=True, timeout=60)


def text_of(result: CallToolResult) -> str:
    """Return the text that a model reads."""
    return "\n".join(block.text for block in result.content if block.type == "text")


def stable(data: Any, root: Path) -> Any:
    """Return data or text without its volatile parts: times, hashes, absolute paths, what the machine can."""
    if isinstance(data, dict):
        return {key: f"<{key}>" if key in _MACHINE else stable(value, root) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [stable(item, root) for item in data]
    if not isinstance(data, str):
        return data
    data = _MACHINE_TEXT.sub(r"\1<machine>", data.replace(str(root), "<root>"))
    for pattern, name in _VOLATILE:
        data = pattern.sub(name, data)
    return data


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        root = tmp_path.resolve() / name / "project"
        root.mkdir(parents=True)
        (root / "devenv.nix").write_text(DECLARATION)
        return root

    return make


@pytest.fixture(params=ERAS)
def agent(request: pytest.FixtureRequest, new_project: Callable[[str], Path]) -> Agent:
    return Agent(new_project("alone"), request.param)


@pytest.fixture
def transcript(
    new_project: Callable[[str], Path],
) -> Callable[[Sequence[tuple[str, dict[str, Any]]]], Awaitable[list[dict[str, Any]]]]:
    """Return a function that makes the same calls in both eras and returns what both were answered."""

    async def play(calls: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        told = []
        for era in ERAS:
            agent = Agent(new_project(era), era)
            results = [await agent.call(tool, **arguments) for tool, arguments in calls]
            told.append(
                [
                    {
                        "call": tool,
                        "is_error": result.is_error,
                        "text": stable(text_of(result), agent.root),
                        "data": stable(result.structured_content, agent.root),
                    }
                    for (tool, _), result in zip(calls, results, strict=True)
                ]
            )
        assert told[0] == told[1]
        return told[0]

    return play
