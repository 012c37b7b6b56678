"""`devkeel history`."""

from __future__ import annotations

import difflib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from devkeel.deferred import Deferred
from devkeel.errors import UsageError
from devkeel_cli import exits
from devkeel_cli.answers import output
from devkeel_cli.answers.telling import say, told
from devkeel_cli.arguments.default_group import DefaultGroup
from devkeel_cli.arguments.options import json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from click import shell_completion
    from click.shell_completion import CompletionItem

    from devkeel.transaction import export as exporting
    from devkeel.transaction import verification
    from devkeel_cli.session import Session
else:
    shell_completion = Deferred("click.shell_completion")
    exporting = Deferred("devkeel.transaction.export")
    verification = Deferred("devkeel.transaction.verification")


_WITHIN = ("head", "verify", "export")


class _Number(click.types.IntParamType):
    """The number of an operation; what is none is taken for a misspelt verb of the history."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number. Raises UsageError `bad_usage`, with the nearest verbs."""
        try:
            return int(str(value))
        except ValueError:
            near = difflib.get_close_matches(str(value), _WITHIN, 3, 0.5)
            if not near:
                self.fail(f"{value!r} is no number of an operation, and history has no such verb.", param, ctx)
            raise UsageError(
                "bad_usage",
                f"{value!r} is no number of an operation, and history has no such verb.",
                seen=str(value)[:80],
                remedy="See `devkeel history --help`.",
                alternatives=tuple(near),
            ) from None


def _offered(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    return [shell_completion.CompletionItem(name) for name in _WITHIN if name.startswith(incomplete)]


@click.group("history", cls=DefaultGroup)
def command() -> None:
    """Show the operations, or one with its diff."""


@command.by_default(
    epilog="`history head` prints the newest hash, `history verify` compares all, `history export` writes it out.",
)
@click.argument("identifier", metavar="[ID]", type=_Number(), required=False, shell_complete=_offered)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--before", metavar="ID", type=int, help="Only operations older than this one.")
@click.option("--since", metavar="WHEN", help="Only from then on: 7d, 12h, yesterday, 2026-01-31.")
@click.option("--until", metavar="WHEN", help="Only before then.")
@click.option("--by", metavar="WHO", help="Only of a client, a role or a person; or `not by devkeel`.")
@click.option("--about", metavar="WHAT", help="Only about an option, a package, a library, an input or a file.")
@click.option("--external", is_flag=True, help="Only what went past devkeel.")
@json_option
@pass_session
def operations(  # noqa: PLR0913, PLR0917  (one for each option)
    session: Session,
    /,
    identifier: int | None,
    limit: int,
    before: int | None,
    since: str | None,
    until: str | None,
    by: str | None,
    about: str | None,
    external: bool,
    as_json: bool,
) -> None:
    """Show the operations, or one with its diff."""
    if identifier is not None:
        show(session.environment.operation(identifier), output.operation, as_json=as_json)
    else:
        page = session.environment.history(
            limit=limit, before=before, since=since, until=until, by=by, about=about, external=external
        )
        show(page, output.history, as_json=as_json)


@command.command("head")
@json_option
@pass_session
def head(session: Session, /, as_json: bool) -> None:
    """Print the number of the newest operation, and the hash of the history up to it.

    Keep it elsewhere: whoever writes the history anew cannot make that hash again.
    """
    show(session.environment.history_head(), lambda found: [f"{found.operation} {found.hash}"], as_json=as_json)


@command.command("verify")
@click.option("--head", "expected", metavar="HASH", help="One that was kept elsewhere, with its number or without.")
@click.option("--export", "file", metavar="FILE", help="What was exported, and no project; - for standard input.")
@json_option
@pass_session
def verify(session: Session, /, expected: str | None, file: str | None, as_json: bool) -> int:
    """Compare all of the history with its seals and its chain.

    Exits with 3 where something is not as devkeel wrote it.
    """
    if file is None:
        found = session.environment.verify_history(expected)
    else:
        wanted = verification.read_head(expected)
        try:
            with click.open_file(file, "rb") as lines:
                found = exporting.verify_export(lines, wanted)
        except OSError as error:
            raise click.FileError(file, error.strerror) from error
    show(found, output.verified, as_json=as_json)
    return 0 if found.ok else exits.CHECK_FAILED


@command.command("export")
@click.argument("file", metavar="[FILE]", default="-", type=click.Path(allow_dash=True, dir_okay=False))
@click.option(
    "--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True, help="Of the lines."
)
@click.option("--diffs", is_flag=True, help="With the diff of each operation.")
@click.option("--contents", is_flag=True, help="With the bytes of each file, before and after: secrets too.")
@click.option("--exact", is_flag=True, help="Mask nothing that looks like a secret.")
@pass_session
def export(session: Session, /, file: str, form: str, diffs: bool, contents: bool, exact: bool) -> None:  # noqa: ARG001
    """Write the history out, a line of JSON for each operation, by which it can be verified elsewhere.

    To a new file that you alone may read, or to standard output. What looks like a secret is masked, and the operation
    says so; of such a one only the place in the chain can be verified.
    """
    found = session.environment.export_history(diffs=diffs, contents=contents)
    lines = (json.dumps(line if exact else _masked(line)) for line in found)
    if file == "-":
        for line in lines:
            output.write_exactly(line)
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise click.FileError(file, error.strerror) from error
    try:
        with os.fdopen(descriptor, "wb") as target:
            count = _written(target, lines)
    except BaseException as error:
        # A part of a history would be called one that was cut.
        with suppress(OSError):
            Path(file).unlink()
        if isinstance(error, OSError):
            raise click.FileError(file, error.strerror) from error
        raise
    say(f"wrote {count} lines to {file}", err=True)


def _written(target: BinaryIO, lines: Iterator[str]) -> int:
    count = 0
    for line in lines:
        target.write(f"{line}\n".encode())
        count += 1
    return count


def _masked(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line in which no secret is, and which says so where it would be another one."""
    # Bytes are in it where they were asked for, and then as they are: by a part of them they could not be compared.
    # An attempt that was refused has the names of files alone.
    files = line.get("files", [])
    bare = line | {"files": [_without_bytes(item) for item in files]} if files else line
    treated = told().kept(bare)
    if treated == bare:
        return line
    whole = {"files": files} if any(isinstance(item, dict) for item in files) else {}
    return treated | whole | {"masked": True}


def _without_bytes(file: dict[str, Any] | str) -> dict[str, Any] | str:
    if isinstance(file, str):
        return file
    return {name: value for name, value in file.items() if not name.endswith("_base64")}
