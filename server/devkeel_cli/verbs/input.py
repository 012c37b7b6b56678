"""`devkeel input`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from devkeel_cli.answers import output
from devkeel_cli.answers.follow import follow as follow_job
from devkeel_cli.arguments.options import change, in_file, show, writing_options
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.change.result import ChangeResult
    from devkeel_cli.arguments.options import Writing
    from devkeel_cli.session import Session

_NAME = click.argument("name")
_file_option = click.option(
    "--file",
    metavar="FILE",
    help="devenv.yaml or flake.nix. Default: the one that has it, or that it belongs in.",
)


def _editing(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb what all that edit take."""
    for option in (pass_session, writing_options, _file_option):
        verb = option(verb)
    return verb


@click.group("input")
def command() -> None:
    """Add, move, pin or remove inputs of devenv.yaml or flake.nix.

    An input's lock moves with it, in the same operation.
    """


@command.command("add")
@_NAME
@click.option("--follows", metavar="INPUT", multiple=True, help="An input of its own that follows ours; repeatable.")
@click.option("--no-flake", is_flag=True, help="It has no flake.nix: its files are taken as they are.")
@click.argument("url", required=False)
@_editing
def add(
    session: Session,
    /,
    name: str,
    url: str | None,
    follows: tuple[str, ...],
    no_flake: bool,
    file: str | None,
    writing: Writing,
) -> None:
    """Add an input, or change the one of that name.

    URL is a flake reference, such as github:oxalica/rust-overlay. Outputs of a flake that name each argument that they
    take get the new one.
    """
    given: dict[str, Any] = {"kind": "set_input", "name": name, "follows": list(follows), **in_file(file)}
    given |= {} if url is None else {"url": url}
    given |= {"settings": {"flake": False}} if no_flake else {}
    change(session, [given], writing)


@command.command("remove")
@_NAME
@_editing
def remove(session: Session, /, name: str, file: str | None, writing: Writing) -> None:
    """Remove an input.

    NAME/INNER is what an input of an input follows. One that others follow, or that the outputs of a flake use, stays.
    """
    change(session, [{"kind": "remove_input", "name": name, **in_file(file)}], writing)


@command.command("follow")
@_NAME
@click.argument("target", metavar="INPUT")
@_editing
def follow(session: Session, /, name: str, target: str, file: str | None, writing: Writing) -> None:
    """Let an input be another one.

    NAME/INNER is an input of the input NAME: home-manager/nixpkgs nixpkgs lets it be ours. NAME alone is one of ours,
    that is then INPUT, or an input of another: OTHER/INNER.
    """
    change(session, [{"kind": "follow_input", "name": name, "to": target, **in_file(file)}], writing)


@command.command("pin")
@_NAME
@click.argument("revision", required=False)
@_editing
def pin(session: Session, /, name: str, revision: str | None, file: str | None, writing: Writing) -> None:
    """Hold an input to a revision, in its reference.

    Default: the revision that the lock has.
    """
    _held(session, "pin_input", name, revision, file, writing)


@command.command("unpin")
@_NAME
@click.argument("reference", required=False)
@_editing
def unpin(session: Session, /, name: str, reference: str | None, file: str | None, writing: Writing) -> None:
    """Let an input move again.

    REFERENCE is the branch or tag that it is to follow. Default: the one in its reference, else the repository's own.
    """
    _held(session, "unpin_input", name, reference, file, writing)


def _held(session: Session, kind: str, name: str, to: str | None, file: str | None, writing: Writing) -> None:
    change(session, [{"kind": kind, "name": name, **({} if to is None else {"to": to}), **in_file(file)}], writing)


@command.command("update")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--to", metavar="REFERENCE", help="The branch, tag or revision that the reference is to have.")
@writing_options
@_file_option
@pass_session
def update(session: Session, /, names: tuple[str, ...], to: str | None, file: str | None, writing: Writing) -> None:
    """Move inputs to what is newest where their references lead.

    Says what moves, by revision and date of both sides; with --dry-run nothing is written. Default: all inputs.
    """
    if to is not None:
        if len(names) != 1:
            raise click.UsageError("--to wants one NAME.", click.get_current_context())
        change(session, [{"kind": "set_input", "name": names[0], "to": to, **in_file(file)}], writing)
        return
    job = session.environment.lock(
        "renew",
        names,
        inputs=True,
        dry_run=writing.dry_run,
        reason=writing.reason,
        expected_revision=writing.expected_revision,
    )
    follow_job(job)
    result: ChangeResult = job.value()
    show(result, output.change, as_json=writing.as_json)
