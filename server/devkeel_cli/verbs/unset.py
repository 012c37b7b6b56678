"""`devkeel unset`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import change, complete_path, file_option, in_file, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session


@click.command("unset")
@click.argument("path", shell_complete=complete_path)
@file_option
@writing_options
@pass_session
def command(session: Session, /, path: str, file: str | None, writing: Writing) -> None:
    """Remove an option's definitions.

    Everything at and below PATH goes.
    """
    change(session, [{"kind": "unset", "path": path, **in_file(file)}], writing)
