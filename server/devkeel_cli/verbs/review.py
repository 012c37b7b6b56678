"""`devkeel review`: the one verb that loads the page."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devkeel.deferred import Deferred
from devkeel_cli.answers.telling import say
from devkeel_cli.answers.writing import place_text
from devkeel_cli.arguments.options import json_option
from devkeel_cli.collection import usually
from devkeel_cli.session import pass_session, user
from devkeel_cli.signals import Ended

if TYPE_CHECKING:
    import devkeel_review
    from devkeel_cli.session import Session
    from devkeel_review import May
else:
    devkeel_review = Deferred("devkeel_review")

__all__ = ["command"]


_MOST = 200


@click.command("review")
@click.option("--port", type=click.IntRange(0, 65535), help="Where to listen. Default: any free port.")
@click.option("--write", is_flag=True, help="The page may edit, undo and answer what waits for a person.")
@click.option("--execute", is_flag=True, help="The page may run programs: processes, jobs, builds.")
@click.option("--export", "file", metavar="FILE", type=click.Path(), help="Write it to a file instead, to be read.")
@click.option("--limit", type=click.IntRange(1, 10_000), metavar="N", help="Of operations in the file. Default: 200.")
@click.option("--force", is_flag=True, help="Replace the file where it is there.")
@json_option
@pass_session
def command(
    session: Session,
    /,
    *,
    port: int | None,
    write: bool,
    execute: bool,
    file: str | None,
    limit: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Serve a page for a person: what was done, how it is, and taking that back.

    It listens on this machine alone, and whoever has the address that is printed may look. It ends at a signal. With
    --export it serves nothing: it writes one file that a browser opens without it.
    """
    if file is not None and (port is not None or write or execute):
        raise click.UsageError("A file is only read: --export goes with none of --port, --write and --execute.")
    if file is None and (force or limit is not None):
        raise click.UsageError("--force and --limit go with --export.")
    flags: tuple[tuple[May, bool], ...] = (("write", write), ("execute", execute))
    may = frozenset(flag for flag, given in flags if given)
    review = devkeel_review.Review(session.root, user(), may, session.roles, session.named_backend)

    if file is not None:
        _write(devkeel_review.export(review, limit or _MOST), file, force=force, as_json=as_json)
        return

    def tell(address: str) -> None:
        say(json.dumps({"address": address, "may": sorted(may)}) if as_json else address)

    usually()
    number = devkeel_review.serve(review, port or 0, tell)
    if number != signal.SIGINT:  # the way to end it that its reader has
        raise Ended(number)


def _write(made: devkeel_review.Exported, file: str, *, force: bool, as_json: bool) -> None:
    """Write the page to a file that its user alone may read, whole or not at all."""
    place_text(Path(file), made.markup, replace=force)
    counted = {"file": file, "operations": made.operations, "diffs": made.diffs, "left_out": list(made.left_out)}
    if as_json:
        say(json.dumps(counted | {"bytes": len(made.markup.encode())}))
    else:
        say(f"wrote {made.operations} operations to {file}; not in it: {'; '.join(made.left_out)}")
