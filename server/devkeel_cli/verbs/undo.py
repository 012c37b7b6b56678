"""`devkeel undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments import persons
from devkeel_cli.arguments.on_page import AskedVerb
from devkeel_cli.arguments.options import dry_run_option, json_option, reason_option, revision_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel.change.result import ChangeResult
    from devkeel_cli.session import Session


_WHY = "This changes the policy in devkeel.toml, and a person has to agree to that."


@click.command("undo")
@click.argument("identifier", metavar="[ID]", type=int, required=False)
@click.option("--redo", is_flag=True, help="Revert the newest undo instead.")
@dry_run_option
@revision_option
@reason_option
@persons.yes_option
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
    yes: bool,
    as_json: bool,
) -> None:
    """Revert an operation as a new one.

    Without ID, the newest one that is neither an undo nor undone. Undoing an undo is a redo. Asks where it would change
    the policy.
    """
    if redo and identifier is not None:
        raise click.UsageError("ID and --redo exclude each other.", click.get_current_context())

    environment = session.environment

    def asking(**given: bool) -> ChangeResult:
        options = {"dry_run": dry_run} | given
        return environment.undo(identifier, redo=redo, reason=reason, expected_revision=expected_revision, **options)

    asked = AskedVerb("Change the policy?", "undo", "undo", {"operation": identifier, "redo": redo}, _WHY)
    result = persons.or_confirmed(environment, asking, asked, yes=yes, as_json=as_json)
    show(result, output.change, as_json=as_json)
