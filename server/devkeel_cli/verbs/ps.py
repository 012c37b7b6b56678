"""`devkeel ps`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("ps")
@json_option
@pass_session
def command(session: Session, /, as_json: bool) -> None:
    """Show what runs.

    Phases, ports and restarts; of those that failed also the end of the log.
    """
    show(session.environment.processes(), output.processes, as_json=as_json)
