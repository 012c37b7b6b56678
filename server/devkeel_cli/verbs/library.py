"""`devkeel library`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel_cli.arguments.options import backend_option, change, in_file, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session

_language_option = click.option(
    "--language", "-l", metavar="LANGUAGE", required=True, help="python, javascript, rust, go or ruby."
)
_group_option = click.option("--group", metavar="GROUP", help="Dependency group, such as dev.")
_file_option = click.option("--file", metavar="FILE", help="Manifest to edit, if not the one that the project uses.")


def _taking_libraries(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb what both take."""
    for option in (pass_session, writing_options, backend_option, _file_option, _group_option, _language_option):
        verb = option(verb)
    return click.argument("names", metavar="NAME…", nargs=-1, required=True)(verb)


@click.group("library")
def command() -> None:
    """Add or remove libraries of a language."""


@command.command("add")
@_taking_libraries
def add(
    session: Session,
    /,
    names: tuple[str, ...],
    language: str,
    group: str | None,
    file: str | None,
    writing: Writing,
) -> None:
    """Add libraries to the project's own manifest, resolved before anything is written.

    NAME is as the language writes it: httpx>=0.27, lodash@^4, serde@1.0, github.com/google/uuid@v1.6.0, rack.
    """
    given = {"kind": "add_library", "language": language, "names": [*names], "group": group, **in_file(file)}
    change(session, [given], writing)


@command.command("remove")
@_taking_libraries
def remove(
    session: Session,
    /,
    names: tuple[str, ...],
    language: str,
    group: str | None,
    file: str | None,
    writing: Writing,
) -> None:
    """Remove libraries from the project's own manifest."""
    given = {"kind": "remove_library", "language": language, "names": [*names], "group": group, **in_file(file)}
    change(session, [given], writing)
