"""`devkeel history`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("history")
@click.argument("identifier", metavar="[ID]", type=int, required=False)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--before", metavar="ID", type=int, help="Only operations older than this one.")
@click.option("--since", metavar="WHEN", help="Only from then on: 7d, 12h, yesterday, 2026-01-31.")
@click.option("--external", is_flag=True, help="Only what went past devkeel.")
@json_option
@pass_session
def command(
    session: Session,
    /,
    identifier: int | None,
    limit: int,
    before: int | None,
    since: str | None,
    external: bool,
    as_json: bool,
) -> None:
    """Show the operations, or one with its diff."""
    if identifier is not None:
        show(session.environment.operation(identifier), output.operation, as_json=as_json)
    else:
        page = session.environment.history(limit=limit, before=before, since=since, external=external)
        show(page, output.history, as_json=as_json)
