"""`devkeel check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.arguments.options import backend_option, json_option, level_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("check")
@level_option
@click.option("--nix", "second_opinion", is_flag=True, help="Let nix-instantiate parse the files too.")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@backend_option
@json_option
@pass_session
def command(session: Session, /, level: str | None, second_opinion: bool, strict: bool, as_json: bool) -> int:
    """Check the environment files as they are.

    Exits with 3 when a check finds an error, or with --strict a warning.
    """
    report = session.environment.check(level=level, second_opinion=second_opinion)
    show(report, output.check, as_json=as_json)
    warned = strict and any(item.severity == "warning" for item in report.diagnostics)
    return 0 if report.ok and not warned else exits.CHECK_FAILED
