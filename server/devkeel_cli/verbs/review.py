"""`devkeel review`: the one verb that loads the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from devkeel.deferred import Deferred
from devkeel_cli.answers.telling import say
from devkeel_cli.arguments.options import json_option
from devkeel_cli.session import pass_session, user

if TYPE_CHECKING:
    import devkeel_review
    from devkeel_cli.session import Session
    from devkeel_review import May
else:
    devkeel_review = Deferred("devkeel_review")

__all__ = ["command"]


@click.command("review")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where to listen. Default: any free port.")
@click.option("--write", is_flag=True, help="The page may edit, undo and answer what waits for a person.")
@click.option("--execute", is_flag=True, help="The page may run programs: processes, jobs, builds.")
@json_option
@pass_session
def command(session: Session, /, *, port: int, write: bool, execute: bool, as_json: bool) -> None:
    """Serve a page for a person: what was done, how it is, and taking that back.

    It listens on this machine alone, and whoever has the address that is printed may look. It ends at a signal.
    """
    flags: tuple[tuple[May, bool], ...] = (("write", write), ("execute", execute))
    may = frozenset(flag for flag, given in flags if given)
    review = devkeel_review.Review(session.root, user(), may, session.roles, session.named_backend)

    def tell(address: str) -> None:
        say(json.dumps({"address": address, "may": sorted(may)}) if as_json else address)

    devkeel_review.serve(review, port, tell)
