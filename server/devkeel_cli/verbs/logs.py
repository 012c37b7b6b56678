"""`devkeel logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("logs")
@click.argument("name", metavar="NAME")
@click.option("--cursor", metavar="CURSOR", help="Only what was written since; --json gives one.")
@click.option(
    "--bytes",
    "limit",
    metavar="N",
    type=click.IntRange(1, 1_000_000),
    default=8_000,
    show_default=True,
    help="How much of each stream.",
)
@json_option
@pass_session
def command(session: Session, /, name: str, cursor: str | None, limit: int, as_json: bool) -> None:
    """Show the log of a process."""
    result = session.environment.processes(name, cursor=cursor, limit=limit)
    show(result, output.process_logs, as_json=as_json)
