"""apply_environment, run_command, job and cancel_job, over stdio and in memory: real Nix, real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp import MCPError, StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from mcp_types import TextResourceContents

from devkeel_mcp import build_server

from .conftest import ERAS, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_types import CallToolResult

    Make = Callable[..., Path]

pytestmark = [pytest.mark.anyio, pytest.mark.nix, pytest.mark.usefixtures("offline")]
# Of this run of the tests alone: what runs is looked for in /proc.
MARK = f"/bin/sleep 97{os.getpid()}"
LONG = 90.0


def stdio(root: Path) -> Client:
    names = ("PATH", "NIX_CONF_DIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "HOME")
    passed = {name: os.environ[name] for name in names if name in os.environ}
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "devkeel_cli", "--root", str(root), "serve"],
        env=passed | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return Client(stdio_client(server))


async def told(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    data: dict[str, Any] = result.structured_content or {}
    return data


def running() -> list[str]:
    """Return the living processes of the build that hangs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if _lives(int(entry.name)) and MARK in (entry / "cmdline").read_bytes().decode().replace("\0", " "):
                found.append(entry.name)
        except OSError:
            continue
    return found


async def until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(LONG):
        while not condition():  # noqa: ASYNC110  (nothing tells of another process)
            await anyio.sleep(0.02)


async def test_the_whole_sentence_over_stdio(pinned_project: Make) -> None:
    root = pinned_project("packages = [\n    pkgs.jq\n  ];")
    async with stdio(root) as client:
        seen = await told(client, "inspect_environment")
        assert (seen["stages"]["declared"], seen["stages"]["current"]) == (seen["revision"], False)
        assert not {"applied", "running"} & set(seen["stages"])
        assert len(seen["stages"]["differs"]) == 2
        result = await client.call_tool("run_command", {"argv": ["hello"]})
        assert result.is_error
        assert (result.structured_content or {})["error"]["code"] == "not_applied"
        first = await told(client, "apply_environment")
        changed = await told(client, "add_packages", names=["hello"], expected_revision=seen["revision"])
        applied = await told(client, "apply_environment", on_failure="restore")
        assert (applied["revision"], applied["operation"]) == (changed["revision"], changed["operation"])
        assert applied["prefix"] != first["prefix"]
        ran = await told(client, "run_command", argv=["hello"])
        assert (ran["exit_code"], ran["stdout"]) == (0, "Hello, world!\n")
        stages = (await told(client, "inspect_environment"))["stages"]
        assert (stages["applied"], stages["current"], stages["differs"]) == (changed["revision"], True, [])
        await told(client, "add_packages", names=["build-fails"], level="schema")
        failed = await client.call_tool("apply_environment", {"on_failure": "restore"})
        error = (failed.structured_content or {})["error"]
        assert (error["code"], error["kind"]) == ("build_failed", "check_failed")
        assert error["details"]["revision"] == changed["revision"]
        assert "widget.c:3: error: expected ;" in text_of(failed)
        assert "build-fails" not in (root / "devenv.nix").read_text()
        assert (await told(client, "run_command", argv=["hello"]))["exit_code"] == 0


async def log_of(client: Client, job: str, start: int = 0) -> tuple[str, int]:
    """Return what the resource of a job's log says, and where it goes on."""
    found = (await client.read_resource(f"devkeel://jobs/{job}/log?from={start}")).contents[0]
    assert isinstance(found, TextResourceContents)
    assert found.meta is not None
    return found.text, found.meta["devkeel/next"]


@pytest.mark.parametrize("era", ERAS)
async def test_what_takes_long_goes_on_as_a_job(pinned_project: Make, era: str) -> None:
    build = f'name = "slow"; system = pkgs.system; builder = "/bin/sh"; args = [ "-c" "{MARK}; :" ];'
    root = pinned_project(f"packages = [ (builtins.derivation {{ {build} }}) ];", {"devkeel.toml": "job_after = 1\n"})
    sentences: list[str | None] = []

    async def hear(_: float, __: float | None, message: str | None) -> None:
        sentences.append(message)

    async with Client(build_server(root), mode=era) as client:
        result: CallToolResult = await client.call_tool("apply_environment", {}, progress_callback=hear)
        data = result.structured_content or {}
        assert (data["state"], data["kind"]) == ("running", "apply")
        assert data["id"] in text_of(result)
        known = ("evaluating the declaration", "these ", "building ")
        assert sentences
        assert all(sentence and sentence.startswith(known) for sentence in sentences)
        await until(running)
        following = await told(client, "job", id=data["id"], cursor=0)
        while not (following["progress"] or "").startswith("building slow"):
            following = await told(client, "job", id=data["id"], cursor=following["cursor"])
        assert following["state"] == "running"
        assert [item["id"] for item in (await told(client, "job"))["jobs"]] == [data["id"]]
        assert "building '/nix/store/" in (await log_of(client, data["id"]))[0]
        async with Client(build_server(root), mode=era) as other:
            text, next_byte = await log_of(other, data["id"])
            assert "building '/nix/store/" in text
            assert await log_of(other, data["id"], next_byte) == ("", next_byte)
            assert (await told(other, "job", id=data["id"]))["state"] == "running"
            ended = await told(other, "cancel_job", id=data["id"])
            assert (ended["state"], ended["survivors"]) == ("cancelled", [])
        assert (await told(client, "job", id=data["id"]))["state"] == "cancelled"
        assert running() == []


async def test_a_call_that_its_client_cancels_ends_its_job(pinned_project: Make, tmp_path: Path) -> None:
    root = pinned_project("packages = [ ];")
    file = tmp_path / "pid"
    async with Client(build_server(root)) as client:
        await told(client, "apply_environment")
        async with anyio.create_task_group() as group:

            async def call() -> None:
                await client.call_tool("run_command", {"argv": ["sh", "-c", f"echo $$ > {file}; exec sleep 1000"]})

            group.start_soon(call)
            await until(lambda: file.exists() and file.read_text().strip())
            group.cancel_scope.cancel()
        pid = int(file.read_text())
        await until(lambda: not _lives(pid))
        assert (await told(client, "run_command", argv=["true"]))["exit_code"] == 0


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("way", ["its input ends", "it is terminated", "it is killed"])
def test_nothing_outlives_the_server(pinned_project: Make, tmp_path: Path, way: str) -> None:
    root = pinned_project("packages = [ ];", {"devkeel.toml": "job_after = 0.1\n"})
    file = tmp_path / "pid"
    script = f"setsid sh -c 'echo $$ > {file}; exec sleep 1000' & sleep 1000"
    with _server(root) as server:
        _ask(server, "tools/call", {"name": "apply_environment", "arguments": {}})
        deadline = time.monotonic() + LONG
        while not list(root.glob(".devkeel/envs/*/current.json")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        answer = _ask(server, "tools/call", {"name": "run_command", "arguments": {"argv": ["sh", "-c", script]}})
        identifier = answer["result"]["structuredContent"]["id"]
        while not (file.exists() and file.read_text().strip()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        if way == "its input ends":
            assert server.stdin is not None
            server.stdin.close()
        else:
            server.send_signal(signal.SIGTERM if way == "it is terminated" else signal.SIGKILL)
        server.wait(timeout=LONG)
    pid = int(file.read_text())
    if way != "it is killed":
        assert not _lives(pid)
    with _server(root) as server:
        answer = _ask(server, "tools/call", {"name": "job", "arguments": {"id": identifier}})
        assert answer["result"]["structuredContent"]["state"] == "cancelled"
        assert not _lives(pid)
        server.kill()


def _server(root: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "devkeel_cli", "--root", str(root), "serve"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    parameters = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    _ask(process, "initialize", parameters)
    return process


def _ask(server: subprocess.Popen[bytes], method: str, parameters: dict[str, Any]) -> dict[str, Any]:
    assert server.stdin is not None
    assert server.stdout is not None
    number = time.monotonic_ns()
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
    server.stdin.write(json.dumps(request).encode() + b"\n")
    server.stdin.flush()
    while (answer := json.loads(server.stdout.readline())).get("id") != number:
        continue
    result: dict[str, Any] = answer
    return result


async def test_the_whole_log_of_a_job_is_a_resource(pinned_project: Make) -> None:
    root = pinned_project(
        'packages = [ ];\n  env.API_TOKEN = "hunter2-hunter2";', {"devkeel.toml": "job_after = 0.1\n"}
    )
    async with stdio(root) as client:
        applied = await told(client, "apply_environment")
        await told(client, "job", id=applied["id"], wait=30)
        templates = (await client.list_resource_templates()).resource_templates
        assert "devkeel://jobs/{id}/log{?from}" in [item.uri_template for item in templates]
        script = "echo $API_TOKEN; printf '\\033[31m'; yes line | head -c 20000000; sleep 1; echo end"
        job = await told(client, "run_command", argv=["sh", "-c", script])
        await told(client, "job", id=job["id"], wait=30)
        (found,) = (await client.read_resource(f"devkeel://jobs/{job['id']}/log")).contents
        assert found.text.startswith("***************\n")
        assert found.text.endswith("line\nline\nend\n")
        assert "bytes left out" in found.text
        assert len(found.text) < 10 * 1024 * 1024
        for name in ("0" * 16, "..%2F..%2Fetc%2Fpasswd"):
            with pytest.raises(MCPError):
                await client.read_resource(f"devkeel://jobs/{name}/log")


async def test_arguments_that_cannot_be_meant_are_told(pinned_project: Make) -> None:
    async with Client(build_server(pinned_project("packages = [ ];"))) as client:
        for tool, arguments, code in (
            ("run_command", {}, "bad_command"),
            ("run_command", {"argv": "ls -l"}, "bad_argument"),
            ("run_command", {"argv": ["true"], "timeout": 0}, "bad_timeout"),
            ("apply_environment", {"on_failure": "keep"}, "bad_argument"),
            ("job", {"id": "nothing"}, "unknown_job"),
            ("cancel_job", {}, "bad_argument"),
        ):
            result = await client.call_tool(tool, arguments)
            assert result.is_error
            assert (result.structured_content or {})["error"]["code"] == code, (tool, arguments)
