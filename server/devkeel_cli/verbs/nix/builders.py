"""`devkeel nix builders`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli import exits
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session
from devkeel_words import nix_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command"]


@click.command("builders")
@click.option("--timeout", metavar="SECONDS", type=float, default=20.0, help="For each of them. Default: 20.")
@json_option
@pass_session
def command(session: Session, /, timeout: float, as_json: bool) -> int:
    """Ask the machines of devkeel.toml whether they answer, and what they build.

    Exits with 3 where one does not answer, waits for you, or lacks what it is described with.
    """
    report = session.environment.check_builders(timeout=timeout)
    show(report, nix_lines.builders, as_json=as_json)
    return 0 if report.ok else exits.CHECK_FAILED
