"""`devkeel completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from devkeel_cli.group import cli


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the completion script for a shell.

    For example in ~/.bashrc: source <(devkeel completion bash)
    """
    generator = get_completion_class(shell)
    if generator is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(generator(cli, {}, "devkeel", "_DEVKEEL_COMPLETE").source())
