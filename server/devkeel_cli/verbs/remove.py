"""`devkeel remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.options import change, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.options import Writing
    from devkeel_cli.session import Session


@click.command("remove")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@writing_options
@pass_session
def command(session: Session, /, names: tuple[str, ...], writing: Writing) -> None:
    """Remove packages.

    NAME is a package as the packages list names it.
    """
    change(session, [{"kind": "remove_packages", "names": list(names)}], writing)
