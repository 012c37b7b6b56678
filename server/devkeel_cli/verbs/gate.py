"""`devkeel gate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli import exits
from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.completions import complete_stage
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session
from devkeel_words import gate_lines

if TYPE_CHECKING:
    from devkeel.gates.measure import GateResult
    from devkeel_cli.session import Session

__all__ = ["command"]


@click.command("gate")
@click.argument("stage", metavar="[STAGE]", required=False, shell_complete=complete_stage)
@click.option("--report", "reports", metavar="FILE", multiple=True, help="Read this instead; also a pattern.")
@click.option("--no-run", is_flag=True, help="Read the reports as they are; nothing runs, is kept or taken back.")
@click.option("--timeout", metavar="SECONDS", type=float, help="Of the tests. Default: half an hour.")
@click.option("--history", is_flag=True, help="Show what gates came to, newest first.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Show the newest so many. Default: all.")
@json_option
@pass_session
def command(
    session: Session,
    /,
    stage: str | None,
    reports: tuple[str, ...],
    no_run: bool,
    timeout: float | None,
    history: bool,
    limit: int | None,
    as_json: bool,
) -> int:
    """Run the tests and judge their reports by a stage.

    STAGE is bootstrap, growth, stabilize, strict, or one of devkeel.toml; without it, the one that is named there. The
    exit code is 1 where the gate does not pass and the mode is block.
    """
    environment = session.environment
    if history:
        if stage or reports or no_run:
            raise click.UsageError("--history shows what is kept, and takes nothing else.")
        show(
            environment.gate_history() if limit is None else environment.gate_history(limit=limit),
            gate_lines.history,
            as_json=as_json,
        )
        return 0
    if limit is not None:
        raise click.UsageError("--limit is of --history.")
    job = environment.gate(stage, run=not no_run, reports=reports, timeout=timeout)
    follow(job)
    result: GateResult = environment.result(job)
    show(result, gate_lines.gate, as_json=as_json)
    return exits.GATE if result.mode == "block" and not result.passes else 0
