"""`devkeel search`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.answers import output
from devkeel_cli.arguments.options import SEARCH_KINDS, json_option, show
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel_cli.session import Session


@click.command("search")
@click.argument("query")
@click.option("--kind", type=click.Choice(SEARCH_KINDS), default="all", show_default=True, help="What to look for.")
@click.option("--limit", metavar="N", type=click.IntRange(1, 100), default=20, show_default=True, help="How many.")
@click.option("--cursor", metavar="TEXT", help="Go on after an earlier page.")
@json_option
@pass_session
def command(session: Session, /, query: str, kind: str, limit: int, cursor: str | None, as_json: bool) -> None:
    """Find packages, options, services and languages.

    QUERY is a name or several words, or what some package has: a program, a header (openssl/ssl.h), a library (z,
    libz.so.1), a .pc file, a CMake package, an import name; the kind `file` is all of these. The path of an option
    shows everything about it.
    """
    found = session.environment.search(query, kind=kind, limit=limit, cursor=cursor)
    show(found, output.search, as_json=as_json)
