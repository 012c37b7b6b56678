"""What stands before the page: the headers of every answer, the gate, and the session that opens the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser

from devkeel_loopback.gate import Gate, know, turned_away
from devkeel_loopback.limits import Limits
from devkeel_loopback.listening import names

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from devkeel_review.sessions import Sessions

__all__ = ["LIMITS", "PAGE_HEADER", "POLICY", "Front", "signed_in"]

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
LIMITS = Limits(body=262_144)
# What has nothing of the project in it, and is served to whoever reaches this address.
_OPEN = ("/assets/",)
_BARE = frozenset({"/", "/session"})
_JSON = "application/json"


class Front:
    """An ASGI application that lets pass what the page itself asks for.

    cookie: its name. name: by which it is opened, beside those of loopback.
    """

    def __init__(
        self, inner: ASGIApp, *, cookie: str, sessions: Sessions, name: str = "", limits: Limits = LIMITS
    ) -> None:
        self._cookie = cookie
        self._sessions = sessions
        # A page of another port of this machine is another page: any program here may serve one.
        self._gate = Gate(
            inner,
            hosts=names("", [name]),
            admit=self._admit,
            judge=_wrong,
            limits=limits,
            who=self._who,
            own_origin=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._gate(scope, receive, headed)

    def _who(self, _: Scope, headers: Headers) -> str:
        """Return whom a request is counted for: all come from this machine, and one must not use up another's rate."""
        if signed_in(headers, self._cookie, self._sessions):
            return "a page"
        kept = cookie_parser(headers.get("cookie", "")).get(self._cookie)
        return "a browser that is signed in" if self._sessions.has(kept) else "others"

    def _admit(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to who may not ask for that, before anything of a body is read."""
        path = scope["path"]
        if not _comes_from_here(headers, path):
            return turned_away(403, "Another page may not ask for this.")
        # A form of any page can send three types of a body without being asked (Fetch, CORS-safelisted request-header),
        # and this is none of them.
        if scope["method"] == "POST" and headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            return turned_away(415, f"A body is {_JSON}.")
        if path in _BARE or path.startswith(_OPEN):
            return None
        if not signed_in(headers, self._cookie, self._sessions):
            return turned_away(401, "The page is not signed in.")
        know(scope)
        return None


def signed_in(headers: Headers, cookie: str, sessions: Sessions) -> bool:
    """Return whether a request has the cookie of that name, and with it what only its page knows."""
    kept = cookie_parser(headers.get("cookie", "")).get(cookie)
    return sessions.knows(kept, headers.get(PAGE_HEADER))


def _comes_from_here(headers: Headers, path: str) -> bool:
    # Fetch Metadata: a browser says where a request comes from; other programs do not.
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return True
    # A link may lead here from anywhere; what it leads to has nothing of the project in it, and stands in no frame.
    linked = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")
    return path == "/" and linked


def _wrong(body: bytes) -> Response | None:
    """Return the answer to a body that is no form: an object of texts."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return None
    return turned_away(400, "A form is an object of texts.")
