"""`devkeel env`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from devkeel.errors import Refused
from devkeel.text.data import as_data
from devkeel_cli.answers import output
from devkeel_cli.arguments.options import BackendOption, bootstrap_option, direnv_option, json_option, show
from devkeel_cli.bootstrap import with_bootstrap
from devkeel_cli.session import pass_session

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
    """List, make, enter or remove named environments."""


@command.command("list")
@json_option
@pass_session
def list_all(session: Session, /, as_json: bool) -> None:
    """List the environments.

    The one that is meant without a name has a star.
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

    What fails leaves it as it was. The one that is meant without a name gets an .envrc too, unless somebody else wrote
    one.
    """
    environment = session.environment
    named = environment.environments()
    made = with_bootstrap(environment, lambda: named.create(name, **given), asked=bootstrap)
    if direnv and made.name == named.name(None):
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


@command.command("activate")
@click.argument("name", required=False)
@json_option
@pass_session
def activate(session: Session, /, name: str | None, as_json: bool) -> None:
    """Print what a shell evaluates to enter it.

    In your shell: eval "$(devkeel env activate)"
    """
    found = session.environment.environments().activation(name)
    # Exactly as it is: a shell evaluates it, or a program takes the variables from it.
    if as_json:
        output.write_json(as_data(found), exact=True)
    else:
        click.echo("\n".join(_exports(found)))


@command.command("print")
@click.argument("name", required=False)
@pass_session
def print_code(session: Session, /, name: str | None) -> None:
    """Print the shell code that enters an environment.

    In an .envrc, or in your shell: eval "$(devkeel env print)". It may be evaluated any number of times.
    """
    click.echo(session.environment.environments().entering(name).code(), nl=False)


@command.command("remove")
@click.argument("name")
@pass_session
def remove(session: Session, /, name: str) -> None:
    """Remove an environment."""
    show(session.environment.environments().remove(name), lambda found: [f"removed {found}"], as_json=False)


def _lines(found: tuple[EnvironmentInfo, ...]) -> list[str]:
    return [*map(_line, found)] or ["no environments; `devkeel env create` makes one"]


def _line(item: EnvironmentInfo) -> str:
    return f"{'*' if item.chosen else ' '} {item.name} ({item.backend}){'' if item.prefix else ', not made'}"


def _told(item: EnvironmentInfo) -> Iterator[str]:
    yield f"name: {item.name}"
    yield f"backend: {item.backend}"
    yield f"python: {item.python or 'the one on PATH'}"
    yield f"place: {item.prefix or 'not made yet'}"


def _made(item: Realised) -> Iterator[str]:
    for note in item.notes:
        yield f"note: {note}"
    yield f"{item.name} ({item.backend}, by {item.judge}) is at {item.prefix}"


def _exports(item: Realised) -> Iterator[str]:
    for name in item.unset:
        yield f"unset {name}"
    for name, value in item.variables.items():
        # POSIX, 2.2.2: between single quotes nothing means anything, so that no value of a variable is a command.
        yield f"export {name}={shlex.quote(value)}" + (':"$PATH"' if name == "PATH" else "")
