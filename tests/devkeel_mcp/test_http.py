"""`devkeel serve --http` as a process: who may speak to it, and that several do."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import anyio
import httpx2
import pytest

from devkeel_mcp.transports.http import Http

from .conftest import DECLARATION, ERAS
from .processes import command, served, variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .processes import Served

pytestmark = pytest.mark.anyio
TOKEN = "0123456789abcdef" * 4
LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    return tmp_path


@pytest.fixture
def server(root: Path) -> Iterator[Served]:
    with served(root, token=TOKEN) as found:
        yield found


@pytest.mark.parametrize("era", ERAS)
async def test_several_clients_write_to_one_project_and_every_write_is_there(server: Served, era: str) -> None:
    names = ["ripgrep", "fd", "hello", "tree"]

    async def add(name: str) -> None:
        async with server.client(era) as client:
            result = await client.call_tool("add_packages", {"names": [name], "level": "syntax"})
            assert not result.is_error, result.content

    async with anyio.create_task_group() as group:
        for name in names:
            group.start_soon(add, name)
    async with server.client(era) as client:
        found = (await client.call_tool("inspect_environment", {})).structured_content
    assert found is not None
    assert set(found["packages"]) >= {*names, "git", "jq"}


def test_a_caller_without_the_token_is_told_nothing(server: Served) -> None:
    for authorization in ("", "Bearer x", f"Bearer {TOKEN[:-1]}"):
        answer = server.post(LIST, Authorization=authorization)
        assert answer.status_code == 401
        assert "tools" not in answer.text
    assert server.alive()


def test_the_token_is_in_no_argument_and_in_no_log(root: Path) -> None:
    with served(root, "--log-level", "debug", "--log-format", "json", token=TOKEN) as server:
        server.post(LIST)
        server.post(b"{", Authorization=f"Bearer {TOKEN}x")
        assert TOKEN not in " ".join(map(str, server.process.args))
        server.process.send_signal(signal.SIGTERM)
        _, told = server.process.communicate(timeout=30)
        assert TOKEN not in told
        assert server.process.returncode == 128 + signal.SIGTERM
        for line in told.splitlines():
            assert {"time", "level", "message"} <= json.loads(line).keys()


async def test_the_token_is_not_handed_on_to_programs(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Outside of the project, whose own programs are not run by a look.
    folder = tmp_path_factory.mktemp("programs")
    seen, program = folder / "seen", folder / "nix-instantiate"
    program.write_text(f"#!/bin/sh\nenv > {seen}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    with served(root, token=TOKEN) as server:
        async with server.client("auto") as client:
            await client.call_tool("check_environment", {"level": "syntax", "second_opinion": True})
    assert "PATH=" in seen.read_text()
    assert TOKEN not in seen.read_text()


def test_an_answer_in_two_parts_does_not_wait_for_an_acknowledgement() -> None:
    with Http("127.0.0.1:0").listen() as listening:
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("options", "environment", "code"),
    [
        (["--http", "0.0.0.0:0"], {}, "token_required"),
        (["--http", "[::]:0"], {}, "token_required"),
        (["--http", ":x"], {}, "bad_address"),
        (["--http", "127.0.0.1:99999"], {}, "bad_address"),
        (["--http", "192.0.2.1:1"], {"DEVKEEL_TOKEN": TOKEN}, "bad_address"),
        (["--http", "127.0.0.1:0"], {"DEVKEEL_TOKEN": "short"}, "bad_token"),
        (["--http", "127.0.0.1:0", "--token-file", "/nonexistent/token"], {}, "bad_token"),
        (["--toolsets", "docker"], {}, "unknown_toolset"),
    ],
)
def test_a_server_that_would_be_open_or_deaf_does_not_start(
    root: Path, options: list[str], environment: dict[str, str], code: str
) -> None:
    done = subprocess.run(
        command(root, *options),
        env=variables(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert code in done.stderr
    assert "short" not in done.stderr


def test_another_bind_is_served_with_a_token_from_a_file(root: Path) -> None:
    file = root / "token"
    file.write_text(f"{TOKEN}\n")
    options = ("--http", "0.0.0.0:0", "--token-file", str(file), "--allow-host", "box.example")
    with served(root, *options) as server:
        port = server.url.rpartition(":")[2].partition("/")[0]
        url = f"http://127.0.0.1:{port}/healthz"
        assert httpx2.get(url, headers={"Host": "box.example:1"}).status_code == 200
        assert httpx2.get(url, headers={"Host": "other.example"}).status_code == 421
        assert httpx2.post(f"http://127.0.0.1:{port}/mcp", content=LIST).status_code == 401
