"""Options that several verbs share, and the one way from edits to a shown result."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from devkeel_cli import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from click.shell_completion import CompletionItem

    from devkeel.results import ChangeResult
    from devkeel_cli.session import Session

__all__ = [
    "LEVELS",
    "SEARCH_KINDS",
    "Writing",
    "change",
    "complete_path",
    "dry_run_option",
    "file_option",
    "in_file",
    "json_option",
    "level_option",
    "reason_option",
    "revision_option",
    "show",
    "writing_options",
]

R = TypeVar("R")

# As in `devkeel.environment`, repeated so that help and usage errors need not load the library; a test holds
# them equal.
LEVELS = ("syntax", "schema", "evaluation", "build")
SEARCH_KINDS = ("all", "package", "option", "service", "language")

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
dry_run_option = click.option("-n", "--dry-run", is_flag=True, help="Show the diff and the checks, write nothing.")
level_option = click.option(
    "--level",
    type=click.Choice(LEVELS),
    help="Deepest check that must run. Default: the deepest up to evaluation that this machine can run.",
)
revision_option = click.option(
    "--expected-revision", metavar="REVISION", help="Refuse if the files have another revision by now."
)
reason_option = click.option("-m", "--reason", metavar="TEXT", help="Why: kept in the history.")
file_option = click.option(
    "--file", metavar="FILE", help="Environment file to edit: a Nix file of the project, or devenv.yaml."
)
_create_option = click.option("--create", is_flag=True, help="Make a minimal devenv.nix if there is none.")
_WRITING = (dry_run_option, level_option, revision_option, reason_option, _create_option, json_option)


@dataclass(frozen=True)
class Writing:
    """The options of a verb that edits."""

    dry_run: bool
    level: str | None
    expected_revision: str | None
    reason: str | None
    create: bool
    as_json: bool


def writing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every verb that edits; it gets them as one keyword, `writing`."""
    names = {item.name for item in fields(Writing)}

    @functools.wraps(command)
    def packed(*arguments: object, **given: Any) -> None:  # noqa: ANN401  # as click calls it
        writing = Writing(**{name: value for name, value in given.items() if name in names})
        command(*arguments, writing=writing, **{name: value for name, value in given.items() if name not in names})

    for option in reversed(_WRITING):
        packed = option(packed)
    return packed


def in_file(file: str | None) -> dict[str, str]:
    """Return the field of an edit that says in which file it is; by default the declaration."""
    return {} if file is None else {"file": file}


def change(session: Session, edits: Sequence[dict[str, Any]], writing: Writing) -> None:
    """Apply edits, given as plain data, as one transaction, and show the result."""
    from devkeel.edits import parse_edits  # noqa: PLC0415  # pydantic

    result: ChangeResult = session.environment.change(
        parse_edits(list(edits)) if edits else [],
        reason=writing.reason,
        dry_run=writing.dry_run,
        level=writing.level,
        expected_revision=writing.expected_revision,
        create=writing.create,
    )
    show(result, output.change, as_json=writing.as_json)


def show(result: R, told: Callable[[R], Iterable[str]], *, as_json: bool) -> None:
    """Show a result as JSON or as a person reads it."""
    if as_json:
        from devkeel.results import as_data  # noqa: PLC0415

        output.write_json(as_data(result))
    else:
        output.write(told(result))


def complete_path(
    context: click.Context,  # noqa: ARG001  # click's signature
    parameter: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """Offer the option paths that begin with what is typed, one segment further at a time."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415

    from devkeel.catalogue import option_paths  # noqa: PLC0415

    depth = incomplete.count(".") + 1
    found = {
        ".".join(path.split(".")[:depth]): path.count(".") >= depth
        for path in option_paths()
        if path.startswith(incomplete)
    }
    # A shell adds a space after plain values; with the dot it is clear that the path goes on.
    return [CompletionItem(f"{path}." if goes_on else path) for path, goes_on in sorted(found.items())]
