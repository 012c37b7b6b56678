"""`devkeel patch`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devkeel.errors import UsageError
from devkeel_cli.arguments.options import change, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session

STDIN = "-"


@click.command("patch")
@click.argument("file")
@click.option("--old", metavar="TEXT", help="Exact text to replace; must occur exactly once.")
@click.option("--new", metavar="TEXT", help="What to put there.")
@click.option("--old-file", metavar="PATH", help="Read the old text from a file; - is standard input.")
@click.option("--new-file", metavar="PATH", help="Read the new text from a file; - is standard input.")
@click.option("--occurrences", metavar="N", type=click.IntRange(min=1), default=1, help="How often it occurs.")
@click.option("--partial", is_flag=True, help="Publish a step that leaves a broken file less broken.")
@writing_options
@pass_session
def command(  # noqa: PLR0913, PLR0917  (click passes one argument for each option)
    session: Session,
    /,
    file: str,
    old: str | None,
    new: str | None,
    old_file: str | None,
    new_file: str | None,
    occurrences: int,
    partial: bool,
    writing: Writing,
) -> None:
    """Replace exact text in an environment file.

    FILE is relative to the project root. A text file ends with a newline, and that newline counts.
    """
    if old_file == STDIN and new_file == STDIN:
        raise UsageError(
            "bad_argument",
            "Only one of the two texts can come from standard input.",
            remedy="Give the other one with --old, --new, --old-file or --new-file.",
        )
    edit = {
        "kind": "replace_text",
        "file": file,
        "old": _text("old", old, old_file),
        "new": _text("new", new, new_file),
        "occurrences": occurrences,
        "partial": partial,
    }
    change(session, [edit], writing)


def _text(name: str, given: str | None, source: str | None) -> str:
    if (given is None) == (source is None):
        raise UsageError(
            "bad_argument",
            f"Give either --{name} or --{name}-file.",
            remedy=f"For example --{name} TEXT, or --{name}-file PATH for a text of several lines.",
        )
    if source is None:
        return given or ""
    try:
        data = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
        return data.decode()
    except OSError as error:
        raise UsageError(
            "bad_argument",
            f"The {name} text cannot be read: {error.strerror}.",
            seen=source,
            remedy="Name a file that can be read, or - for standard input.",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            "bad_argument", f"The {name} text is not UTF-8.", seen=source, remedy="Save the text as UTF-8."
        ) from error
