"""The gate before an application of this machine, driven as a server drives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest
from starlette.responses import JSONResponse, Response

from devkeel_loopback.gate import KNOWN, Gate, know
from devkeel_loopback.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive())["body"] if scope["method"] == "POST" else b""
    await JSONResponse({"bytes": len(body)})(scope, receive, send)


def gated(inner: Any = echo, **given: Any) -> httpx2.AsyncClient:
    passes: dict[str, Any] = {"admit": lambda *_: None, "judge": lambda _: None, "limits": Limits()}
    gate = Gate(inner, hosts=frozenset({"here", "[::1]"}), **passes | given)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=gate), base_url="http://here:1")


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("here:1", "http://here:1", 200),
        ("HERE:1", "http://here:1", 200),
        ("[::1]:1", "http://[::1]:1", 200),
        ("here:1", "http://here:2", 403),
        ("here:1", "http://here", 403),
        ("here:1", "https://here:1", 403),
        ("here:1", "http://[::1]:1", 403),
        ("here:1", "http://evil.example:1", 403),
        ("here:1", "http://evil.example@here:1", 403),
        ("here:1", "null", 403),
        ("here:1", "", 403),
        ("evil.example:1", "http://evil.example:1", 421),
    ],
)
async def test_a_page_may_be_held_to_the_server_that_it_came_from(host: str, origin: str, status: int) -> None:
    async with gated(own_origin=True) as client:
        answer = await client.post("/x", content=b"1", headers={"Host": host, "Origin": origin})
        assert answer.status_code == status


async def test_who_is_not_admitted_is_answered_before_anything_of_its_body_is_read() -> None:
    read: list[int] = []

    async def parts() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"x"

    async with gated(admit=lambda *_: Response(status_code=401)) as client:
        assert (await client.post("/x", content=parts())).status_code == 401
    assert read == []


async def test_a_body_is_judged_whole_and_reaches_the_application_once() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for part in (b"no", b"ne"):
            yield part

    judged: list[bytes] = []

    def judge(body: bytes) -> Response | None:
        judged.append(body)
        return Response(status_code=400) if body == b"none" else None

    async with gated(judge=judge) as client:
        assert (await client.post("/x", content=parts())).status_code == 400
        assert (await client.post("/x", content=b"some")).json() == {"bytes": 4}
    assert judged == [b"none", b"some"]


async def test_a_body_of_any_size_is_not_held() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 60

    async with gated(limits=Limits(body=100)) as client:
        assert (await client.post("/x", content=b"x" * 101)).status_code == 413


async def test_only_who_is_known_is_noted_with_its_connection() -> None:
    noted: list[bool] = []
    scope: dict[str, Any] = {"state": {KNOWN: lambda: noted.append(True)}}
    know(scope)
    know({"type": "http"})  # a server that keeps no connections
    assert noted == [True]


async def test_of_too_many_bodies_the_oldest_is_given_up() -> None:
    begun, statuses = anyio.Event(), []

    async def hanging() -> dict[str, Any]:
        begun.set()
        await anyio.sleep_forever()
        raise AssertionError

    async def complete() -> dict[str, Any]:
        return {"type": "http.request", "body": b"1", "more_body": False}

    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    gate = Gate(echo, hosts=frozenset({"here"}), admit=lambda *_: None, judge=lambda _: None, limits=Limits(bodies=1))
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"here")], "client": None}
    async with anyio.create_task_group() as group:
        group.start_soon(gate, dict(scope), hanging, sent)
        await begun.wait()
        await gate(dict(scope), complete, sent)
    assert sorted(statuses) == [200, 408]
