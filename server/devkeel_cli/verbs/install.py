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
from devkeel_cli.hooks.registration import CONSENT, HOOKS, SESSIONS, SHELLS, Hooks, with_hooks, without_hooks
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
@click.option("--no-session", is_flag=True, help="Write no hook that puts the agent's own shell into the environment.")
@click.option("--name", default="devkeel", show_default=True, help="What the host calls the server.")
@click.option("--file", type=click.Path(path_type=Path), help="Another configuration file of the host.")
@click.option("--read-only", is_flag=True, help="Start the server with --read-only.")
@click.option("--no-execute", is_flag=True, help="Start the server with --no-execute.")
@json_option
@pass_session
def command(session: Session, /, host: str | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401  (the options above)
    """Add the server to a host's configuration.

    Shows the change as a diff and writes it with --write only. Everything else in the file stays, comments included. A
    host that has hooks also gets one that asks `devkeel guard` before the agent's own tools write or run something, and
    one by which the agent's own shell is in the environment that is applied.
    """
    root = session.root
    write = given["write"] and not given["dry_run"]
    session.environment.require("install", write=write)
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
    if host and not given["remove"] and not (given["no_session"] and host in SESSIONS):
        notes.append(SHELLS[host])
    if host in CONSENT and any(change.hooks for change in changes) and not given["remove"]:
        notes.append(CONSENT[host])
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
    by_file = dict(zip((change.path for change in changes), results, strict=True))
    hooks = {
        name: next((by_file[change.path] for change in changes if name in change.hooks), None)
        for name in ("guard", "session")
    }
    lines = {"guard": HOOKS, "session": SESSIONS}
    said = {name: item and item | {"command": lines[name][host].command} for name, item in hooks.items()}
    return results[0] | {"notes": notes} | said | ({"files": results} if len(results) > 1 else {})


def _planned(host: str, root: Path, given: dict[str, Any]) -> list[Placed]:
    """Return the changes of a host's files, that of the server first; the hooks may be in the same file."""
    chosen = HOSTS[host]
    path = (given["file"] or chosen.file(Places(root, Path.home(), os.environ))).resolve()
    options = tuple(f"--{name.replace('_', '-')}" for name in ("read_only", "no_execute") if given[name])
    before = read_placed(path)
    if given["remove"]:
        edited = without_server(chosen, str(path), before or b"", given["name"])
    else:
        entry = chosen.entry(root, _program(root), options)
        edited = with_server(chosen, str(path), before or b"", given["name"], entry)
    changes = [Placed(path, before, edited.data, gone=edited.changed and edited.data.strip() == b"{}")]
    for kind, known, left_out in (("guard", HOOKS, "no_guard"), ("session", SESSIONS, "no_session")):
        if host in known and (given["remove"] or not given[left_out]):
            _hook(changes, kind, known[host], root, remove=given["remove"])
    return changes


def _hook(changes: list[Placed], kind: str, hooks: Hooks, root: Path, *, remove: bool) -> None:
    """Add hooks to the change of the file that they are in, or take them out there."""
    place = (root / hooks.file).resolve()
    change = next((item for item in changes if item.path == place), None)
    if change is None:
        found = read_placed(place)
        change = Placed(place, found, found or b"")
        changes.append(change)
    change.hooks += (kind,)
    if remove:
        edited, gone = without_hooks(hooks, str(place), change.after)
        change.gone = change.gone or gone
    else:
        edited = with_hooks(hooks, str(place), change.after)
    change.after = edited.data
    change.notes += edited.notes


def _program(root: Path) -> str:
    """Return the command that is running: hosts do not search the PATH of a shell."""
    runtime.distrust(root)  # a program of that name in the project is not this one
    return runtime.find_program("devkeel") or str(Path(sys.argv[0]).resolve())


def _told(result: dict[str, Any], *, removed: bool) -> str:
    file = clean(result["file"])
    if not result["changed"]:
        return f"nothing to do: {file} has {'nothing to take out' if removed else 'it already'}"
    return f"changed {file}" if result["written"] else f"would change {file}; repeat it with --write"
