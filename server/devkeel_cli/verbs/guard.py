"""`devkeel guard`."""

from __future__ import annotations

import click

from devkeel_cli.hooks.answering import main
from devkeel_cli.hooks.messages import DIALECTS


@click.command("guard")
@click.option("--host", type=click.Choice(tuple(DIALECTS)), default="claude-code", help="Whose message it is.")
def command(host: str) -> None:
    """Answer a host's hook: a message on standard input.

    A write of the agent's own tools that would break an environment file, and an install past the declaration, are
    answered with what to ask devkeel for instead. Everything else is let through without a word. The exit code is 0;
    after three seconds a signal ends it. `devkeel install` writes the hook.
    """
    main(host)
