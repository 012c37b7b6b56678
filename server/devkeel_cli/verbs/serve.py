"""`devkeel serve`: the one verb that loads the server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from devkeel.deferred import Deferred
from devkeel_cli.collection import usually
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    import devkeel_mcp
    from devkeel_cli.session import Session
    from devkeel_mcp.transports import http as streamable
    from devkeel_mcp.transports.http import Http
else:
    devkeel_mcp = Deferred("devkeel_mcp")
    streamable = Deferred("devkeel_mcp.transports.http")

_ADDRESS = "127.0.0.1:8765"


@click.command("serve")
@click.option(
    "--http",
    "address",
    metavar="[HOST:PORT]",
    is_flag=False,
    flag_value=_ADDRESS,
    help=f"Serve Streamable HTTP instead of stdio, at /mcp; by default on {_ADDRESS}.",
)
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File with the bearer token that HTTP callers must present. Else the variable DEVKEEL_TOKEN, if set.",
)
@click.option(
    "--role-token",
    "role_tokens",
    metavar="NAME=FILE",
    multiple=True,
    help="A token by which HTTP callers have a role of devkeel.toml. Any number of times, beside --token-file.",
)
@click.option(
    "--allow-host", "hosts", metavar="NAME", multiple=True, help="A further name that HTTP callers may use for it."
)
@click.option("--toolsets", metavar="NAMES", default="core", show_default=True, help="Families of tools, or all.")
@click.option("--read-only", is_flag=True, help="Refuse every tool that writes or executes.")
@click.option("--no-execute", is_flag=True, help="Refuse every tool that runs programs, and builds.")
@click.option("--sandbox", is_flag=True, help="Hold all that runs in a sandbox, or run nothing.")
@click.option(
    "--ask",
    type=click.Choice(("all", "destructive")),
    is_flag=False,
    flag_value="all",
    help="Ask the user before every write and run of a program, or only before what removes or runs something.",
)
@click.option("--log-format", type=click.Choice(("plain", "json")), default="plain", help="How to log, on stderr.")
@click.option(
    "--log-level", type=click.Choice(("debug", "info", "warning", "error")), default="warning", help="What to log."
)
@click.option(
    "--events",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write events to this file, one JSON object a line. Else the variable DEVKEEL_EVENTS, if set.",
)
@click.option("--traces", is_flag=True, help="Send OpenTelemetry spans, as the variables OTEL_* say.")
@pass_session
def command(
    session: Session,
    /,
    address: str | None,
    toolsets: str,
    log_format: Literal["plain", "json"],
    log_level: str,
    traces: bool,
    events: Path | None,
    **given: Any,  # noqa: ANN401  (what HTTP callers present; three flags and a choice, as Offer.of takes them)
) -> None:
    """Serve MCP over stdio or HTTP.

    An MCP host starts this; it ends when its input ends. With --http it serves several clients at once, and ends at a
    signal.
    """
    root = session.root
    presented = {name: given.pop(name) for name in ("token_file", "role_tokens", "hosts")}
    offer = devkeel_mcp.Offer.of([name.strip() for name in toolsets.split(",")], roles=session.roles, **given)
    if presented["role_tokens"] and address is None:
        raise click.UsageError("--role-token is for HTTP: over stdio, give --role.")
    http = None if address is None else _http(address, **presented)
    devkeel_mcp.require_roles(root, offer.roles, () if http is None else http.roles.values())
    written = session.events_file if events is None else Path.cwd() / events
    serve = devkeel_mcp.serve  # imported here
    usually()
    serve(root, offer, http=http, log_format=log_format, log_level=log_level, traces=traces, events=written)


def _http(address: str, token_file: Path | None, role_tokens: tuple[str, ...], hosts: tuple[str, ...]) -> Http:

    token = streamable.read_token(token_file, os.environ)
    os.environ.pop(streamable.TOKEN_VARIABLE, None)  # the programs that the server runs have no use for it
    return streamable.Http(address, token, hosts, roles=streamable.read_role_tokens(role_tokens, token))
