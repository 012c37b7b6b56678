"""`devkeel add`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import change, file_option, in_file, inside_option, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session


@click.command("add")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@inside_option
@file_option
@writing_options
@pass_session
def command(
    session: Session, /, names: tuple[str, ...], inside: str | None, file: str | None, writing: Writing
) -> None:
    """Add packages.

    NAME is a Nixpkgs attribute path: git, nodePackages.prettier, python3Packages.numpy.
    """
    within = {} if inside is None else {"inside": inside}
    change(session, [{"kind": "add_packages", "names": list(names), **within, **in_file(file)}], writing)
