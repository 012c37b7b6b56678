"""The gate before the HTTP transport: who may speak, from where, how much, how deep and how often."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from devkeel_mcp.calls.callers import ROLE
from devkeel_mcp.transports.envelope import deeper_than, examine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEALTH", "KNOWN", "Gate", "Limits"]

HEALTH = "/healthz"
KNOWN = "devkeel.known"  # in the state of a request: what to call when its caller has shown the token
_CLIENTS = 1_000


class Limits(Struct, frozen=True):
    """What one server takes.

    body: bytes. depth: nested arrays and objects. requests: under way at once, open streams included. rate: requests
    per second from one address in the long run, and burst: at once. wait: seconds until a body must be there. bodies:
    how many may be on their way at once; the slowest gives way. connections: at once. head: seconds until the head of
    a request must be there. stall: seconds that a client may leave an answer unread.
    """

    body: int = 1_048_576
    depth: int = 100
    requests: int = 100
    sessions: int = 100
    rate: float = 500.0
    burst: int = 1_000
    wait: float = 30.0
    bodies: int = 50
    connections: int = 500
    head: float = 10.0
    stall: float = 60.0


class Gate:
    """An ASGI application that lets pass what may reach the one behind it.

    hosts: names that Host and Origin may have, in lower case, without ports. tokens: what callers must present one of,
    and the role that it gives, None for the server's own; without any, everyone passes.
    """

    def __init__(
        self,
        inner: ASGIApp,
        *,
        hosts: frozenset[str],
        tokens: Mapping[str, str | None],
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._hosts = hosts
        self._tokens = [(token.encode(), role) for token, role in tokens.items()]
        self._limits = limits
        self._under_way = 0
        self._bodies: OrderedDict[object, anyio.CancelScope] = OrderedDict()
        self._rate = _Buckets(limits, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        headers = Headers(scope=scope)
        healthy = JSONResponse({"status": "ok"}) if scope["path"] == HEALTH else None
        answer: Response | None = self._foreign(scope, headers) or healthy or self._unknown(scope, headers)
        if answer is None and scope["method"] == "POST":
            receive, answer = await self._whole(receive)
        if answer is None and self._under_way >= self._limits.requests:
            answer = _refuse(503, "Too many requests are under way.", {"Retry-After": "1"})
        if answer is not None:
            await answer(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._inner(scope, receive, send)
        finally:
            self._under_way -= 1

    def _foreign(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        origin = headers.get("origin")
        # MCP, Streamable HTTP: Origin must be checked, for a page can have its own name lead here (DNS rebinding).
        # RFC 9110: a request for another host is misdirected (421), and a 401 names its challenge.
        if _host_of(headers.get("host", "")) not in self._hosts:
            return _refuse(421, "This server does not go by that Host.")
        if origin is not None and _host_of(re.sub(r"\Ahttps?://", "", origin)) not in self._hosts:
            return _refuse(403, "Pages of that Origin may not call this server.")
        client = scope.get("client")
        if not self._rate.take(client[0] if client else ""):
            # RFC 6585, section 4; Retry-After is in seconds (RFC 9110, 10.2.3).
            return _refuse(429, "Too many requests: wait a second.", {"Retry-After": "1"})
        return None

    def _unknown(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        known, role = self._knows(headers.get("authorization", ""))
        if not known:
            return _refuse(401, "A bearer token is required.", {"WWW-Authenticate": 'Bearer realm="devkeel"'})
        state = scope.setdefault("state", {})
        state[ROLE] = role
        if KNOWN in state:
            state[KNOWN]()
        return None

    def _knows(self, given: str) -> tuple[bool, str | None]:
        """Return whether a header has one of the tokens, and the role of that."""
        if not self._tokens:
            return True, None
        # RFC 9110, 11.1: the name of a scheme is compared without case.
        # 11.4 has one blank or more between it and the token.
        scheme, _, token = given.partition(" ")
        token = token.lstrip(" ")
        # Starlette decodes a header as Latin-1. A comparison that ends at the first difference would tell how much was
        # right.
        # Each is compared, so that the time does not say which one it was.
        found = [role for own, role in self._tokens if hmac.compare_digest(token.encode("latin-1"), own)]
        return (True, found[0]) if found and scheme.lower() == "bearer" else (False, None)

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
            refusal = _refuse(408, "The body did not come in time.", {"Connection": "close"})
        first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return first.pop() if first else await receive()

        return replay, refusal

    async def _read(self, receive: Receive) -> tuple[bytes, Response | None]:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"", _refuse(400, "The body is not complete.")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._limits.body:
                # RFC 9110, 15.5.14. Counted while it comes: a chunked body has no Content-Length (RFC 9112, 6.2).
                return b"", _refuse(413, f"A body has at most {self._limits.body} bytes.")
            if not message.get("more_body", False):
                break
        body = b"".join(parts)
        answers = examine(body, self._limits.depth).answers
        if answers:
            # ASCII, so that an id of half a character can be sent back too.
            told = json.dumps(answers[0] if len(answers) == 1 else answers)
            return b"", Response(told, status_code=400, media_type="application/json")
        if deeper_than(body, self._limits.depth):
            return b"", _refuse(400, f"A message nests at most {self._limits.depth} arrays and objects.")
        return body, None


class _Buckets:
    """A token bucket for each address; the addresses that were silent longest are forgotten."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> bool:
        now = self._clock()
        level, then = self._levels.pop(client, (float(self._limits.burst), now))
        level = min(self._limits.burst, level + (now - then) * self._limits.rate)
        allowed = level >= 1
        self._levels[client] = (level - allowed, now)
        if len(self._levels) > _CLIENTS:
            self._levels.popitem(last=False)
        return allowed


def _host_of(value: str) -> str:
    # RFC 9110, 7.2, and RFC 3986, 3.2: a host is compared without case, and a port may be there or not.
    return re.sub(r":\d*\Z", "", value).lower()


def _refuse(status: int, why: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": why}, status_code=status, headers=headers)
