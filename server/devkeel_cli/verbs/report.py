"""`devkeel report`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from devkeel.deferred import Deferred
from devkeel.text.clean import clean
from devkeel_cli.answers import output
from devkeel_cli.answers.telling import say, told
from devkeel_cli.arguments.options import show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.report.result import PeriodReport
    from devkeel_cli.session import Session
    from devkeel_words import report_lines, report_markdown
else:
    report_lines = Deferred("devkeel_words.report_lines")
    report_markdown = Deferred("devkeel_words.report_markdown")


@click.command("report")
@click.option(
    "--since", metavar="WHEN", default="7d", show_default=True, help="From then on: 7d, yesterday, 2026-01-31."
)
@click.option("--until", metavar="WHEN", help="Before then. Default: now.")
@click.option("--by", metavar="WHO", help="Only of a client, a role or a person; or `not by devkeel`.")
@click.option("--about", metavar="WHAT", help="Only about an option, a package, a library, an input or a file.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Of it.",
)
@click.option("-o", "--output", "file", metavar="FILE", type=click.Path(dir_okay=False), help="A new file to write to.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@pass_session
def command(
    session: Session,
    /,
    since: str,
    until: str | None,
    by: str | None,
    about: str | None,
    form: str,
    file: str | None,
    as_json: bool,
) -> None:
    """Summarise a period: what changed, by whom, why, and what was refused.

    First five lines that say it in short, then the details. Times are UTC.
    """
    found = session.environment.report(since=since, until=until, by=by, about=about)
    if as_json or form == "json":
        _write(found, None, file)
    else:
        _write(found, list(_lines(told().data(found), form)), file)


def _lines(found: PeriodReport, form: str) -> Iterable[str]:
    return report_markdown.as_markdown(found) if form == "markdown" else map(clean, report_lines.as_text(found))


def _write(found: PeriodReport, lines: list[str] | None, file: str | None) -> None:
    """Write lines, or without them the data as JSON, to a new file or to standard output."""
    if file is None:
        show(found, lambda _: lines or (), as_json=lines is None)
        return
    text = output.as_json(found) if lines is None else "\n".join(told().masked(line) for line in lines)
    try:
        # what is there is not written over
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with os.fdopen(descriptor, "w", encoding="utf-8") as target:
            target.write(f"{text}\n")
    except OSError as error:
        raise click.FileError(file, error.strerror) from error
    say(f"wrote {file}", err=True)
