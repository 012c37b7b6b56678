"""`devkeel apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli import output
from devkeel_cli.follow import follow
from devkeel_cli.options import json_option, reason_option, revision_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("apply")
@click.option("-n", "--dry-run", is_flag=True, help="Build, and keep nothing of it.")
@click.option(
    "--on-failure",
    type=click.Choice(("keep", "restore")),
    default="keep",
    help="restore: take back what devkeel changed since the last success.",
)
@click.option("--timeout", metavar="SECONDS", type=float, default=3600.0, help="Default: an hour.")
@revision_option
@reason_option
@json_option
@pass_session
def command(
    session: Session,
    /,
    dry_run: bool,
    on_failure: str,
    timeout: float,
    expected_revision: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Build what is declared, for commands to run in.

    What was built is kept from being collected until the next one. Ctrl-C ends the build with everything in it.
    """
    environment = session.environment
    job = environment.apply(
        dry_run=dry_run,
        on_failure=on_failure,
        expected_revision=expected_revision,
        reason=reason,
        timeout=timeout,
    )
    follow(job)
    show(job.value(), output.applied, as_json=as_json)
