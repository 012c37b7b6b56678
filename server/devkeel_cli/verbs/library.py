"""`devkeel library`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel.deferred import Deferred
from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow
from devkeel_cli.arguments.options import (
    backend_option,
    change,
    dry_run_option,
    in_file,
    json_option,
    reason_option,
    show,
    writing_options,
)
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.edits import vocabulary
    from devkeel.remedies.repair import Repair
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session
else:
    vocabulary = Deferred("devkeel.edits.vocabulary")

_NONE_FOUND = 1

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
    """Add, remove or repair libraries of a language."""


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


@command.command("repair")
@click.argument("names", metavar="[NAME…]", nargs=-1)
@click.option("--seconds", metavar="SECONDS", type=click.FloatRange(1, 3600), default=180.0, help="Default: 180.")
@click.option("--apply", "publishes", is_flag=True, help="Publish the first fix.")
@dry_run_option
@reason_option
@backend_option
@json_option
@pass_session
def repair(
    session: Session,
    /,
    names: tuple[str, ...],
    seconds: float,
    publishes: bool,
    dry_run: bool,
    reason: str | None,
    as_json: bool,
) -> int:
    """Search for versions of Python libraries that go together.

    NAME is added as well, as by `library add`. What is found was resolved, installed and imported in an environment
    that is thrown away. Ctrl-C ends the search. Exits with 1 where something is wrong and nothing
    was found.
    """
    edits = [{"kind": "add_library", "language": "python", "names": [*names]}] if names else []
    job = session.environment.repair_libraries(vocabulary.parse_edits(edits), seconds=seconds)
    follow(job)
    found: Repair = session.environment.result(job)
    if publishes and found.fixes:
        fix = vocabulary.parse_edits([dict(edit) for edit in found.fixes[0].edits])
        result = session.environment.change(fix, dry_run=dry_run, reason=reason)
        show(result, output.change, as_json=as_json)
        return 0
    show(found, output.repaired, as_json=as_json)
    return 0 if found.fixes or not (found.wrong or found.reason) else _NONE_FOUND


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
