"""`devkeel completion`."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, get_completion_class

from devkeel_cli.group import cli


class _Bash(BashComplete):
    """The script for bash. Click would run whatever PATH has under that name to ask for its version."""

    @staticmethod
    def _check_version() -> None:
        pass


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the completion script for a shell.

    For example in ~/.bashrc: source <(devkeel completion bash)
    """
    generator = _Bash if shell == "bash" else get_completion_class(shell)
    if generator is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(generator(cli, {}, "devkeel", "_DEVKEEL_COMPLETE").source())
