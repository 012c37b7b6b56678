"""`devkeel input`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import change, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session


@click.group("input")
def command() -> None:
    """Add, change or remove an input of devenv.yaml."""


@command.command("add")
@click.argument("name")
@click.argument("url", required=False)
@click.option("--follows", metavar="INPUT", multiple=True, help="An input of its own that follows ours; repeatable.")
@writing_options
@pass_session
def add(session: Session, /, name: str, url: str | None, follows: tuple[str, ...], writing: Writing) -> None:
    """Add an input, or change the one of that name.

    URL is a flake reference, such as github:oxalica/rust-overlay.
    """
    given = {"kind": "set_input", "name": name, "follows": list(follows)} | ({} if url is None else {"url": url})
    change(session, [given], writing)


@command.command("remove")
@click.argument("name")
@writing_options
@pass_session
def remove(session: Session, /, name: str, writing: Writing) -> None:
    """Remove an input."""
    change(session, [{"kind": "remove_input", "name": name}], writing)
