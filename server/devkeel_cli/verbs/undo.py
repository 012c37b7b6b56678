"""`devkeel undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import dry_run_option, json_option, reason_option, revision_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("undo")
@click.argument("identifier", metavar="[ID]", type=int, required=False)
@click.option("--redo", is_flag=True, help="Revert the newest undo instead.")
@dry_run_option
@revision_option
@reason_option
@json_option
@pass_session
def command(
    session: Session,
    /,
    identifier: int | None,
    redo: bool,
    dry_run: bool,
    expected_revision: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Revert an operation as a new one.

    Without ID, the newest one that is neither an undo nor undone. Undoing an undo is a redo.
    """
    if redo and identifier is not None:
        raise click.UsageError("ID and --redo exclude each other.", click.get_current_context())
    result = session.environment.undo(
        identifier, redo=redo, reason=reason, dry_run=dry_run, expected_revision=expected_revision
    )
    show(result, output.change, as_json=as_json)
