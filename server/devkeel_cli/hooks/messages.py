"""The messages of hosts' hooks: what a tool is about to do, and the answer in the form that each host takes.

The forms are those of public references: Claude Code (code.claude.com/docs/en/hooks), Codex
(developers.openai.com/codex/hooks), VS Code (code.visualstudio.com/docs/copilot/customization/hooks), Gemini CLI
(geminicli.com/docs/hooks/reference) and Cursor (cursor.com/docs/hooks). `tests/hosts/messages/` has what Claude Code,
Codex, Gemini CLI and Copilot CLI sent, which reads the files of VS Code's hooks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from devkeel.guard.question import Patch, Question, Replacement, Replacing, Running, WholeFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["DIALECTS", "Dialect", "projects_of", "understood"]

# Names of the tools that run shell commands, as the hosts have them.
_SHELLS = frozenset(
    {
        *("Bash", "bash", "Shell", "shell", "local_shell", "exec_command", "terminal"),
        *("run_shell_command", "run_in_terminal", "runInTerminal", "runTerminalCommand"),
    }
)
_PATCHES = frozenset({"apply_patch", "applyPatch"})
_PATHS = ("file_path", "filePath", "path")
_CONTENTS = ("content", "contents", "file_text")
_PATCH = "*** Begin Patch"


def projects_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the directories that a host calls the agent's projects."""
    roots = message.get("workspace_roots")
    found = (os.environ.get("CLAUDE_PROJECT_DIR"), *(roots if isinstance(roots, list) else ()))
    return tuple(item for item in found if isinstance(item, str) and item)


def understood(message: Mapping[str, Any]) -> Iterator[Question]:
    """Yield what a tool is about to do; nothing for what is not known here."""
    given, name = message.get("tool_input"), message.get("tool_name", "")
    folder = message.get("cwd") or next(iter(projects_of(message)), None) or os.getcwd()  # noqa: PTH109  (pathlib: 10 ms)
    if given is None and message.get("hook_event_name") == "beforeShellExecution":
        given, name = message, "Shell"
    if isinstance(given, str) and given.startswith(_PATCH):  # a free-form tool's, in Copilot CLI
        given = {"input": given}
    if not isinstance(given, dict) or not isinstance(name, str) or not isinstance(folder, str):
        return
    if "devkeel" in name:  # its own tools judge what they write
        return
    for act in _acts(name, given):
        yield Question(act, _text(given, ("working_directory", "directory", "dir_path")) or folder)


def _acts(name: str, given: Mapping[str, Any]) -> Iterator[WholeFile | Replacing | Patch | Running]:
    command, patch = _text(given, ("command",)), _text(given, ("input", "patch"))
    if name in _PATCHES:
        patch = command or patch
        if patch:
            yield Patch(patch)
        return
    if patch is not None and patch.startswith(_PATCH):  # Copilot CLI calls its apply_patch Edit
        yield Patch(patch)
        return
    if command is not None:
        if name in _SHELLS:
            yield Running(command)
        return
    path, content = _text(given, _PATHS), _text(given, _CONTENTS)
    if path is not None and content is not None:
        yield WholeFile(path, content)
        return
    several = given.get("edits", given.get("replacements"))
    items = several if isinstance(several, list) else [given]
    found: dict[str, list[Replacement]] = {}
    for item in items:
        replacement = _replacement(item) if isinstance(item, dict) else None
        place = (_text(item, _PATHS) or path) if isinstance(item, dict) else None
        if replacement is None or place is None:
            return
        found.setdefault(place, []).append(replacement)
    yield from (Replacing(place, tuple(replacements)) for place, replacements in found.items())


def _replacement(item: Mapping[str, Any]) -> Replacement | None:
    old, new = _text(item, ("old_string", "oldString", "old_str")), _text(item, ("new_string", "newString", "new_str"))
    if old is None or new is None:
        return None
    several = item.get("replace_all") or item.get("replaceAll") or item.get("allow_multiple")
    times = item.get("expected_replacements", 1)
    return Replacement(old, new, 0 if several else times if isinstance(times, int) else 1)


def _text(given: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((given[name] for name in names if isinstance(given.get(name), str)), None)


class Dialect(NamedTuple):
    """How a host takes an answer. answer: makes its message. silent: what to print where nothing is decided."""

    answer: Callable[[Mapping[str, Any], str, str], dict[str, Any]]
    silent: str = ""


_NO_QUESTION = " This host cannot ask a person, who may do it without the agent."


def _claude(message: Mapping[str, Any], decision: str, reason: str) -> dict[str, Any]:
    event = message.get("hook_event_name") or message.get("hookEventName") or "PreToolUse"
    if decision == "tell":
        return {"hookSpecificOutput": {"hookEventName": event, "additionalContext": reason}}
    judged = {"permissionDecision": decision, "permissionDecisionReason": reason}
    return {"hookSpecificOutput": {"hookEventName": event} | judged}


def _codex(message: Mapping[str, Any], decision: str, reason: str) -> dict[str, Any]:
    # codex-rs/hooks, output_parser.rs: `ask` is not supported, and a hook that answers it has failed.
    return _claude(message, "deny", reason + _NO_QUESTION) if decision == "ask" else _claude(message, decision, reason)


def _gemini(message: Mapping[str, Any], decision: str, reason: str) -> dict[str, Any]:
    del message
    if decision == "tell":
        return {"systemMessage": reason}
    return {"decision": "deny", "reason": reason + (_NO_QUESTION if decision == "ask" else "")}


def _cursor(message: Mapping[str, Any], decision: str, reason: str) -> dict[str, Any]:
    if decision == "tell":
        return {"agent_message": reason}
    asks = message.get("hook_event_name") == "beforeShellExecution"  # the one event whose `ask` it acts on
    if decision == "ask" and not asks:
        decision, reason = "deny", reason + _NO_QUESTION
    return {"permission": decision, "user_message": reason.partition("\n")[0], "agent_message": reason}


DIALECTS = {
    "claude-code": Dialect(_claude),
    "codex": Dialect(_codex),
    "vscode": Dialect(_claude),
    # These read what a hook prints as JSON whatever it decides.
    "cursor": Dialect(_cursor, "{}"),
    "gemini-cli": Dialect(_gemini, "{}"),
}
