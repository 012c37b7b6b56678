"""A run in a sandbox reaches the processes of its project by port and by socket, and those of no other."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.context import InSandbox
from devkeel.nix_cli.devenv import runtime_directory
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.sandbox import ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devkeel.environments.run import RunResult

    Without = Callable[..., None]

# Speaks Redis' protocol to the server by the port and by the socket, and tries what is not the project's.
CLIENT = """\
import json, pathlib, socket, sys
port, stranger, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])

def ask(family, address):
    try:
        with socket.socket(family) as connection:
            connection.settimeout(10)
            connection.connect(address)
            connection.sendall(b"PING\\r\\n")
            return connection.recv(64).decode()
    except OSError as error:
        return type(error).__name__

print(json.dumps({
    "v4": ask(socket.AF_INET, ("127.0.0.1", port)),
    "name": ask(socket.AF_INET, ("localhost", port)),
    "v6": ask(socket.AF_INET6, ("::1", port)),
    "socket": ask(socket.AF_UNIX, str(folder / "redis.sock")),
    "stranger": ask(socket.AF_INET, ("127.0.0.1", stranger)),
    "manager": ask(socket.AF_UNIX, str(folder / "processes" / "native.sock")),
}))
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Environment, int]]:
    """A project whose redis runs, with its port."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    root = tmp_path_factory.mktemp("project").resolve()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = runtime_directory(root)
    server = f"redis-server --port $PORT --bind 127.0.0.1 --unixsocket {folder}/redis.sock --save ''"
    (root / "Procfile").write_text(f"redis: {server}\n")
    (root / ".env").write_text(f"PORT={port}\n")
    (root / "requirements.txt").write_text("")
    (root / "client.py").write_text(CLIENT)
    environment = Environment(root, actor="test")
    for begin in (environment.apply, lambda: environment.manage("start", timeout=60)):
        job = begin()
        assert job.wait(120)
        environment.result(job)
    yield environment, port
    job = environment.manage("stop")
    assert job.wait(60)
    environment.close()


@pytest.mark.xdist_group("a redis in a sandbox")
@pytest.mark.parametrize("by", ["bubblewrap", "namespaces"])
def test_its_own_redis_is_reached_by_port_and_socket_and_nothing_else(
    running: tuple[Environment, int], by: str, without: Without
) -> None:
    if by == "namespaces":
        without("bubblewrap")
    if ways.way() != by:
        pytest.skip("this system gives no such sandbox to this user")
    environment, port = running
    root: Path = environment.project.root
    assert ManagerSocket(root).pid() is not None
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        argv = ("python", "client.py", str(port), str(stranger.getsockname()[1]), str(runtime_directory(root)))
        job = environment.run(argv, held=InSandbox(network=False))
        assert job.wait(60)
        found: RunResult = environment.result(job)
    assert found.exit_code == 0, found.stderr
    for way in ("v4", "name", "v6", "socket"):
        assert f'"{way}": "+PONG' in found.stdout, (way, found.stdout)
    assert '"stranger": "ConnectionRefusedError"' in found.stdout
    assert '"manager": "FileNotFoundError"' in found.stdout
    assert found.sandbox is not None
    assert any(str(port) in line for line in found.sandbox.withheld)
