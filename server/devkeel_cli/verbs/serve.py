"""`devkeel serve`: the one verb that loads the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("serve")
@pass_session
def command(session: Session) -> None:
    """Serve MCP over stdio.

    An MCP host starts this; it ends when its input ends.
    """
    root = session.root
    from devkeel_mcp import serve  # noqa: PLC0415

    serve(root)
