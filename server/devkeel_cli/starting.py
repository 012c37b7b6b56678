"""What `up`, `down` and `restart` share: their options, and the steps told on a terminal as they happen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from devkeel.display import one_line
from devkeel_cli import output
from devkeel_cli.options import json_option, show

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
_restore_option = click.option(
    "--restore", is_flag=True, help="When it fails, go back to the last good start, declaration included."
)


def start_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what a start takes."""
    for option in (json_option, _restore_option, _timeout_option, names_argument):
        command = option(command)
    return command


def manage(
    session: Session,
    action: Literal["start", "stop", "restart"],
    names: tuple[str, ...],
    *,
    as_json: bool,
    timeout: float = 60.0,
    restore: bool = False,
) -> None:
    """Do it, and show the result."""
    result = session.environment.manage_processes(
        action,
        names,
        timeout=timeout,
        on_failure="restore" if restore else "keep",
        say=None if as_json or not sys.stderr.isatty() else _say,
    )
    show(result, output.processes, as_json=as_json)


def _say(step: str) -> None:
    click.echo(f"{one_line(step)} …", err=True)
