"""`devkeel nix shell`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session
from devkeel_words import nix_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command"]


@click.command("shell")
@click.argument("name", required=False)
@click.option("--file", metavar="FILE", help="A Nix file of the project; NAME is an attribute of it.")
@click.option("--timeout", metavar="SECONDS", type=float, default=600.0, help="Default: 600.")
@json_option
@pass_session
def command(session: Session, /, name: str | None, file: str | None, timeout: float, as_json: bool) -> None:
    """Show the development shell as data, without building it.

    NAME is one of devShells of flake.nix; the default is that of devenv.nix, else the default one, else that of
    shell.nix.
    """
    show(session.environment.describe_shell(name, file=file, timeout=timeout), nix_lines.shell, as_json=as_json)
