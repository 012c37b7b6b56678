"""`devkeel down`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import json_option
from devkeel_cli.arguments.starting import manage, names_argument
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("down")
@names_argument
@json_option
@pass_session
def command(session: Session, /, names: tuple[str, ...], as_json: bool) -> None:
    """Stop the processes, leaving nothing behind.

    Without NAME, all of them and their manager.
    """
    manage(session, "stop", names, as_json=as_json)
