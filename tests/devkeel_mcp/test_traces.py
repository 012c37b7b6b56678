"""`devkeel serve --traces`, with a collector that listens."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from .conftest import DECLARATION
from .processes import served, stdio_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What a collector was sent; servers that start meanwhile know its address."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield bodies
        server.shutdown()
        thread.join()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    return tmp_path


async def test_every_message_is_a_span_without_its_arguments(root: Path, collected: list[bytes]) -> None:
    async with stdio_client(root, "auto", "--traces") as client:
        await client.call_tool("inspect_environment", {"prefix": "canary"})
    told = b"".join(collected)
    assert b"tools/call inspect_environment" in told
    assert b"devkeel" in told
    assert b"canary" not in told


async def test_a_server_that_a_signal_ends_sends_what_it_has(root: Path, collected: list[bytes]) -> None:
    with served(root, "--traces") as server:
        async with server.client("legacy") as client:
            await client.call_tool("show_history", {})
        server.process.terminate()
        server.process.wait(timeout=60)
    assert b"tools/call show_history" in b"".join(collected)


async def test_nothing_is_sent_unless_it_is_asked_for(root: Path, collected: list[bytes]) -> None:
    async with stdio_client(root, "auto") as client:
        await client.call_tool("inspect_environment", {})
    assert not collected
