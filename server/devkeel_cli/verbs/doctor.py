"""`devkeel doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.arguments.options import backend_option, json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Put right what can be without a choice of yours.")
@backend_option
@json_option
@pass_session
def command(session: Session, /, repair: bool, as_json: bool) -> int:
    """Examine the records, the tools and the environments.

    Exits with 3 when something is wrong. Attach the output of `devkeel doctor --json` to a bug report.
    """
    result = session.environment.examine(repair=repair)
    show(result, output.examination, as_json=as_json)
    return 0 if result.ok else exits.CHECK_FAILED
