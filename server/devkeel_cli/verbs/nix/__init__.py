"""`devkeel nix`: a module for each family of its verbs."""

from __future__ import annotations

import click

from devkeel_cli.verbs.nix import allow, build, builders, cache, evaluate, reproduce, run, shell

__all__ = ["command"]


@click.group("nix")
def command() -> None:
    """Build, evaluate and run by Nix, prove that it builds the same again, and share it."""


for _verb in (
    *(build.command, evaluate.command, run.command, shell.command, reproduce.command),
    *(cache.command, builders.command, allow.command),
):
    command.add_command(_verb)
