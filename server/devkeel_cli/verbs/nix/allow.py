"""`devkeel nix allow`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.on_page import AskedVerb, on_page
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session
from devkeel_words import nix_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command"]


@click.command("allow")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.option("--forget", is_flag=True, help="Let them wait for you again.")
@click.option("--yes", is_flag=True, help="You have read what they say: do not ask.")
@json_option
@pass_session
def command(session: Session, /, addresses: tuple[str, ...], forget: bool, yes: bool, as_json: bool) -> None:
    """Agree to caches and builders of devkeel.toml.

    Without an ADDRESS it lists them. You agree to what an entry says now: a change of it waits for you again.
    """
    environment = session.environment
    found = environment.distribution()
    if addresses and not forget and not yes:
        asked = AskedVerb(
            f"Take paths from, or build on, {' and '.join(addresses)}?",
            "nix allow",
            "agree",
            {"addresses": list(addresses)},
            "A public key is trust: whoever holds its other half says what programs are.",
        )
        if sys.stdin.isatty():
            output.write(nix_lines.distribution(found), err=as_json)
            click.confirm(asked.question, abort=True, err=as_json)
        elif not on_page(environment, asked, {"notes": list(nix_lines.distribution(found))}):
            raise click.UsageError("There is no terminal to ask on. If you have read what they say, add --yes.")
    if addresses:
        # What was read is agreed to: the file may say something else by now.
        found = environment.agree(addresses, forget=forget, shown=found)
    show(found, nix_lines.distribution, as_json=as_json)
