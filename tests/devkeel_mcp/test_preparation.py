"""The library is loaded after the handshake, while nothing is asked, and never in the way of a call."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel_mcp.calls.preparation import Preparation

from .conftest import DECLARATION
from .processes import command, variables
from .wire import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
PING = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server that has been asked nothing."""
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    with subprocess.Popen(command(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables()) as process:
        try:
            yield process
        finally:
            process.kill()


def say(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()


def has_the_parser(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process has loaded the parser of Nix, as its map of memory shows."""
    return "tree_sitter_nix" in Path(f"/proc/{process.pid}/maps").read_text()


def test_the_library_comes_after_the_handshake_and_without_a_call(server: subprocess.Popen[bytes]) -> None:
    assert server.stdout is not None
    for message in (INITIALIZE, PING):
        say(server, message)
        assert "result" in json.loads(server.stdout.readline())
    assert not has_the_parser(server)
    say(server, INITIALIZED)
    until(lambda: has_the_parser(server))


def test_an_input_that_ends_meanwhile_ends_the_server(server: subprocess.Popen[bytes]) -> None:
    for message in (INITIALIZE, INITIALIZED):
        say(server, message)
    server.communicate(timeout=60)
    assert server.returncode == 0


def steps(*work: Callable[[], object]) -> Preparation:
    return Preparation(lambda: iter(work))


def test_it_stands_still_while_a_call_runs() -> None:
    done = threading.Event()
    preparation = steps(done.set)
    with preparation.paused(), preparation.paused():
        preparation.begin()
        assert not done.wait(0.2)
    assert done.wait(30)
    preparation.stop()


def test_a_call_waits_for_the_step_that_is_under_way() -> None:
    begun, end, order = threading.Event(), threading.Event(), list[str]()

    def step() -> None:
        begun.set()
        end.wait(30)
        order.append("step")

    preparation = steps(step, lambda: order.append("next"))
    preparation.begin()
    assert begun.wait(30)
    threading.Timer(0.05, end.set).start()
    with preparation.paused():
        order.append("call")
    preparation.stop()
    assert order[:2] == ["step", "call"]


def test_it_does_no_further_step_when_it_is_stopped() -> None:
    begun, end, done = threading.Event(), threading.Event(), list[str]()

    def step() -> None:
        begun.set()
        end.wait(30)

    preparation = steps(step, lambda: done.append("next"))
    preparation.begin()
    assert begun.wait(30)
    stopping = threading.Thread(target=preparation.stop)
    stopping.start()
    end.set()
    stopping.join(30)
    assert not stopping.is_alive()
    preparation.begin()
    assert done in ([], ["next"])


def test_what_cannot_be_loaded_is_left_to_the_call_that_needs_it() -> None:
    def fail() -> None:
        raise ImportError

    preparation = steps(fail)
    preparation.begin()
    with preparation.paused():
        pass
    preparation.stop()


def test_it_is_stopped_by_a_signal_that_comes_while_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    preparation, start = Preparation(lambda: iter(())), threading.Thread.start
    failures: list[BaseException] = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: failures.append(failure.exc_value))
    stopper = threading.Thread(target=preparation.stop)

    def late(thread: threading.Thread) -> None:
        start(stopper)
        stopper.join(0.1)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", late)
    preparation.begin()
    stopper.join(30)
    assert not failures
    assert not stopper.is_alive()
