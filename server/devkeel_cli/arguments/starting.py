"""What `up`, `down` and `restart` share: their options, and how they are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.options import json_option, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel_cli.session import Session

__all__ = ["manage", "names_argument", "start_options"]

names_argument = click.argument("names", metavar="[NAME]...", nargs=-1)
_timeout_option = click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="How long to wait until they are ready.",
)
_failure_option = click.option(
    "--on-failure",
    type=click.Choice(("keep", "restore")),
    default="keep",
    help="restore: go back to the last good start, declaration included.",
)


def start_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what a start takes."""
    for option in (json_option, _failure_option, _timeout_option, names_argument):
        command = option(command)
    return command


def manage(
    session: Session,
    action: Literal["start", "stop", "restart"],
    names: tuple[str, ...],
    *,
    as_json: bool,
    timeout: float = 60.0,
    on_failure: Literal["keep", "restore"] = "keep",
) -> None:
    """Do it, and show the result."""
    job = session.environment.manage(action, names, timeout=timeout, on_failure=on_failure)
    follow(job)
    show(job.value(), output.processes, as_json=as_json)
