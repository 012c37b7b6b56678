"""`devkeel check`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devkeel.errors import UsageError
from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.arguments.options import backend_option, json_option, level_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("check")
@level_option
@click.option("--nix", "second_opinion", is_flag=True, help="Let nix-instantiate parse the files too.")
@click.option("--strict", is_flag=True, help="Fail on warnings too, and on a lock that is missing.")
@click.option("--staged", is_flag=True, help="Judge what is staged in Git, and only what that adds to HEAD.")
@click.option("--against", metavar="REF", help="Only errors added since this branch left REF.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing where there is no error.")
@backend_option
@json_option
@pass_session
def command(
    session: Session,
    /,
    level: str | None,
    second_opinion: bool,
    strict: bool,
    staged: bool,
    against: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Check the environment files as they are.

    Exits with 3 when a check finds an error, or with --strict a warning. With --staged or --against the text alone is
    judged, and only what is new in it counts.
    """
    if staged or against is not None:
        _refuse_beside(staged and against is not None, level not in (None, "schema"), second_opinion, strict)
        report = session.environment.check_added(against, index=_index())
    else:
        report = session.environment.check(level=level, second_opinion=second_opinion, strict=strict)
    if not (quiet and report.ok):
        show(report, output.check, as_json=as_json)
    warned = strict and any(item.severity == "warning" for item in report.diagnostics)
    return 0 if report.ok and not warned else exits.CHECK_FAILED


def _refuse_beside(*given: bool) -> None:
    """Refuse what does not go with --staged or --against."""
    if any(given):
        raise UsageError(
            "bad_usage",
            "--staged and --against judge the text alone, and what it adds: neither goes with the other, nor with a "
            "deeper --level, --nix or --strict.",
            remedy="Leave the other one out, or check the files as they are.",
        )


def _index() -> Path | None:
    """Return the index that Git has made for the commit under way, see githooks(5); None for its own."""
    name = os.environ.get("GIT_INDEX_FILE")
    return Path(name).absolute() if name else None
