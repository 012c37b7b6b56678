"""`devkeel apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.contents import contents_options
from devkeel_cli.arguments.options import (
    backend_option,
    bootstrap_option,
    json_option,
    reason_option,
    revision_option,
    show,
)
from devkeel_cli.arguments.overrides import override_option, overriding
from devkeel_cli.bootstrap import with_bootstrap
from devkeel_cli.locking import offer_locks
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel.environments.apply import ApplyResult
    from devkeel_cli.session import Session


@click.command("apply")
@click.option("-n", "--dry-run", is_flag=True, help="Build, and keep nothing of it.")
@click.option(
    "--on-failure",
    type=click.Choice(("keep", "restore")),
    default="keep",
    help="restore: take back what devkeel changed since the last success.",
)
@click.option("--env", "environment", metavar="NAME", help="Make a named environment instead, or bring it up to date.")
@click.option("--activate", is_flag=True, help="Switch to it; it is made only where that is needed.")
@click.option("--strict", is_flag=True, help="Refuse where a lock does not fit the declaration, or is not there.")
@click.option("--timeout", metavar="SECONDS", type=float, default=3600.0, help="Default: an hour.")
@override_option
@contents_options
@backend_option
@bootstrap_option
@revision_option
@reason_option
@json_option
@pass_session
def command(session: Session, /, bootstrap: bool, as_json: bool, overrides: dict[str, str], **given: Any) -> int:  # noqa: ANN401  (as `Environment.apply` has them)
    """Build what is declared, for commands to run in.

    What was built is kept from being collected until the next one. Ctrl-C ends the build with everything in it. The
    exit code is 1 where a gate after it blocks.
    """
    environment = overriding(session.environment, overrides)
    if not (as_json or given["dry_run"]):
        offer_locks(environment)

    def apply() -> ApplyResult:
        job = environment.apply(**given)
        follow(job)
        result: ApplyResult = job.value()
        return result

    result = with_bootstrap(environment, apply, asked=bootstrap)
    show(result, output.applied, as_json=as_json)
    return exits.GATE if getattr(result.gate, "blocked", False) else 0
