"""The gate before an application: who may speak, from where, how much and how often."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import anyio
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from devkeel_loopback.buckets import Buckets

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from devkeel_loopback.limits import Limits

    Admit = Callable[[Scope, Headers], Response | None]
    Judge = Callable[[bytes], Response | None]

__all__ = ["KNOWN", "Gate", "host_of", "know", "turned_away"]

KNOWN = "devkeel.known"  # in the state of a request: what to call when its caller has shown that it may speak


class Gate:
    """An ASGI application that lets pass what may reach the one behind it.

    hosts: names that Host and Origin may have, in lower case, without ports. admit: asked before anything of a body is
    read; its answer goes out in place of the application's. judge: the same of a whole body. who: whom a request is
    counted for, the address by default. own_origin: a page may
    call only the server that it came from, port included; else pages of any port of these hosts may.
    """

    def __init__(
        self,
        inner: ASGIApp,
        *,
        hosts: frozenset[str],
        admit: Admit,
        judge: Judge,
        limits: Limits,
        who: Callable[[Scope, Headers], str] | None = None,
        own_origin: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._hosts = hosts
        self._admit = admit
        self._judge = judge
        self._limits = limits
        self._who = who or _address
        self._own_origin = own_origin
        self._under_way = 0
        self._bodies: OrderedDict[object, anyio.CancelScope] = OrderedDict()
        self._rate = Buckets(limits.rate, limits.burst, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._foreign(scope, headers) or self._admit(scope, headers)
        if answer is None and scope["method"] == "POST":
            receive, answer = await self._whole(receive)
        if answer is None and self._under_way >= self._limits.requests:
            answer = turned_away(503, "Too many requests are under way.", {"Retry-After": "1"})
        if answer is not None:
            await answer(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._inner(scope, receive, send)
        finally:
            self._under_way -= 1

    def _foreign(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        # MCP, Streamable HTTP: Origin must be checked, for a page can have its own name lead here (DNS rebinding).
        # RFC 9110: a request for another host is misdirected (421), and a 401 names its challenge.
        host = headers.get("host", "")
        if host_of(host) not in self._hosts:
            return turned_away(421, "This server does not go by that Host.")
        origin = headers.get("origin")
        if origin is not None and not self._may_call(origin, host):
            return turned_away(403, "Pages of that Origin may not call this server.")
        if not self._rate.take(self._who(scope, headers)):
            # RFC 6585, section 4; Retry-After is in seconds (RFC 9110, 10.2.3).
            return turned_away(429, "Too many requests: wait a second.", {"Retry-After": "1"})
        return None

    def _may_call(self, origin: str, host: str) -> bool:
        if self._own_origin:
            # RFC 6454, 6.2: scheme, host and port in lower case, the port left out where it is the scheme's own, as in
            # Host.
            return origin == f"http://{host.lower()}"
        return host_of(re.sub(r"\Ahttps?://", "", origin)) in self._hosts

    async def _whole(self, receive: Receive) -> tuple[Receive, Response | None]:
        """Read a body whole, in its time; where too many are on their way, the oldest is given up."""
        if len(self._bodies) >= self._limits.bodies:
            self._bodies.popitem(last=False)[1].cancel()
        body, key = b"", object()
        refusal: Response | None = None
        with anyio.move_on_after(self._limits.wait) as waiting:
            self._bodies[key] = waiting
            try:
                body, refusal = await self._read(receive)
            finally:
                self._bodies.pop(key, None)
        if waiting.cancelled_caught:
            # RFC 9110, 15.5.9: the connection is closed, for what still comes of the body would be read as the next
            # request.
            refusal = turned_away(408, "The body did not come in time.", {"Connection": "close"})
        first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return first.pop() if first else await receive()

        return replay, refusal

    async def _read(self, receive: Receive) -> tuple[bytes, Response | None]:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"", turned_away(400, "The body is not complete.")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._limits.body:
                # RFC 9110, 15.5.14. Counted while it comes: a chunked body has no Content-Length (RFC 9112, 6.2).
                return b"", turned_away(413, f"A body has at most {self._limits.body} bytes.")
            if not message.get("more_body", False):
                break
        body = b"".join(parts)
        refusal = self._judge(body)
        return (body, None) if refusal is None else (b"", refusal)


def _address(scope: Scope, _: Headers) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def know(scope: Scope) -> None:
    """Note that the caller of a request has shown that it may speak: its connection gives way last."""
    state = scope.setdefault("state", {})
    if KNOWN in state:
        state[KNOWN]()


def host_of(value: str) -> str:
    """Return the host of a Host header or of an origin without its scheme, in lower case."""
    # RFC 9110, 7.2, and RFC 3986, 3.2: a host is compared without case, and a port may be there or not.
    return re.sub(r":\d*\Z", "", value).lower()


def turned_away(status: int, why: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer that refuses a request."""
    return JSONResponse({"error": why}, status_code=status, headers=headers)
