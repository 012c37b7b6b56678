"""`devkeel hook`: when an agent's session starts, its own shell is put into the environment that is applied.

Claude Code runs what a hook appends to `CLAUDE_ENV_FILE` before each later command of its shell (its hooks reference,
SessionStart and CwdChanged). One line is appended, which sources the file that devkeel replaces whenever another
environment is applied or activated. That file is in the user's state directory, named by the project's whole path: of
the repository nothing is run, sourced or read. The other hosts can only be given a sentence for the agent.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from devkeel.environments import entry_file
from devkeel.environments.shell_code import LEAVE, entered_by
from devkeel.errors import DevkeelError
from devkeel.project.root import Project, declared_above, find_root
from devkeel_cli.hooks.messages import projects_of
from devkeel_cli.hooks.process import MOST_BYTES, answer_host
from devkeel_words.speech import as_tool

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HOSTS", "answered", "main"]

HOSTS = ("claude-code", "codex", "gemini-cli", "vscode")
_STARTS, _MOVES = "SessionStart", "CwdChanged"
# What begins a line of ours, behind which the path of a file stands.
_BEGINS = "if [ -r "
_KEEPS = 0o600


def main(host: str) -> NoReturn:
    """Answer the message on standard input and exit."""
    answer_host(host, answered)


def answered(data: bytes, host: str) -> str:
    """Return the answer to a message as the host reads it, `` where there is nothing to say."""
    message = json.loads(data) if len(data) <= MOST_BYTES else None
    event = message.get("hook_event_name", message.get("hookEventName")) if isinstance(message, dict) else None
    if not isinstance(message, dict) or event not in (_STARTS, _MOVES):
        return ""
    root = _root(message)
    entry = entry_file.path_of(Project(root))
    try:
        text = entry_file.read_entry(Project(root))
    except DevkeelError:  # that a repository could have brought it
        return ""
    if entry is None or (entry.is_relative_to(root) and not entry.parent.parent.exists()):
        return ""
    file = os.environ.get("CLAUDE_ENV_FILE") if host == "claude-code" else None
    if file:
        _append(Path(file), entry, moved=event == _MOVES)
    if event == _MOVES:  # takes no context
        return ""
    said = _said(root, entry, text, follows=bool(file))
    answer: dict[str, Any] = {"hookSpecificOutput": {"hookEventName": event, "additionalContext": said}}
    if host == "vscode":  # Copilot CLI, which reads the same file, has it at the top (seen in 1.0.102)
        answer["additionalContext"] = said
    return json.dumps(answer) if said else ""


def _root(message: Mapping[str, Any]) -> Path:
    """Return the project: that of the session, and where the agent is in another one, a worktree for example, that."""
    given = message.get("new_cwd") or message.get("cwd")
    start = Path(given if isinstance(given, str) and given else next(iter(projects_of(message)), "."))
    session, found = find_root(None, os.environ, start), declared_above(start.resolve())
    if found is None or os.environ.get("DEVKEEL_ROOT") or session.is_relative_to(found):
        return session
    return found


def _append(file: Path, entry: Path, *, moved: bool) -> None:
    """Append the line, unless it is the last one of ours: a session starts again when it is resumed or compacted.

    moved: with what leaves the environment of the project before, where nothing is applied in the one entered.
    """
    # The host joins the text and a command by `&&`: it has to end with status 0, and without a comment.
    line = f"{_BEGINS}{shlex.quote(str(entry))} ]; then . {shlex.quote(str(entry))} || :"
    rest = f"\nelse\n{LEAVE}\nfi" if moved else "; fi"
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, _KEEPS)
    with os.fdopen(descriptor, "r+b", buffering=0) as opened:
        before = (opened.read(MOST_BYTES) or b"").decode("utf-8", "surrogateescape")
        folder = f"/{entry.parent.parent.name}/{entry.parent.name}/"  # none that is quoted
        ours = [item for item in before.splitlines() if item.startswith(_BEGINS) and folder in item]
        if not ours or ours[-1].removesuffix("; fi") != line:
            apart = "" if before.endswith("\n") or not before else "\n"
            # write(2) with O_APPEND: at the end as it is then, in one piece, whoever else appends.
            opened.write(f"{apart}{line}{rest}\n".encode("utf-8", "surrogateescape"))


def _said(root: Path, entry: Path, text: str | None, *, follows: bool) -> str:
    """Return one sentence for the agent; `` where nothing is declared and nothing was applied."""
    found = entered_by(text) if text else None
    if found is None:
        if text is None and declared_above(root) != root:
            return ""
        then = ", which later shell commands are then in" if follows else ""
        return f"devkeel: no environment is applied here: {as_tool.do('apply', {})}{then}."
    name, backend = found
    if follows:
        return f"devkeel: shell commands are in the environment {name} ({backend})."
    entering = f"{as_tool.do('run', {})} runs in it, and so does what begins with `. {shlex.quote(str(entry))} &&`"
    return f"devkeel: the environment {name} ({backend}) is applied, and shell commands are not in it: {entering}."
