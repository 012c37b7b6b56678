"""`devkeel diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("diff")
@json_option
@pass_session
def command(session: Session, /, as_json: bool) -> None:
    """Show what changed since the last operation.

    Compares the working files with what devkeel's newest operation left, noted in the history or not.
    """
    show(session.environment.diff(), output.working_diff, as_json=as_json)
