"""`devkeel install`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from devkeel.deferred import Deferred
from devkeel.errors import UsageError
from devkeel.text.clean import clean
from devkeel_cli.answers import output
from devkeel_cli.answers.telling import told
from devkeel_cli.arguments.options import json_option
from devkeel_cli.hooks.registration import HOOKS, with_hooks, without_hooks
from devkeel_cli.hosts import HOSTS, Places, with_server, without_server
from devkeel_cli.placed import Placed, read_placed
from devkeel_cli.session import pass_session

if TYPE_CHECKING:
    from devkeel import runtime
    from devkeel_cli import git_hook, skills
    from devkeel_cli.session import Session
else:
    runtime = Deferred("devkeel.runtime")
    git_hook, skills = Deferred("devkeel_cli.git_hook"), Deferred("devkeel_cli.skills")


@click.command("install")
@click.option("--host", type=click.Choice(tuple(HOSTS)), help="The host to configure.")
@click.option("--git-hook", is_flag=True, help="Install Git's pre-commit hook, which judges what is staged.")
@click.option("--skills", is_flag=True, help="Teach agents without MCP the verbs: a skill, and a section of AGENTS.md.")
@click.option("--write", is_flag=True, help="Write the configuration; without it, only show the change.")
@click.option("--dry-run", is_flag=True, help="Only show the change, as without --write.")
@click.option("--remove", is_flag=True, help="Take what was installed out again.")
@click.option("--no-guard", is_flag=True, help="Write no hook that judges what the agent's own tools do.")
@click.option("--name", default="devkeel", show_default=True, help="What the host calls the server.")
@click.option("--file", type=click.Path(path_type=Path), help="Another configuration file of the host.")
@click.option("--read-only", is_flag=True, help="Start the server with --read-only.")
@click.option("--no-execute", is_flag=True, help="Start the server with --no-execute.")
@json_option
@pass_session
def command(session: Session, /, host: str | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401  (the options above)
    """Add the server to a host's configuration.

    Shows the change as a diff and writes it with --write only. Everything else in the file stays, comments included. A
    host that has hooks also gets one that asks `devkeel guard` before the agent's own tools write or run something.
    """
    root = session.root
    write = given["write"] and not given["dry_run"]
    changes, notes = _wanted(host, root, given)
    notes += [note for change in changes for note in (*change.notes, *(change.write() if write else ()))]
    results = [change.result(root, write=write) for change in changes]
    if as_json:
        output.write_json(_as_data(host, changes, results, notes))
        return
    output.write([output.paint_diff(told().text(item["diff"])) for item in results if item["diff"]])
    output.write([f"note: {clean(note)}" for note in notes])
    output.write([_told(item, removed=given["remove"]) for item in results])


def _wanted(host: str | None, root: Path, given: dict[str, Any]) -> tuple[list[Placed], list[str]]:
    """Return the changes of all files that are asked for, those of a host first, and what to say beside them."""
    if not (host or given["git_hook"] or given["skills"]):
        raise UsageError(
            "bad_usage",
            "There is nothing to install.",
            remedy="Say what: --host HOST, --git-hook, --skills, or several of them.",
        )
    changes, notes = _planned(host, root, given) if host else [], list[str]()
    if given["git_hook"]:
        hooks, told_ = git_hook.planned(root, _program(root), remove=given["remove"])
        changes += hooks
        notes += told_
    if given["skills"]:
        changes += skills.planned(root, remove=given["remove"])
    return changes, notes


def _as_data(
    host: str | None, changes: list[Placed], results: list[dict[str, Any]], notes: list[str]
) -> dict[str, Any]:
    if host is None:
        return {"files": results, "notes": notes}
    guard = next((item for change, item in (*zip(changes, results, strict=True),) if change.guards), None)
    return (
        results[0]
        | {"notes": notes, "guard": None if guard is None else guard | {"command": HOOKS[host].command}}
        | ({"files": results} if len(results) > 1 else {})
    )


def _planned(host: str, root: Path, given: dict[str, Any]) -> list[Placed]:
    """Return the changes of a host's files, that of the server first; the hooks may be in the same file."""
    chosen, hooks = HOSTS[host], HOOKS.get(host)
    path = (given["file"] or chosen.file(Places(root, Path.home(), os.environ))).resolve()
    options = tuple(f"--{name.replace('_', '-')}" for name in ("read_only", "no_execute") if given[name])
    before = read_placed(path)
    if given["remove"]:
        edited = without_server(chosen, str(path), before or b"", given["name"])
    else:
        entry = chosen.entry(root, _program(root), options)
        edited = with_server(chosen, str(path), before or b"", given["name"], entry)
    changes = [Placed(path, before, edited.data, gone=edited.changed and edited.data.strip() == b"{}")]
    if hooks is None or (given["no_guard"] and not given["remove"]):
        return changes
    place = (root / hooks.file).resolve()
    if place == path:
        change = changes[0]
    else:
        found = read_placed(place)
        change = Placed(place, found, found or b"")
        changes.append(change)
    change.guards = True
    if given["remove"]:
        edited, change.gone = without_hooks(hooks, str(place), change.after)
    else:
        edited = with_hooks(hooks, str(place), change.after)
    change.after, change.notes = edited.data, edited.notes
    return changes


def _program(root: Path) -> str:
    """Return the command that is running: hosts do not search the PATH of a shell."""
    runtime.distrust(root)  # a program of that name in the project is not this one
    return runtime.find_program("devkeel") or str(Path(sys.argv[0]).resolve())


def _told(result: dict[str, Any], *, removed: bool) -> str:
    file = clean(result["file"])
    if not result["changed"]:
        return f"nothing to do: {file} has {'nothing of devkeel' if removed else 'it already'}"
    return f"changed {file}" if result["written"] else f"would change {file}; repeat it with --write"
