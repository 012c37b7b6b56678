"""`devkeel job`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("job")
@click.argument("identifier", metavar="[ID]", required=False)
@click.option("--wait", metavar="SECONDS", type=float, default=0.0, help="Wait for its end, at most 30 seconds.")
@click.option("--cursor", metavar="BYTE", type=int, default=-4000, help="Where in the log; negative: from its end.")
@json_option
@pass_session
def command(session: Session, /, identifier: str | None, wait: float, cursor: int, as_json: bool) -> None:
    """Show the jobs, or follow one.

    Without ID, all of them, newest first. A job ends with the server that runs it.
    """
    environment = session.environment
    if identifier is None:
        show(environment.jobs(), output.jobs, as_json=as_json)
    else:
        show(environment.job(identifier, cursor=cursor, wait=wait), output.job, as_json=as_json)
