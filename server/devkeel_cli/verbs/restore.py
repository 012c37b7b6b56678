"""`devkeel restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import dry_run_option, json_option, reason_option, revision_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("restore")
@click.argument("wanted", metavar="ID|REVISION")
@dry_run_option
@revision_option
@reason_option
@json_option
@pass_session
def command(
    session: Session,
    /,
    wanted: str,
    dry_run: bool,
    expected_revision: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Put the files back to what an operation left.

    By its id, or by the revision that it left. What others changed since stays, where it is apart.
    """
    result = session.environment.restore(wanted, reason=reason, dry_run=dry_run, expected_revision=expected_revision)
    show(result, output.change, as_json=as_json)
