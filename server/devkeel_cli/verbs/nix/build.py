"""`devkeel nix build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.arguments.overrides import override_option, overriding
from devkeel_cli.session import pass_session
from devkeel_words import nix_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command", "file_option", "timeout_option"]

file_option = click.option("--file", metavar="FILE", help="A Nix file of the project; TARGET is an attribute of it.")
timeout_option = click.option("--timeout", metavar="SECONDS", type=float, default=3600.0, help="Default: an hour.")


@click.command("build")
@click.argument("target", default=".")
@file_option
@override_option
@timeout_option
@json_option
@pass_session
def command(
    session: Session, /, target: str, file: str | None, overrides: dict[str, str], timeout: float, as_json: bool
) -> None:
    """Build an attribute of the project's flake.

    TARGET is such as .#hello; the default is the default package. Ctrl-C ends the build with everything in it.
    """
    environment = overriding(session.environment, overrides)
    job = environment.build(target, file=file, timeout=timeout)
    follow(job)
    show(environment.result(job), nix_lines.build, as_json=as_json)
