"""`devkeel lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.options import dry_run_option, json_option, reason_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel.change.result import ChangeResult
    from devkeel_cli.session import Session

_ACTIONS = ("create", "renew", "check")


@click.command("lock")
@click.argument("action", type=click.Choice(_ACTIONS), default="create")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@dry_run_option
@reason_option
@json_option
@pass_session
def command(
    session: Session, /, action: str, names: tuple[str, ...], dry_run: bool, reason: str | None, as_json: bool
) -> int:
    """Make, renew or check the locks.

    create makes what is missing and locks what is declared and not locked yet; renew moves all that NAME holds, or NAME
    itself, to what is newest; check says how they are, and exits with 3 where one is stale or missing. NAME is a lock
    file, an input or a library. Default: create, all.
    """
    if action == "check":
        report = session.environment.check_locks(names)
        show(report, output.locks, as_json=as_json)
        return 0 if report.ok else exits.CHECK_FAILED
    job = session.environment.lock("renew" if action == "renew" else "create", names, dry_run=dry_run, reason=reason)
    follow(job)
    result: ChangeResult = job.value()
    show(result, output.change, as_json=as_json)
    return 0
