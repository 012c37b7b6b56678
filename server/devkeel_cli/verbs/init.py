"""`devkeel init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.options import Writing, change, dry_run_option, json_option, reason_option
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("init")
@dry_run_option
@reason_option
@json_option
@pass_session
def command(session: Session, /, dry_run: bool, reason: str | None, as_json: bool) -> None:
    """Make a minimal devenv.nix where there is none.

    Also devenv.yaml and the lines that .gitignore lacks, as one operation that can be undone.
    """
    writing = Writing(dry_run=dry_run, level=None, expected_revision=None, reason=reason, create=True, as_json=as_json)
    change(session, [], writing)
