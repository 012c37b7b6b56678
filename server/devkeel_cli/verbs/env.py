"""`devkeel env`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from devkeel.errors import Refused
from devkeel.text.data import as_data
from devkeel_cli.answers import output
from devkeel_cli.answers.telling import say, told
from devkeel_cli.arguments.contents import contents_options
from devkeel_cli.arguments.options import BackendOption, bootstrap_option, direnv_option, json_option, show
from devkeel_cli.bootstrap import with_bootstrap
from devkeel_cli.locking import offer_locks
from devkeel_cli.session import pass_session
from devkeel_words import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.api import Environment
    from devkeel.environments.named import EnvironmentInfo, Realised
    from devkeel_cli.session import Session

_python_option = click.option("--python", metavar="PYTHON", help="Interpreter or version that it is made of.")
_backend_option = click.option(
    "--backend", cls=BackendOption, named=True, metavar="BACKEND", help="Default: the project's."
)


@click.group("env")
def command() -> None:
    """List, make, enter, switch or remove environments."""


@command.command("list")
@json_option
@pass_session
def list_all(session: Session, /, as_json: bool) -> None:
    """List the environments.

    Each with its backend, its Python, and whether it is the active and the default one.
    """
    show(session.environment.environments().all(), _lines, as_json=as_json)


@command.command("info")
@click.argument("name", required=False)
@json_option
@pass_session
def info(session: Session, /, name: str | None, as_json: bool) -> None:
    """Tell about an environment."""
    show(session.environment.environments().info(name), _told, as_json=as_json)


@command.command("create")
@click.argument("name", required=False)
@_backend_option
@_python_option
@click.option("--mixed", is_flag=True, help="Another backend than the one that the project declares is meant.")
@contents_options
@direnv_option
@bootstrap_option
@json_option
@pass_session
def create(
    session: Session,
    /,
    name: str | None,
    direnv: bool,
    bootstrap: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401  (as `Environments.create` has them)
) -> None:
    """Make an environment, or renew it.

    What fails leaves it as it was. The default one gets an .envrc too, unless somebody else wrote one.
    """
    environment = session.environment
    named = environment.environments()
    if not as_json:
        offer_locks(environment)
    made = with_bootstrap(environment, lambda: named.create(name, **given), asked=bootstrap)
    if direnv and made.name == named.default:
        made = replace(made, notes=(*made.notes, *_envrc(environment)))
    show(made, _made, as_json=as_json)


def _envrc(environment: Environment) -> tuple[str, ...]:
    try:
        written = environment.write_envrc()
    except Refused as error:
        return (error.message,)
    return (
        (f"{', '.join(written.files)} enters it, once direnv has allowed it: run `direnv allow`.",)
        if written.published
        else ()
    )


@command.command("current")
@json_option
@pass_session
def current(session: Session, /, as_json: bool) -> None:
    """Show which environment is active.

    It is meant where a call names none: the default one, unless another was activated.
    """
    named = session.environment.environments()
    found = Current(named.active, named.default, named.good() is not None)
    show(found, lambda found: [f"{found.name}{'' if found.made else ', not made yet'}"], as_json=as_json)


class Current(Struct, frozen=True):
    """Which environment is active. made: it is there to be entered."""

    name: str
    default: str
    made: bool


@command.command("activate")
@click.argument("name", required=False)
@json_option
@pass_session
def activate(session: Session, /, name: str | None, as_json: bool) -> None:
    """Switch to an environment, until you switch again.

    Without a name to the default one. Where the output is no terminal it is the shell code that enters it, as of
    devkeel env print: eval "$(devkeel env activate NAME)"
    """
    named = session.environment.environments()
    # direnv says by this variable that it evaluates an .envrc (direnv, stdlib.sh), and to enter is not to switch.
    if os.environ.get("DIRENV_IN_ENVRC"):
        found = named.activation(name)
        say("devkeel: the .envrc is of an older devkeel; `devkeel envrc` renews it", err=True)
    else:
        found, notes = named.activate(name)
        for note in notes:
            say(f"note: {told().sentences(note)}", err=True)
    # Exactly as it is: a shell evaluates it, or a program takes the variables from it.
    if as_json:
        output.write_json(as_data(found), exact=True)
    elif sys.stdout.isatty():
        output.write([f'{found.name} is active; in this shell: eval "$(devkeel env print)"'])
    else:
        click.echo(named.entering(found.name).code(), nl=False)


@command.command("print")
@click.argument("name", required=False)
@pass_session
def print_code(session: Session, /, name: str | None) -> None:
    """Print the shell code that enters an environment.

    In an .envrc, or in your shell: eval "$(devkeel env print)". It may be evaluated any number of times.
    """
    named = session.environment.environments()
    for note in named.outdated(name):
        say(f"devkeel: {told().sentences(note)}", err=True)
    click.echo(named.entering(name).code(), nl=False)


@command.command("ci")
@click.argument("name", required=False)
@pass_session
def later_steps(session: Session, /, name: str | None) -> None:
    """Let the later steps of a CI job run in an environment.

    For GitHub Actions and CircleCI, whose steps are shells of their own. It writes to the files that they name for it.
    """
    files, left = session.environment.environments().enter_later_steps(os.environ, name)
    say(f"devkeel: the later steps of this job are in the environment, by {', '.join(files)}", err=True)
    if left:
        say(f"note: left out or empty there: {', '.join(left)}", err=True)


@command.command("remove")
@click.argument("name")
@pass_session
def remove(session: Session, /, name: str) -> None:
    """Remove an environment."""
    show(session.environment.environments().remove(name), lambda found: [f"removed {found}"], as_json=False)


def _lines(found: tuple[EnvironmentInfo, ...]) -> list[str]:
    if not found:
        return ["no environments; `devkeel apply` makes the default one"]
    rows = [("name", "backend", "python", "active", "default", ""), *map(_row, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(item: EnvironmentInfo) -> tuple[str, ...]:
    marks = ("yes" if item.active else "-", "yes" if item.default else "-", "" if item.prefix else "not made")
    return (item.name, item.backend, item.python or "-", *marks)


def _told(item: EnvironmentInfo) -> Iterator[str]:
    yield f"name: {item.name}"
    yield f"backend: {item.backend}"
    yield f"python: {item.python or 'the one on PATH'}"
    yield f"place: {item.prefix or 'not made yet'}"


def _made(item: Realised) -> Iterator[str]:
    for note in item.notes:
        yield f"note: {note}"
    yield f"{item.name} ({item.backend}, by {item.judge}) is at {item.prefix}"
    yield from () if item.installed is None else lines.installed(item.installed)
