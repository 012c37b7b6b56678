"""`devkeel envrc`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import backend_option, dry_run_option, json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("envrc")
@click.argument("name", required=False)
@click.option("--prompt", is_flag=True, help="Say backend and name in DEVKEEL_PROMPT.")
@click.option("--format", "template", metavar="TEXT", help="What the prompt says. Default: ({backend}:{name}).")
@dry_run_option
@backend_option
@json_option
@pass_session
def command(
    session: Session, /, name: str | None, prompt: bool, template: str | None, dry_run: bool, as_json: bool
) -> None:
    """Write the .envrc by which direnv enters the environment."""
    result = session.environment.write_envrc(name, prompt=prompt, template=template, dry_run=dry_run)
    show(result, output.change, as_json=as_json)
