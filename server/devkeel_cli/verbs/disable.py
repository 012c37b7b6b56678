"""`devkeel disable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import change, complete_name, file_option, in_file, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session


@click.command("disable")
@click.argument("name", shell_complete=complete_name)
@file_option
@writing_options
@pass_session
def command(session: Session, /, name: str, file: str | None, writing: Writing) -> None:
    """Disable a service or a language.

    Its settings stay, for when it is enabled again.
    """
    change(session, [{"kind": "disable", "name": name, **in_file(file)}], writing)
