"""`devkeel comment`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import change, complete_path, file_option, in_file, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session


@click.command("comment")
@click.argument("path", shell_complete=complete_path)
@file_option
@writing_options
@pass_session
def command(session: Session, /, path: str, file: str | None, writing: Writing) -> None:
    """Turn an option's definitions into comments.

    devkeel uncomment PATH brings them back.
    """
    change(session, [{"kind": "comment_out", "path": path, **in_file(file)}], writing)
