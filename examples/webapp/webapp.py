"""The example's application: one ASGI callable, so that the environment around it has something to run."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

VERSION = "1.0"


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],  # noqa: ARG001  # the ASGI signature
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer GET /health with the version, everything else with 404."""
    if scope["type"] != "http":
        return
    found = scope["path"] == "/health"
    body = json.dumps({"version": VERSION} if found else {"error": "not found"}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})
