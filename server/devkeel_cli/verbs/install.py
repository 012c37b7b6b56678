"""`devkeel install`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import Place, ProjectError
from devkeel.text.clean import clean
from devkeel_cli.answers import output
from devkeel_cli.answers.telling import told
from devkeel_cli.arguments.options import json_option
from devkeel_cli.hooks.registration import HOOKS, with_hooks, without_hooks
from devkeel_cli.hosts import HOSTS, Places, with_server, without_server
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
@click.option("--dry-run", is_flag=True, help="Only show the change, as without --write.")
@click.option("--remove", is_flag=True, help="Take the server and the guard out of the configuration again.")
@click.option("--no-guard", is_flag=True, help="Write no hook that judges what the agent's own tools do.")
@click.option("--name", default="devkeel", show_default=True, help="What the host calls the server.")
@click.option("--file", type=click.Path(path_type=Path), help="Another configuration file of the host.")
@click.option("--read-only", is_flag=True, help="Start the server with --read-only.")
@click.option("--no-execute", is_flag=True, help="Start the server with --no-execute.")
@json_option
@pass_session
def command(session: Session, /, host: str, as_json: bool, **given: Any) -> None:  # noqa: ANN401  (the options above)
    """Add the server to a host's configuration.

    Shows the change as a diff and writes it with --write only. Everything else in the file stays, comments included. A
    host that has hooks also gets one that asks `devkeel guard` before the agent's own tools write or run something.
    """
    root = session.root
    write = given["write"] and not given["dry_run"]
    changes = _planned(host, root, given)
    notes = [note for change in changes for note in (*change.notes, *(_written(change) if write else ()))]
    server, *others = changes
    result = _result(server, root, write=write) | {"notes": notes}
    guard = next((_result(change, root, write=write) for change in (*others, server) if change.guards), None)
    result["guard"] = None if guard is None else guard | {"command": HOOKS[host].command}
    if as_json:
        output.write_json(result)
        return
    diffs_ = [item for change in changes if (item := _result(change, root, write=write)["diff"])]
    output.write([output.paint_diff(told().text(diff)) for diff in diffs_])
    output.write([f"note: {clean(note)}" for note in notes])
    output.write([_told(_result(change, root, write=write), removed=given["remove"]) for change in changes])


class _Change(Struct):
    """What becomes of one file of a host. guards: whether the hooks are in it. gone: nothing is left that it says."""

    path: Path
    before: bytes | None
    after: bytes
    notes: tuple[str, ...] = ()
    guards: bool = False
    gone: bool = False

    @property
    def changed(self) -> bool:
        return self.after != (self.before or b"")


def _planned(host: str, root: Path, given: dict[str, Any]) -> list[_Change]:
    """Return the changes of a host's files, that of the server first; the hooks may be in the same file."""
    chosen, hooks = HOSTS[host], HOOKS.get(host)
    path = (given["file"] or chosen.file(Places(root, Path.home(), os.environ))).resolve()
    options = tuple(f"--{name.replace('_', '-')}" for name in ("read_only", "no_execute") if given[name])
    before = _read(path)
    if given["remove"]:
        edited = without_server(chosen, str(path), before or b"", given["name"])
    else:
        entry = chosen.entry(root, _program(root), options)
        edited = with_server(chosen, str(path), before or b"", given["name"], entry)
    changes = [_Change(path, before, edited.data, gone=edited.changed and edited.data.strip() == b"{}")]
    if hooks is None or (given["no_guard"] and not given["remove"]):
        return changes
    place = (root / hooks.file).resolve()
    if place == path:
        change = changes[0]
    else:
        found = _read(place)
        change = _Change(place, found, found or b"")
        changes.append(change)
    change.guards = True
    if given["remove"]:
        edited, change.gone = without_hooks(hooks, str(place), change.after)
    else:
        edited = with_hooks(hooks, str(place), change.after)
    change.after, change.notes = edited.data, edited.notes
    return changes


def _result(change: _Change, root: Path, *, write: bool) -> dict[str, Any]:
    path = change.path
    label = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
    diff = diffs.unified(label, change.before, change.after) if change.changed else ""
    return {"file": str(path), "changed": change.changed, "written": write and change.changed, "diff": diff}


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


def _written(change: _Change) -> list[str]:
    """Write a change, and return what is to be said of it."""
    path, before, after = change.path, change.before, change.after
    if not change.changed:
        return []
    protected.require_unprotected_file(path, before, after)
    if change.gone and path.read_bytes() == before:
        path.unlink()
        return []
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


def _told(result: dict[str, Any], *, removed: bool) -> str:
    file = clean(result["file"])
    if not result["changed"]:
        return f"nothing to do: {file} has {'nothing of devkeel' if removed else 'it already'}"
    return f"changed {file}" if result["written"] else f"would change {file}; repeat it with --write"
