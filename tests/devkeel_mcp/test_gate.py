"""The gate before the HTTP transport, driven as a server drives it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest
from starlette.responses import JSONResponse

from devkeel_loopback.limits import Limits
from devkeel_mcp.transports.gate import TokenGate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio
TOKEN = "t" * 32


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive())["body"] if scope["method"] == "POST" else b""
    await JSONResponse({"bytes": len(body)})(scope, receive, send)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def gated(inner: Any = echo, token: str | None = None, clock: Any = None, **limits: Any) -> httpx2.AsyncClient:
    gate = TokenGate(
        inner,
        hosts=frozenset({"here"}),
        tokens={} if token is None else {token: None},
        limits=Limits(**limits),
        clock=clock or Clock(),
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=gate), base_url="http://here:1")


async def test_what_is_in_order_passes_with_its_body() -> None:
    async with gated() as client:
        answer = await client.post("/mcp", content=b"[1]")
        assert (answer.status_code, answer.json()) == (200, {"bytes": 3})
        assert (await client.get("/mcp")).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:1", "here.evil.example", "herex", "", "here:x"])
@pytest.mark.parametrize("path", ["/mcp", "/healthz"])
async def test_another_host_is_refused_on_every_path(host: str, path: str) -> None:
    async with gated() as client:
        assert (await client.get(path, headers={"Host": host})).status_code == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://here:1", 200),
        ("https://HERE", 200),
        ("http://evil.example", 403),
        ("http://here.evil.example:1", 403),
        ("http://here@evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_pages_of_another_origin_are_refused(origin: str, status: int) -> None:
    async with gated() as client:
        assert (await client.post("/mcp", content=b"1", headers={"Origin": origin})).status_code == status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer   {TOKEN}", 200),
        (f"Bearer{TOKEN}", 401),
        (f"Bearer  {TOKEN}t", 401),
        (f"Bearer {TOKEN}t", 401),
        ("Bearer ", 401),
        (TOKEN, 401),
        (f"Basic {TOKEN}", 401),
        ("", 401),
        (b"Bearer \xff\xfe", 401),
    ],
)
async def test_without_the_token_nothing_but_the_health_is_told(given: str | bytes, status: int) -> None:
    async with gated(token=TOKEN) as client:
        headers = [(b"Authorization", given if isinstance(given, bytes) else given.encode())]
        answer = await client.post("/mcp", content=b"1", headers=headers)
        assert answer.status_code == status
        assert TOKEN not in answer.text
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_a_large_body_is_refused_whether_its_length_is_told_or_not() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 50

    async with gated(body=100) as client:
        assert (await client.post("/mcp", content=b"x" * 100)).status_code == 200
        assert (await client.post("/mcp", content=b"x" * 101)).status_code == 413
        assert (await client.post("/mcp", content=parts())).status_code == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 5 + b"]" * 5, 200),
        (b"[" * 6 + b"]" * 6, 400),
        (b"[{" * 3, 400),
        (b"[]" * 50, 200),
        (json.dumps({"a": "[" * 50}).encode(), 200),
        (json.dumps({'a"\\': '"[[[[[[['}).encode(), 200),
        (rb'"\"' * 100_000, 200),
        (b'"' + b'\\"' * 200_000, 200),
    ],
)
async def test_the_depth_of_a_message_is_limited_outside_its_strings(body: bytes, status: int) -> None:
    async with gated(depth=5) as client:
        assert (await client.post("/mcp", content=body)).status_code == status


async def test_too_many_requests_at_once_are_told_to_come_back() -> None:
    entered, leave = anyio.Event(), anyio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await leave.wait()
        await echo(scope, receive, send)

    async with gated(slow, requests=1) as client, anyio.create_task_group() as group:
        group.start_soon(client.get, "/mcp")
        await entered.wait()
        refused = await client.get("/mcp")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert (await client.get("/healthz")).status_code == 200
        leave.set()
    async with gated(requests=1) as client:
        assert [(await client.get("/mcp")).status_code for _ in range(3)] == [200, 200, 200]


async def test_the_rate_is_limited_and_recovers() -> None:
    clock = Clock()
    async with gated(clock=clock, rate=2.0, burst=3) as client:
        assert [(await client.get("/mcp")).status_code for _ in range(4)] == [200, 200, 200, 429]
        clock.now += 0.5
        assert [(await client.get("/mcp")).status_code for _ in range(2)] == [200, 429]


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if sent:
            return {"type": "http.disconnect"}
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    gate = TokenGate(echo, hosts=frozenset({"here"}), tokens={}, limits=Limits(wait=0.01))
    scope = {"type": "http", "method": "POST", "path": "/mcp", "headers": [(b"host", b"here")], "client": None}
    await gate(scope, receive, send)
    assert sent[0]["status"] == 408
