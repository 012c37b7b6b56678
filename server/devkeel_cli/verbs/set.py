"""`devkeel set`."""

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


@click.command("set")
@click.argument("path", shell_complete=complete_path)
@click.argument("value")
@reading_options
@file_option
@writing_options
@pass_session
def command(
    session: Session, /, path: str, value: str, reading: Reading | None, file: str | None, writing: Writing
) -> None:
    """Set an option to a value.

    VALUE is JSON where it parses, else a string. Where the option at PATH is known to hold text, VALUE is
    text, and so is a number that would be written otherwise: 3.10 stays 3.10. Before a VALUE that begins with
    a dash put --, as in: set -- env.OFFSET -1
    """
    fields = read_value(path, value, reading or "auto", file=file)
    change(session, [{"kind": "set", "path": path, **in_file(file), **fields}], writing)
