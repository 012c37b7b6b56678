"""`devkeel remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import (
    change,
    complete_path,
    file_option,
    in_file,
    inside_option,
    reading_options,
    writing_options,
)
from devkeel_cli.arguments.values import read_value
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.arguments.values import Reading
    from devkeel_cli.session import Session


@click.command("remove")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--from", "path", metavar="PATH", shell_complete=complete_path, help="Remove values from this list.")
@inside_option
@reading_options
@file_option
@writing_options
@pass_session
def command(
    session: Session,
    /,
    names: tuple[str, ...],
    path: str | None,
    inside: str | None,
    reading: Reading | None,
    file: str | None,
    writing: Writing,
) -> None:
    """Remove packages, or values from a list.

    NAME is a package as the packages list names it. With --from, it is a value of the list at PATH, read as by
    `devkeel set`.
    """
    if path is not None and inside is not None:
        raise click.UsageError("--from and --inside exclude each other.", click.get_current_context())
    if path is None and reading is not None:
        raise click.UsageError("How a value is read goes with --from.", click.get_current_context())
    if path is None:
        within = {} if inside is None else {"inside": inside}
        change(session, [{"kind": "remove_packages", "names": list(names), **within, **in_file(file)}], writing)
        return
    read = [read_value(path, value, reading or "auto", element=True, file=file) for value in names]
    change(session, [{"kind": "remove", "path": path, **in_file(file), **fields} for fields in read], writing)
