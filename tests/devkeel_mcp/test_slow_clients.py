"""Clients that hold a server up: heads and bodies that never end, answers that are not read, no descriptors left.

Whoever has the token gets in all the same, memory stays bounded, and so does the log.
"""

from __future__ import annotations

import json
import resource
import select
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel_loopback.limits import Limits

from .conftest import DECLARATION
from .processes import Served, command, variables
from .wire import LONG, memory_of, until

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "k" * 40
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    return tmp_path


@contextmanager
def serving(root: Path, descriptors: int) -> Iterator[tuple[Served, Path]]:
    """Serve HTTP with so many descriptors; the log goes to a file."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        line = command(root, "--http", "127.0.0.1:0")
        with log.open("wb") as stream:
            process = subprocess.Popen(line, stderr=stream, env=variables(DEVKEEL_TOKEN=TOKEN), preexec_fn=limit)  # noqa: PLW1509
        try:
            until(lambda: b"devkeel: serving " in log.read_bytes())
            url = next(item for item in log.read_text().splitlines() if "serving" in item).split()[-1]
            yield Served(process, url, TOKEN), log  # type: ignore[arg-type]
        finally:
            process.kill()
            process.wait(LONG)


def connect(server: Served, data: bytes = b"") -> socket.socket:
    port = int(server.origin.rpartition(":")[2])
    found = socket.create_connection(("127.0.0.1", port), timeout=LONG)
    found.sendall(data)
    return found


def head(server: Served, length: int, token: str = TOKEN) -> bytes:
    host = server.origin.removeprefix("http://")
    return (
        f"POST /mcp HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def gets_in(server: Served) -> bool:
    return server.post(json.dumps(INITIALIZE).encode()).status_code == 200


UNFINISHED = [b"", b"G", b"POST /mcp HTTP/1.1\r\nHost: x", b"\r\n", b"POST /mcp HTTP/1.1\r\nX: " + b"a" * 5000]


@pytest.mark.parametrize("begun", UNFINISHED, ids=range(len(UNFINISHED)))
def test_who_has_the_token_gets_in_beside_heads_that_never_end(root: Path, begun: bytes) -> None:
    with serving(root, 160) as (server, log), ExitStack() as held:
        for _ in range(300):  # more than there are descriptors
            held.enter_context(connect(server)).send(begun)
        assert gets_in(server)
        assert server.alive()
        assert log.stat().st_size < 20_000


def test_a_head_that_does_not_come_in_time_is_given_up_however_its_bytes_trickle(root: Path) -> None:
    with serving(root, 1024) as (server, _):
        begun = time.monotonic()
        with connect(server, b"POST /mcp HTTP/1.1\r\n") as held:
            held.settimeout(0.5)
            ended = False
            while not ended and time.monotonic() - begun < 3 * Limits().head:
                try:
                    held.send(b"X")
                    ended = held.recv(1) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
        assert ended
        assert time.monotonic() - begun < 2 * Limits().head


def test_bodies_that_never_end_keep_nobody_out(root: Path) -> None:
    with serving(root, 1024) as (server, _), ExitStack() as held:
        for _ in range(Limits().requests + 20):
            held.enter_context(connect(server, head(server, 1000) + b"{"))
        assert gets_in(server)


def test_without_the_token_no_body_is_waited_for(root: Path) -> None:
    with serving(root, 1024) as (server, _), connect(server, head(server, 1000, "w" * 40) + b"{") as held:
        assert held.recv(100).startswith(b"HTTP/1.1 401")


def test_running_out_of_descriptors_neither_floods_the_log_nor_hangs(root: Path) -> None:
    with serving(root, 40) as (server, log), ExitStack() as held:
        for _ in range(200):
            held.enter_context(connect(server, head(server, 10) + b"{"))
        until(lambda: len([*Path(f"/proc/{server.process.pid}/fd").iterdir()]) < 40)
        assert server.alive()
        held.close()
        assert gets_in(server)
        assert log.read_bytes().count(b"\n") < 100


def pushed(held: socket.socket, piece: bytes, most: int) -> int:
    """Send as much as is taken, and return how many bytes that was."""
    held.setblocking(False)
    sent, quiet, waiting = 0, time.monotonic(), b""
    while sent < most and time.monotonic() - quiet < 2:
        waiting = waiting or piece
        try:
            count = held.send(waiting)
        except BlockingIOError:
            select.select([], [held], [], 0.1)
            continue
        except OSError:
            break  # it was given up, which is as well
        sent, waiting, quiet = sent + count, waiting[count:], time.monotonic()
    return sent


def test_a_client_that_does_not_read_is_slowed_down_over_http(root: Path) -> None:
    with serving(root, 1024) as (server, _):
        assert gets_in(server)
        before = memory_of(server.process.pid)
        body = json.dumps(LIST).encode()
        request = head(server, len(body)) + body
        with connect(server) as held:
            assert pushed(held, request * 50, 64 * 2**20) < 32 * 2**20
        assert memory_of(server.process.pid) - before < 60
        assert server.alive()
