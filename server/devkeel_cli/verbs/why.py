"""`devkeel why`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("why")
@click.argument("name")
@click.option(
    "--kind", type=click.Choice(("variable", "program", "port")), help="What NAME is, where that is not clear."
)
@json_option
@pass_session
def command(session: Session, /, name: str, kind: str | None, as_json: bool) -> None:
    """Explain why a variable, a program or a port is there, or is not.

    NAME is looked for in the declaration, in what was applied, in what runs and in this shell. No value is shown.
    """
    show(session.environment.why(name, kind=kind, shell=os.environ), output.explanation, as_json=as_json)
