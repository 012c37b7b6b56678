"""`devkeel uncomment`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import change, complete_path, file_option, in_file, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session


@click.command("uncomment")
@click.argument("path", shell_complete=complete_path)
@file_option
@writing_options
@pass_session
def command(session: Session, /, path: str, file: str | None, writing: Writing) -> None:
    """Turn a commented-out definition back into one.

    PATH is the option that the comment would define.
    """
    change(session, [{"kind": "uncomment", "path": path, **in_file(file)}], writing)
