"""A malformed message that has an id is answered with it, over both transports; one that has none is not."""

from __future__ import annotations

import json
import select
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import DECLARATION
from .processes import command, served, variables
from .wire import LONG, Wire, memory_of

if TYPE_CHECKING:
    from pathlib import Path

DEEP = "[" * 150 + "]" * 150
# A message, and the ids of the answers that are due.
MALFORMED: list[tuple[str | bytes, list[Any]]] = [
    ('{"id": 7}', [7]),
    ('{"jsonrpc": "2.0", "id": 0}', [0]),
    ('{"jsonrpc": "2.0", "id": "a", "method": 5}', ["a"]),
    ('{"jsonrpc": "1.0", "id": 8, "method": "ping"}', [8]),
    ('{"id": 9, "method": "ping"}', [9]),
    ('{"jsonrpc": "2.0", "id": 10, "method": "ping", "params": [1]}', [10]),
    ('{"jsonrpc": "2.0", "id": 11, "method": "ping", "params": "x"}', [11]),
    ('{"jsonrpc": "2.0", "id": 12, "method": null}', [12]),
    ('{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', [1.5]),
    ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', [None]),
    ('{"jsonrpc": "2.0", "id": {"a": 1}, "method": "ping"}', [None]),
    ('{"jsonrpc": "2.0", "id": [1], "method": "ping"}', [None]),
    ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', [None]),
    ('{"jsonrpc": "2.0", "id": 13, "method": "ping"', [13]),
    ('{"jsonrpc": "2.0", "id": "x\\"y", "method": ping}', ['x"y']),
    ('{"params": {"id": 1}, "id": 14, oops}', [14]),
    ('{"jsonrpc": "2.0", "id": 15, "method": "ping", "params": {"a": NaN}}', [15]),
    ('{"jsonrpc": "2.0", "id": 16, "method": "ping", "params": {"a": -Infinity}}', [16]),
    ('{"jsonrpc": "2.0", "id": 17, "method": "ping", "params": {"a": 1e999}}', [17]),
    ('{"jsonrpc": "2.0", "id": 18, "method": "ping", "params": {"a": ' + "9" * 5000 + "}}", [18]),
    ('{"jsonrpc": "2.0", "id": 19, "method": "ping", "params": {"a": ' + DEEP + "}}", [19]),
    ('{"jsonrpc": "2.0", "id": 20, "method": "ping", "params": {"a": 1, "a": 2}}', [20]),
    (b'{"jsonrpc": "2.0", "id": 21, "method": "ping", "params": {"a": "\xff\xfe"}}', [21]),
    ('[{"jsonrpc": "2.0", "id": 22, "method": "ping"}, {"jsonrpc": "2.0", "id": "b", "method": "ping"}, 5]', [22, "b"]),
    ('{"jsonrpc": "2.0", "id": 23, "method": "ping", "params": {"\\ud800": 1}}', [23]),
    ('{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}', ["\ud800"]),
    ('{"jsonrpc": "2.0", "method": 5}', []),
    ('{"jsonrpc": "2.0"}', []),
    ("{", []),
    ("nonsense", []),
    ("[]", []),
    ("[1, {}]", []),
    ("5", []),
    ("null", []),
    ('"id"', []),
    ('{"params": {"id": 1}, oops}', []),
    ('{"jsonrpc": "2.0", "id": 30, "result": 5, "error": 6}', []),
    ("[" * 100_000, []),
    (b"\xff\xfe\x00", []),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    return tmp_path


def test_over_stdio_each_malformed_message_with_an_id_is_answered(root: Path) -> None:
    process = subprocess.Popen(
        command(root), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables()
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for number, (message, due) in enumerate(MALFORMED):
            data = message if isinstance(message, bytes) else message.encode()
            # What follows is answered too, so that no answer to the one before can be missed.
            mark = {"jsonrpc": "2.0", "id": f"mark {number}"}
            process.stdin.write(data + b"\n" + json.dumps(mark).encode() + b"\n")
            process.stdin.flush()
            answers = []
            while (answer := json.loads(process.stdout.readline()))["id"] != mark["id"]:
                answers.append(answer)
            assert [answer["id"] for answer in answers] == due, message[:100]
            assert {answer["error"]["code"] for answer in answers} <= {-32700, -32600}
        process.stdin.close()
        assert process.wait(LONG) == 0


def test_over_http_each_malformed_message_with_an_id_is_answered(root: Path) -> None:
    with served(root) as server:
        for message, due in MALFORMED:
            answer = server.post(message if isinstance(message, bytes) else message.encode())
            assert 400 <= answer.status_code < 500, message[:100]
            if due:
                told = answer.json()
                found = told if isinstance(told, list) else [told]
                assert [item["id"] for item in found] == due, message[:100]
        assert server.alive()


def test_a_client_that_does_not_read_is_slowed_down_over_stdio(root: Path) -> None:
    request = json.dumps({"jsonrpc": "2.0", "id": 5, "method": "tools/list", "params": {}}).encode() + b"\n"
    with Wire(root) as wire:
        wire.answer(wire.send("tools/list", {}), LONG)
        before = wire.memory()
    process = subprocess.Popen(
        command(root), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables()
    )
    assert process.stdin is not None
    try:
        import os

        who = {"name": "t", "version": "1"}
        start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": who}
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": start}).encode())
        process.stdin.write(b'\n{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
        process.stdin.flush()
        os.set_blocking(process.stdin.fileno(), False)
        sent, quiet, waiting = 0, time.monotonic(), b""
        while sent < 32 * 2**20 and time.monotonic() - quiet < 3:
            waiting = waiting or request * 200
            try:
                count = os.write(process.stdin.fileno(), waiting)
            except BlockingIOError:
                select.select([], [process.stdin], [], 0.1)
                continue
            sent, waiting, quiet = sent + count, waiting[count:], time.monotonic()
        assert sent < 16 * 2**20  # it stopped reading
        assert memory_of(process.pid) - before < 80
    finally:
        process.kill()
        with suppress(BrokenPipeError):
            process.communicate()


def test_many_requests_at_once_are_all_answered(root: Path) -> None:
    with Wire(root) as wire:
        numbers = [wire.send("tools/list", {}) for _ in range(600)]
        assert all("result" in wire.answer(number, LONG) for number in numbers)
