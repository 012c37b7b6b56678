"""`devkeel diagnose`."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import UsageError
from devkeel_cli.answers import diagnosis, output
from devkeel_cli.arguments import printed_text
from devkeel_cli.arguments.completions import complete_job
from devkeel_cli.arguments.options import (
    backend_option,
    dry_run_option,
    json_option,
    reason_option,
    show,
)
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.edits import vocabulary
    from devkeel.remedies.diagnose import Diagnosis
    from devkeel.remedies.fix import Fix
    from devkeel_cli.session import Session
    from devkeel_words import cause_lines
else:
    vocabulary = Deferred("devkeel.edits.vocabulary")
    cause_lines = Deferred("devkeel_words.cause_lines")

_NONE_FOUND = 1


@click.command("diagnose")
@click.argument("file", metavar="[FILE|-]", required=False, type=click.Path())
@click.option("--job", metavar="ID", shell_complete=complete_job, help="What this job printed, instead of a file.")
@click.option("--apply", "number", metavar="N", type=click.IntRange(1), help="Publish the fix of this number.")
@dry_run_option
@reason_option
@backend_option
@json_option
@pass_session
def command(
    session: Session,
    /,
    file: str | None,
    job: str | None,
    number: int | None,
    dry_run: bool,
    reason: str | None,
    as_json: bool,
) -> int:
    """Explain what a failed run printed, and how to mend it.

    FILE has what it printed, - is standard input. Edits were tried as a dry run. Exits with 1 where nothing is known
    that mends it.
    """
    if job is not None and file is not None:
        raise click.UsageError("Give a file or a job, not both.")
    if job is None and file is None and sys.stdin.isatty():
        raise click.UsageError("Say what failed: devkeel diagnose FILE, --job ID, or a text on standard input.")
    environment = session.environment
    source = file or printed_text.STDIN
    found = environment.diagnose(job=job) if job is not None else _diagnosed(environment, source)
    if number is None:
        show(_with_next(found, file, job), output.diagnosed, as_json=as_json)
        return 0 if cause_lines.fixes(found) else _NONE_FOUND
    _publish(environment, found, number, dry_run=dry_run, reason=reason, as_json=as_json)
    return 0


def _diagnosed(environment: Environment, file: str) -> Diagnosis:
    """Return what the end of a text says, with the numbers that its lines have in all of it."""
    printed = printed_text.read_printed(file)
    found = environment.diagnose(printed.text)
    causes = tuple(replace(cause, number=cause.number + printed.lines) for cause in found.causes)
    return replace(found, causes=causes, omitted=found.omitted + printed.omitted)


def _with_next(found: Diagnosis, file: str | None, job: str | None) -> Diagnosis:
    """Return what was found with the command that publishes the first fix, where that is of edits.

    A text that came through a pipe is gone: then it is the command of the edits themselves.
    """
    best = next(iter(cause_lines.fixes(found)), None)
    if best is None or not best.edits or best.lacks:
        return found
    if job is None and not printed_text.is_kept(file):
        return replace(found, next=f"`{diagnosis.making(best.edits, best.create)}`")
    source = ["--job", job] if job is not None else [str(file)]
    return replace(found, next=f"`{shlex.join(['devkeel', 'diagnose', *source, '--apply', '1'])}`")


def _publish(environment: Environment, found: Diagnosis, number: int, **given: Any) -> None:  # noqa: ANN401  (how)
    as_json = given.pop("as_json")
    fix = _chosen(cause_lines.fixes(found), number)
    if not fix.edits:
        raise UsageError(
            "no_edits",
            f"Fix {number} is no edit: {fix.sentence}",
            seen=fix.command,
            remedy=fix.call or (f"Run it yourself: {fix.command}" if fix.command else "See what it says."),
        )
    edits = vocabulary.parse_edits(list(fix.edits))
    result = environment.change(edits, create=fix.create, **given)
    show(result, output.change, as_json=as_json)


def _chosen(fixes: list[Fix], number: int) -> Fix:
    if number > len(fixes):
        raise UsageError(
            "unknown_fix",
            f"There is no fix {number}: {len(fixes)} were found.",
            seen=str(number),
            alternatives=tuple(str(each) for each in range(1, len(fixes) + 1)),
            remedy="See them without --apply.",
        )
    return fixes[number - 1]
