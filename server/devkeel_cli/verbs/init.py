"""`devkeel init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import direnv_option, dry_run_option, json_option, reason_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("init")
@direnv_option
@dry_run_option
@reason_option
@json_option
@pass_session
def command(session: Session, /, direnv: bool, dry_run: bool, reason: str | None, as_json: bool) -> None:
    """Make a minimal devenv.nix where there is none.

    Also devenv.yaml, the lines that .gitignore lacks, and an .envrc for direnv, as one operation that can be undone.
    """
    result = session.environment.change([], create=True, direnv=direnv, dry_run=dry_run, reason=reason)
    show(result, output.change, as_json=as_json)
