"""`devkeel adopt`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import json_option
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("adopt")
@click.option("--yes", is_flag=True, help="The history is yours: do not ask.")
@json_option
@pass_session
def command(session: Session, /, yes: bool, as_json: bool) -> None:
    """Take over a history that came from elsewhere.

    Such as that of devkeel 0.1.0, or one whose key is gone. It can name any environment file, and undo puts back what
    it says: take over your own alone. Environments are not taken over.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask on. If the history is yours, say so with --yes.")
    if not yes:
        click.confirm("Is the history in .devkeel yours?", abort=True)
    count, grown = session.environment.adopt()
    if as_json:
        output.write_json({"operations": count, "renumbered_by": grown})
        return
    later = [f"Later operations have got higher numbers, by {grown}; apply again."] if grown else []
    output.write([f"Took over {count} operations.", *later])
