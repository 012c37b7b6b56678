"""`devkeel install`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from devkeel.deferred import Deferred
from devkeel.errors import Place, ProjectError
from devkeel.text.clean import clean
from devkeel_cli.answers import output
from devkeel_cli.answers.telling import told
from devkeel_cli.arguments.options import json_option
from devkeel_cli.hosts import HOSTS, Places, with_server
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel import runtime
    from devkeel.policy import protected
    from devkeel.text import diff as diffs
    from devkeel.transaction import single_file
    from devkeel_cli.session import Session
else:
    diffs = Deferred("devkeel.text.diff")
    runtime = Deferred("devkeel.runtime")
    protected = Deferred("devkeel.policy.protected")
    single_file = Deferred("devkeel.transaction.single_file")


@click.command("install")
@click.option("--host", type=click.Choice(tuple(HOSTS)), required=True, help="The host to configure.")
@click.option("--write", is_flag=True, help="Write the configuration; without it, only show the change.")
@click.option("--name", default="devkeel", show_default=True, help="What the host calls the server.")
@click.option("--file", type=click.Path(path_type=Path), help="Another configuration file of the host.")
@click.option("--read-only", is_flag=True, help="Start the server with --read-only.")
@click.option("--no-execute", is_flag=True, help="Start the server with --no-execute.")
@json_option
@pass_session
def command(
    session: Session, /, host: str, write: bool, name: str, file: Path | None, as_json: bool, **refusing: bool
) -> None:
    """Add the server to a host's configuration.

    Shows the change as a diff and writes it with --write only. Everything else in the file stays, comments included.
    """
    chosen, root = HOSTS[host], session.root
    path = (file or chosen.file(Places(root, Path.home(), os.environ))).resolve()
    options = tuple(f"--{option.replace('_', '-')}" for option, given in refusing.items() if given)
    before = _read(path)
    edited = with_server(chosen, str(path), before or b"", name, chosen.entry(root, _program(root), options))
    label = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
    diff = diffs.unified(label, before, edited.data) if edited.changed else ""
    notes = _write(path, before, edited.data) if write and edited.changed else []
    result: dict[str, Any] = {"file": str(path), "changed": edited.changed, "written": write and edited.changed}
    if as_json:
        output.write_json(result | {"diff": diff, "notes": notes})
    else:
        output.write([output.paint_diff(told().text(diff))] if diff else [])
        output.write([*(f"note: {clean(note)}" for note in notes), _told(result)])


def _program(root: Path) -> str:
    """Return the command that is running: hosts do not search the PATH of a shell."""
    runtime.distrust(root)  # a program of that name in the project is not this one
    return runtime.find_program("devkeel") or str(Path(sys.argv[0]).resolve())


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error


def _write(path: Path, before: bytes | None, after: bytes) -> list[str]:

    protected.require_unprotected_file(path, before, after)
    if before is not None:
        return single_file.replace_file(path, before, after)
    try:
        single_file.create_file(path, after)
    except OSError as error:
        raise _unusable(path, error) from error
    return []


def _unusable(path: Path, error: OSError) -> ProjectError:
    return ProjectError(
        "host_file",
        f"The host's configuration cannot be used: {error.strerror}.",
        place=Place(str(path)),
        remedy="Correct the file or its permissions, or name another one with --file.",
    )


def _told(result: dict[str, Any]) -> str:
    file = clean(result["file"])
    if not result["changed"]:
        return f"nothing to do: {file} has the server already"
    return f"changed {file}" if result["written"] else f"would change {file}; repeat it with --write"
