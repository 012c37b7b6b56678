"""`devkeel serve` as a process: how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from .conftest import DECLARATION
from .processes import command, variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server that has answered the handshake."""
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    command = [sys.executable, "-m", "devkeel_cli", "--root", str(tmp_path), "serve"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert answer["result"]["serverInfo"]["name"] == "devkeel"
        try:
            yield process
        finally:
            process.kill()


def test_it_ends_cleanly_when_its_input_ends(server: subprocess.Popen[bytes]) -> None:
    _, errors = server.communicate(timeout=30)
    assert server.returncode == 0
    assert errors == b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_although_its_input_is_open(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    server.send_signal(number)
    assert server.wait(timeout=30) == 128 + number
    assert server.stderr is not None
    assert server.stderr.read() == b""


def test_it_ends_when_the_process_that_started_it_ends_although_its_input_is_open(tmp_path: Path) -> None:
    """Somebody else may hold the other end of the pipe: then the end of the input never comes."""
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    starter = f"""
import subprocess, time
server = subprocess.Popen({command(tmp_path)!r}, stdout=2)
print(server.pid, flush=True)
time.sleep(600)
"""
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", starter], stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables()
    ) as process:
        os.close(reading)
        assert process.stdout is not None
        assert process.stderr is not None
        number = int(process.stdout.readline())
        os.write(writing, json.dumps(INITIALIZE).encode() + b"\n")
        # The server's stdout and stderr are this pipe: it has begun when a line comes, and ended when the pipe ends.
        assert b"serverInfo" in process.stderr.readline()
        process.kill()
        overdue = threading.Timer(60, os.kill, (number, signal.SIGKILL))
        overdue.start()
        process.stderr.read()
        assert overdue.is_alive(), "it went on without its parent"
        overdue.cancel()
    os.close(writing)


def test_its_log_can_be_one_json_object_a_line(tmp_path: Path) -> None:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    done = subprocess.run(
        command(tmp_path, "--log-format", "json", "--log-level", "debug"),
        input=b"no json\n" + json.dumps(INITIALIZE).encode() + b"\n",
        env=variables(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
