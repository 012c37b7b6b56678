"""`devkeel inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import backend_option, complete_path, json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("inspect")
@click.argument("prefix", required=False, shell_complete=complete_path)
@backend_option
@json_option
@pass_session
def command(session: Session, /, prefix: str | None, as_json: bool) -> None:
    """Show what is declared, and where.

    PREFIX keeps only the definitions at and below an option path, such as services.redis.
    """
    show(session.environment.inspect(prefix=prefix), output.inspection, as_json=as_json)
