"""`devkeel prepend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import change, complete_path, file_option, in_file, reading_options, writing_options
from devkeel_cli.arguments.values import read_value
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.arguments.values import Reading
    from devkeel_cli.session import Session


@click.command("prepend")
@click.argument("path", shell_complete=complete_path)
@click.argument("values", metavar="VALUE...", nargs=-1, required=True)
@reading_options
@file_option
@writing_options
@pass_session
def command(
    session: Session,
    /,
    path: str,
    values: tuple[str, ...],
    reading: Reading | None,
    file: str | None,
    writing: Writing,
) -> None:
    """Put values first in a list.

    Each VALUE that the list at PATH lacks goes to its beginning, in the order given. VALUE is read as by
    `devkeel set`.
    """
    read = [read_value(path, value, reading or "auto", element=True, file=file) for value in reversed(values)]
    change(session, [{"kind": "prepend", "path": path, **in_file(file), **fields} for fields in read], writing)
