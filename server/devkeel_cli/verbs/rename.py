"""`devkeel rename`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import change, complete_path, file_option, in_file, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session


@click.command("rename")
@click.argument("path", shell_complete=complete_path)
@click.argument("new", shell_complete=complete_path)
@file_option
@writing_options
@pass_session
def command(session: Session, /, path: str, new: str, file: str | None, writing: Writing) -> None:
    """Give an option's definitions another path.

    They keep their values, places and comments.
    """
    change(session, [{"kind": "rename", "path": path, "to": new, **in_file(file)}], writing)
