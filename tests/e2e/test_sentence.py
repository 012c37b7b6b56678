"""The whole sentence over stdio: inspect, enable redis, start it, use it, stop it, and the way back."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp_types import TextContent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcp_types import CallToolResult

pytestmark = [pytest.mark.anyio, pytest.mark.nix, pytest.mark.usefixtures("offline")]


# The package that this machine has instead of nixpkgs' own.
TOOLS = "packages = [ pkgs.redis ];"


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


class Host:
    """One connection to `devkeel serve`, as a host has it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def data(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        result = await self._call(tool, arguments)
        assert not result.is_error, text_of(result)
        data: dict[str, Any] = result.structured_content
        # Some hosts show the model the text alone, others the data alone: both name every process and its phase.
        for item in data.get("processes", ()):
            assert f"{item['name']}: {item['phase']}" in text_of(result)
        return data

    async def error(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        result = await self._call(tool, arguments)
        assert result.is_error, text_of(result)
        error: dict[str, Any] = result.structured_content["error"]
        assert error["code"] in text_of(result)
        return error

    async def redis(self, port: int, *words: str) -> str:
        """Say something to redis from inside the environment."""
        ran = await self.data("run_command", argv=["redis-cli", "-p", str(port), *words])
        assert ran["exit_code"] == 0, ran
        stdout: str = ran["stdout"]
        return stdout.strip()

    async def _call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        return await self.client.call_tool(tool, arguments)


def serving(root: Path) -> Client:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    argv = ["-m", "devkeel_cli", "--root", str(root), "serve"]
    return Client(StdioServerParameters(command=sys.executable, args=argv, env=dict(environment)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_the_whole_sentence(runner: Any, pinned_project: Callable[..., Path]) -> None:
    root, port = pinned_project(TOOLS), free_port()
    async with serving(root) as client:
        host = Host(client)
        seen = await host.data("inspect_environment")
        assert (await host.error("manage_processes", action="start"))["code"] == "no_processes"
        changed = await host.data(
            "enable_service", name="redis", settings={"port": port}, expected_revision=seen["revision"]
        )
        applied = await host.data("apply_environment", on_failure="restore")
        assert applied["revision"] == changed["revision"]
        started = await host.data("manage_processes", action="start", on_failure="restore", timeout=60)
        assert [(item["name"], item["phase"], item["ports"]) for item in started["processes"]] == [
            ("redis", "ready", [f"main:{port}"])
        ]
        await host.redis(port, "set", "key", "value")
        assert await host.redis(port, "get", "key") == "value"
        assert runner.survivors()
        stopped = await host.data("manage_processes", action="stop")
        assert not stopped["running"]
        assert runner.survivors() == []


async def test_what_was_started_outlives_the_server_and_the_next_one_knows_it(
    runner: Any, pinned_project: Callable[..., Path]
) -> None:
    root, port = pinned_project(TOOLS), free_port()
    async with serving(root) as client:
        host = Host(client)
        await host.data("enable_service", name="redis", settings={"port": port})
        started = await host.data("manage_processes", action="start", timeout=60)
    async with serving(root) as client:
        host = Host(client)
        seen = await host.data("read_processes", name="redis")
        assert (seen["manager"], seen["outdated"]) == (started["manager"], False)
        assert "Ready to accept connections" in seen["logs"][0]["stdout"]
        cursor = seen["logs"][0]["cursor"]
        assert (await host.data("read_processes", name="redis", cursor=cursor))["logs"][0]["stdout"] == ""
        await host.data("manage_processes", action="stop")
    assert runner.survivors() == []


async def test_redis_that_cannot_start_gives_way_to_what_ran(runner: Any, pinned_project: Callable[..., Path]) -> None:
    port = free_port()
    root = pinned_project(
        f"{TOOLS} services.redis = {{ enable = true; port = {port}; }};", {"devenv.local.yaml": "{}\n"}
    )
    before = (root / "devenv.nix").read_bytes()
    async with serving(root) as client:
        host = Host(client)
        await host.data("apply_environment")
        await host.data("manage_processes", action="start", timeout=60)
        await host.redis(port, "set", "key", "value")
        bad = {"kind": "set", "path": "services.redis.extraConfig", "value": "no-such-directive yes"}
        await host.data("edit_environment", edits=[bad])
        assert (await host.data("read_processes"))["outdated"]
        await host.data("apply_environment", on_failure="restore")
        error = await host.error("manage_processes", action="start", on_failure="restore", timeout=60)
        assert error["code"] == "process_crashed"
        assert error["details"]["restored"]["processes"] == {"redis": "ready"}
        assert (root / "devenv.nix").read_bytes() == before
        assert await host.redis(port, "ping") == "PONG"

        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            taken = holder.getsockname()[1]
            web = f"exec redis-server --bind 127.0.0.1 --port {taken} --save ''"
            await host.data("edit_environment", edits=[{"kind": "set", "path": "processes.web.exec", "value": web}])
            error = await host.error("manage_processes", action="start", on_failure="restore", timeout=60)
        assert (error["code"], error["details"]["port"]) == ("port_held", taken)
        assert (root / "devenv.nix").read_bytes() == before
        assert await host.redis(port, "ping") == "PONG"
        history = await host.data("show_history")
        assert [item["kind"] for item in history["operations"]] == ["restore", "edit", "restore", "edit"]
        await host.data("manage_processes", action="stop")
    assert runner.survivors() == []


async def test_arguments_are_judged_before_anything_is_started(
    runner: Any, pinned_project: Callable[..., Path]
) -> None:
    root = pinned_project('processes.a.exec = "exec sleep 600";')
    async with serving(root) as client:
        host = Host(client)
        assert (await host.error("manage_processes", action="kill"))["code"] == "bad_argument"
        assert (await host.error("manage_processes", action="start", timeout=-1.0))["code"] == "bad_timeout"
        assert (await host.error("manage_processes", action="start", names=["-O"]))["code"] == "unknown_process"
        assert (await host.error("read_processes", cursor="1-2-3"))["code"] == "bad_cursor"
        assert not (await host.data("read_processes"))["running"]
    assert runner.calls() == []
