"""What stands before the page: the Host and Origin that a request must have, and the session that opens the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from devkeel_review.sessions import Sessions

__all__ = ["PAGE_HEADER", "POLICY", "Front"]

PAGE_HEADER = "x-devkeel-page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# On every answer, also on refusals.
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# What has nothing of the project in it, and is served to whoever reaches this address.
_OPEN = ("/assets/",)
_BARE = frozenset({"/", "/session"})


class Front:
    """An ASGI application that lets pass what the page itself asks for.

    names: what Host may be, and the host of Origin, each with the port. cookie: its name.
    """

    def __init__(self, inner: ASGIApp, *, names: frozenset[str], cookie: str, sessions: Sessions) -> None:
        self._inner = inner
        self._names = names
        self._cookie = cookie
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._inner(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._inner)(scope, receive, headed)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self._names:
            return JSONResponse({"code": "unknown_host"}, 421)  # RFC 9110, 15.5.20: misdirected
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in {f"http://{name}" for name in self._names}:
            return JSONResponse({"code": "foreign_origin"}, 403)
        # Fetch Metadata: a browser says where a request comes from; other programs do not.
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and scope["path"] != "/":
            return JSONResponse({"code": "foreign_origin"}, 403)
        path = scope["path"]
        if path in _BARE or path.startswith(_OPEN):
            return None
        kept = cookie_parser(headers.get("cookie", "")).get(self._cookie)
        if self._sessions.knows(kept, headers.get(PAGE_HEADER)):
            return None
        return JSONResponse({"code": "not_signed_in"}, 401)
