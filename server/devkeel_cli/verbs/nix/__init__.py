"""`devkeel nix`: a module for each family of its verbs."""

from __future__ import annotations

import click

from devkeel_cli.verbs.nix import build, reproduce

__all__ = ["command"]


@click.group("nix")
def command() -> None:
    """Build, evaluate and run by Nix."""


for _verb in (build.command, reproduce.command):
    command.add_command(_verb)
