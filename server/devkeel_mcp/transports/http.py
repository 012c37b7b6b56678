"""Streamable HTTP: where it listens, who may speak, and the one server process behind it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp.server.transport_security import TransportSecuritySettings

from devkeel.errors import UsageError
from devkeel_loopback.limits import Limits
from devkeel_loopback.listening import address_of, listen, names
from devkeel_loopback.serving import serve
from devkeel_mcp.transports.gate import TokenGate

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Mapping

    from mcp.server import MCPServer
    from starlette.types import ASGIApp

__all__ = ["PATH", "TOKEN_VARIABLE", "Http", "application", "read_role_tokens", "read_token", "run_http"]

PATH = "/mcp"
TOKEN_VARIABLE = "DEVKEEL_TOKEN"  # noqa: S105  (the name of a variable)
_MIN_TOKEN = 32
_SESSION_IDLE = 30 * 60


@dataclass(frozen=True)
class Http:
    """How to serve HTTP.

    address: HOST:PORT. token: what callers must present, or None. roles: further tokens, each with the name of the role
    that it gives. hosts: further names that a Host header may have,
    beside the address itself.
    """

    address: str
    token: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    roles: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def tokens(self) -> dict[str, str | None]:
        """The tokens that callers may present, with their roles; None for the server's own."""
        own: dict[str, str | None] = {} if self.token is None else {self.token: None}
        return own | dict(self.roles)

    def listen(self) -> socket.socket:
        """Return a listening socket; raises UsageError `bad_address`, or `token_required` beyond loopback."""
        refusal = UsageError(
            "token_required",
            "Other machines can reach this address, and there is no token.",
            seen=self.address,
            remedy=f"Give --token-file, or set {TOKEN_VARIABLE}; or listen on 127.0.0.1.",
        )
        return listen(self.address, beyond=None if self.tokens else refusal)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The names that a Host header, or the host of an Origin, may have; ports do not matter."""
        return names(self.address, self.hosts)


def read_token(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """Return the bearer token of a file, else of the environment; raises UsageError `bad_token`."""
    remedy = "Make a random one, for example with `openssl rand -hex 32`."
    try:
        token = file.read_text("ascii").strip() if file else environment.get(TOKEN_VARIABLE)
    except (OSError, ValueError) as error:
        raise UsageError("bad_token", "The token file cannot be read.", seen=str(file), remedy=remedy) from error
    if token is None:
        return None
    if len(token) < _MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "bad_token",
            f"A token has at least {_MIN_TOKEN} characters, all printable ASCII without spaces.",
            remedy=remedy,
        )
    return token


def read_role_tokens(given: Iterable[str], own: str | None) -> dict[str, str]:
    """Return the roles by their tokens, of words `NAME=FILE`. own: the server's. Raises UsageError `bad_token`."""
    found: dict[str, str] = {}
    for word in given:
        name, _, file = word.partition("=")
        if not name or not file:
            raise UsageError(
                "bad_token",
                "A token of a role is given by the role's name and the file with the token.",
                seen=word[:80],
                remedy="Give NAME=FILE.",
            )
        token = read_token(Path(file), {})
        if token is None or token == own or token in found:
            raise UsageError(
                "bad_token",
                "Two callers have the same token, so that it would not say which role they have.",
                seen=name[:80],
                remedy="Make one for each role, for example with `openssl rand -hex 32`.",
            )
        found[token] = name
    return found


def application(server: MCPServer[Any], http: Http) -> ASGIApp:
    """Return the ASGI application: the SDK's own behind the gate."""
    inner = server.streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=http.limits.body,
        max_sessions=http.limits.sessions,
        session_idle_timeout=_SESSION_IDLE,
        # The gate checks Host and Origin for every path, before anything else.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return TokenGate(inner, hosts=http.allowed_hosts, tokens=http.tokens, limits=http.limits)


async def run_http(server: MCPServer[Any], http: Http, listening: socket.socket) -> None:
    """Serve until the process ends; the address is printed on stderr."""
    print(f"devkeel: serving http://{address_of(listening)}{PATH}", file=sys.stderr, flush=True)  # noqa: T201
    await serve(application(server, http), http.limits, listening)
