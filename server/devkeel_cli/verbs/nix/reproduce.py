"""`devkeel nix reproduce`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli import exits
from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session
from devkeel_cli.verbs.nix.build import file_option, timeout_option
from devkeel_words import nix_lines

if TYPE_CHECKING:
    from devkeel_cli.session import Session

__all__ = ["command"]


@click.command("reproduce")
@click.argument("target", required=False)
@click.option("--prove", is_flag=True, help="Build it twice and compare.")
@file_option
@timeout_option
@json_option
@pass_session
def command(
    session: Session, /, target: str | None, prove: bool, file: str | None, timeout: float, as_json: bool
) -> int:
    """Say what makes builds the same each time.

    TARGET is such as .#hello; without it and --file the project alone is looked at. Exits with 3 where something does
    not hold, or the second build differs.
    """
    environment = session.environment
    if prove:
        job = environment.prove_reproducibility(target or ".", file=file, timeout=timeout)
        follow(job)
        proof = environment.result(job)
        show(proof, nix_lines.proof, as_json=as_json)
        return 0 if proof.same else exits.CHECK_FAILED
    report = environment.check_reproducibility(target, file=file, timeout=timeout)
    show(report, nix_lines.reproducibility, as_json=as_json)
    return 0 if report.ok else exits.CHECK_FAILED
