"""The gate before the HTTP transport: the token of a caller, the health of the server, the envelope of a message."""

from __future__ import annotations

import hmac
import json
import time
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from devkeel_loopback import gate as loopback
from devkeel_mcp.calls.callers import ROLE
from devkeel_mcp.transports.envelope import deeper_than, examine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.datastructures import Headers
    from starlette.types import ASGIApp, Scope

    from devkeel_loopback.limits import Limits

__all__ = ["HEALTH", "TokenGate"]

HEALTH = "/healthz"


class TokenGate(loopback.Gate):
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
        super().__init__(inner, hosts=hosts, admit=self._answer, judge=self._wrong, limits=limits, clock=clock)
        self._tokens = [(token.encode(), role) for token, role in tokens.items()]
        self._depth = limits.depth

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        """Return what is answered before a body is read: the health to everyone, a refusal to whom is not known."""
        if scope["path"] == HEALTH:
            return JSONResponse({"status": "ok"})
        known, role = self._knows(headers.get("authorization", ""))
        if not known:
            return loopback.turned_away(
                401, "A bearer token is required.", {"WWW-Authenticate": 'Bearer realm="devkeel"'}
            )
        scope.setdefault("state", {})[ROLE] = role
        loopback.know(scope)
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

    def _wrong(self, body: bytes) -> Response | None:
        """Return the answer to a body that is no message; None for one that is."""
        answers = examine(body, self._depth).answers
        if answers:
            # ASCII, so that an id of half a character can be sent back too.
            told = json.dumps(answers[0] if len(answers) == 1 else answers)
            return Response(told, status_code=400, media_type="application/json")
        if deeper_than(body, self._depth):
            return loopback.turned_away(400, f"A message nests at most {self._depth} arrays and objects.")
        return None
