"""`devkeel hook`."""

from __future__ import annotations

import click

from devkeel_cli.hooks.sessions import HOSTS, main


@click.command("hook")
@click.option("--host", type=click.Choice(HOSTS), default="claude-code", help="Whose message it is.")
def command(host: str) -> None:
    """Put an agent's shell into the environment, when its session starts.

    A host's hook runs it, with a message on standard input. The host's shell is made to source the file of the
    environment that is applied, also of one that is applied later, where the host can do that. The agent reads which
    environment that is. The exit code is always 0. `devkeel install`
    writes the hook.
    """
    main(host)
