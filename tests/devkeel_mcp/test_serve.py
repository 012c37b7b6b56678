"""`devkeel serve` as a process: how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .conftest import DECLARATION

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
