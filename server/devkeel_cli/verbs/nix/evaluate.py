"""`devkeel nix eval`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session
from devkeel_cli.verbs.nix.build import file_option
from devkeel_words import nix_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command"]


@click.command("eval")
@click.argument("target", required=False)
@click.option("--expr", "expression", metavar="NIX", help="An expression; with TARGET or --file a function of that.")
@file_option
@click.option("--timeout", metavar="SECONDS", type=float, default=20.0, help="Default: 20.")
@click.option("--memory", metavar="MIB", type=int, default=2048, help="Default: 2048.")
@click.option("--output", metavar="BYTES", type=int, default=64 * 1024, help="Of JSON. Default: 65536.")
@click.option("--depth", metavar="LEVELS", type=int, default=4, help="Of sets and lists shown. Default: 4.")
@json_option
@pass_session
def command(
    session: Session,
    /,
    target: str | None,
    expression: str | None,
    file: str | None,
    as_json: bool,
    **given: float,
) -> None:
    """Evaluate an attribute, a file or an expression.

    TARGET is such as '#lib.version'. An expression has the project's directory as `project`. It is pure, reads the
    project and the store alone, and builds nothing.
    """
    from devkeel.builds.evaluation import EvaluationLimits  # noqa: PLC0415  (50 ms that only an evaluation pays)

    limits = EvaluationLimits(given["timeout"], int(given["memory"]), int(given["output"]), int(given["depth"]))
    found = session.environment.evaluate_nix(target, expression=expression, file=file, limits=limits)
    show(found, nix_lines.evaluation, as_json=as_json)
