"""`devkeel serve --traces`, with a collector that listens."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .conftest import DECLARATION
from .processes import served, stdio_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
# What the collector of the test at hand was sent, read as OTLP.
logs: list[ExportLogsServiceRequest] = []
traces: list[ExportTraceServiceRequest] = []


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What a collector was sent; servers that start meanwhile know its address."""
    bodies: list[bytes] = []
    logs.clear()
    traces.clear()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path in ("/v1/traces", "/v1/logs")
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            if self.path == "/v1/logs":
                logs.append(ExportLogsServiceRequest.FromString(bodies[-1]))
            else:
                traces.append(ExportTraceServiceRequest.FromString(bodies[-1]))
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


@pytest.mark.parametrize("by", ["settings", "variable"])
async def test_events_are_logs_joined_to_the_span_of_their_call(
    root: Path, collected: list[bytes], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "settings":
        (root / "devkeel.toml").write_text("[events]\ntelemetry = true\n")
    else:
        monkeypatch.setenv("OTEL_LOGS_EXPORTER", "otlp")
    secret = "sk-ant-api03-" + "A1b2C3d4" * 12
    async with stdio_client(root, "auto", "--traces") as client:
        await client.call_tool("add_packages", {"names": ["htop"], "reason": f"because {secret}"})
    assert b"A1b2C3d4" not in b"".join(collected)
    spans = [
        span
        for sent in traces
        for resource in sent.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
        if span.name == "tools/call add_packages"
    ]
    records = [
        record
        for sent in logs
        for resource in sent.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]
    events = [json.loads(record.body.string_value) for record in records]
    assert [event["kind"] for event in events] == ["proposed", "checked", "published"]
    assert {(record.trace_id, record.span_id) for record in records} == {
        (span.trace_id, span.span_id) for span in spans
    }
    assert len(spans) == 1
    named = {item.key: item.value for item in records[-1].attributes}
    assert named["devkeel.kind"].string_value == "published"
    assert named["devkeel.operation"].int_value == 1
    assert records[-1].event_name == "devkeel.published"


async def test_the_settings_of_a_project_alone_have_nothing_sent(root: Path, collected: list[bytes]) -> None:
    (root / "devkeel.toml").write_text("[events]\ntelemetry = true\n")
    async with stdio_client(root, "auto") as client:
        await client.call_tool("add_packages", {"names": ["htop"]})
    assert not collected
