"""What is written for a host so that it asks devkeel, and how that is taken out again.

The guard is asked before a tool runs; the session hook when a session starts.

The forms and places are those of the references that `devkeel_cli.hooks.messages` names.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.errors import Refused
from devkeel.source import compose, jsonc
from devkeel.source.jsonc import Edited
from devkeel_cli.hooks.messages import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CONSENT", "HOOKS", "SESSIONS", "SHELLS", "Hooks", "with_hooks", "without_hooks"]

# By which an entry is known as ours, whatever else a person changed in it.
_GUARD, _SESSION = "devkeel guard", "devkeel hook"
# Seconds; devkeel itself ends before that.
_TIMEOUT = 5


class Hooks(Struct, frozen=True):
    """The hooks of a host. file: in the project. entries: what is put into the array at a path, by that path.

    head: what the file says at its top where it has to. ours: by which an entry is known.
    """

    file: PurePosixPath
    entries: dict[tuple[str, ...], dict[str, Any]]
    head: dict[str, Any] = {}
    ours: str = _GUARD

    @property
    def command(self) -> str:
        """The line that the host gives to a shell."""
        return next(_commands([*self.entries.values()]))


def _line(host: str, verb: str = _GUARD) -> str:
    """Return the command line: whatever becomes of devkeel, the host reads no refusal and no complaint."""
    silent = DIALECTS[host].silent
    if not silent:
        return f"{verb} --host {host} 2>/dev/null || true"
    # Gemini CLI (0.61) ends the shell alone when its patience does, and waits until none has its output open: so
    # devkeel has the shell's own pipe.
    return f"exec 2>/dev/null; s=$({verb} --host {host}) && printf '%s\\n' \"$s\" || echo '{silent}'"


def _matched(host: str, matcher: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (data)
    hook = {"type": "command", "command": _line(host), "timeout": _TIMEOUT} | more
    return {"matcher": matcher, "hooks": [hook]}


_CURSOR = {"command": _line("cursor"), "timeout": _TIMEOUT}
HOOKS = {
    "claude-code": Hooks(
        PurePosixPath(".claude/settings.json"),
        {("hooks", "PreToolUse"): _matched("claude-code", "Write|Edit|MultiEdit|Bash")},
    ),
    "codex": Hooks(
        PurePosixPath(".codex/hooks.json"), {("hooks", "PreToolUse"): _matched("codex", "Bash|apply_patch")}
    ),
    # VS Code ignores matchers, and has none in files of its own.
    "vscode": Hooks(
        PurePosixPath(".github/hooks/devkeel.json"),
        {("hooks", "PreToolUse"): {"type": "command", "command": _line("vscode"), "timeout": _TIMEOUT}},
        {"version": 1},  # for Copilot, which reads the same files
    ),
    "gemini-cli": Hooks(
        PurePosixPath(".gemini/settings.json"),
        {
            ("hooks", "BeforeTool"): _matched(
                "gemini-cli",
                "write_file|replace|run_shell_command",
                name="devkeel-guard",
                timeout=_TIMEOUT * 1000,
            )
        },
    ),
    "cursor": Hooks(
        PurePosixPath(".cursor/hooks.json"),
        {
            ("hooks", "beforeShellExecution"): _CURSOR,
            ("hooks", "preToolUse"): _CURSOR | {"matcher": "Write|StrReplace|Edit|MultiEdit"},
        },
        {"version": 1},
    ),
}


def _started(host: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (data)
    """Return the entry of a session: without a matcher, for each way in which one begins."""
    return {"hooks": [{"type": "command", "command": _line(host, _SESSION), "timeout": _TIMEOUT} | more]}


_START = ("hooks", "SessionStart")
SESSIONS = {
    "claude-code": Hooks(
        HOOKS["claude-code"].file,
        {_START: _started("claude-code"), ("hooks", "CwdChanged"): _started("claude-code")},
        ours=_SESSION,
    ),
    "codex": Hooks(HOOKS["codex"].file, {_START: _started("codex")}, ours=_SESSION),
    "vscode": Hooks(
        HOOKS["vscode"].file, {_START: _started("vscode")["hooks"][0]}, HOOKS["vscode"].head, ours=_SESSION
    ),
    "gemini-cli": Hooks(
        HOOKS["gemini-cli"].file,
        {_START: _started("gemini-cli", name="devkeel-session", timeout=_TIMEOUT * 1000)},
        ours=_SESSION,
    ),
}
_TOLD = "The agent's own shell is not in the environment: the host has no way. "
_HOW = "`devkeel run -- COMMAND` runs in it, and so does what the server runs."
# What becomes of the agent's own shell, by host.
SHELLS = {
    "claude-code": "From the next session on, the agent's own shell is in the environment that is applied; it follows "
    "a later apply without a new session.",
    **dict.fromkeys(
        ("codex", "vscode", "gemini-cli"),
        f"{_TOLD}From the next session on, the agent is given the name of the applied one and how to enter it.",
    ),
    "cursor": f"{_TOLD}{_HOW}",
    "claude-desktop": "The host gives the agent no shell; what the server runs is in the environment that is applied.",
    "zed": "The agent's own shell has what direnv loads when the project is opened: open it anew after an apply. "
    "`devkeel run -- COMMAND` runs in what is applied, and so does what the server runs.",
}


# What the person has to do before the host runs the hooks of a project, by host.
CONSENT = {
    "codex": "Codex runs the hooks when the project is trusted and they were reviewed: /hooks in Codex.",
    "gemini-cli": "Gemini CLI reads the file in a trusted folder only: /permissions in Gemini CLI.",
}


def with_hooks(hooks: Hooks, name: str, data: bytes) -> Edited:
    """Return a host's file with the hooks in it; an entry of ours that is there stays as its owner changed it.

    name: what errors call the file. Raises Refused where it does not parse or has something else in the way.
    """
    steps: list[Edited] = []

    def now() -> jsonc.Document:
        return jsonc.Document(steps[-1].data if steps else data, name)

    for key, value in hooks.head.items():
        if key not in now().root.members:
            steps.append(jsonc.set(now(), (key,), value))
    for path, entry in hooks.entries.items():
        if not any(_is_ours(hooks, item) for item in _array(now(), path)):
            steps.append(jsonc.append_element(now(), path, entry))
    return compose(data, steps) if steps else Edited(data)


def without_hooks(hooks: Hooks, name: str, data: bytes) -> tuple[Edited, bool]:
    """Return a host's file without them, and whether nothing is left in it that another program wants.

    An entry in which a person put other hooks beside ours stays as it is, with a note.
    """
    steps: list[Edited] = []

    def now() -> jsonc.Document:
        return jsonc.Document(steps[-1].data if steps else data, name)

    for path in hooks.entries:
        for item in [item for item in _array(now(), path) if _is_ours(hooks, item, alone=True)]:
            steps.append(jsonc.remove_element(now(), path, item))
            steps += [jsonc.unset(now(), path)] if not jsonc.get(now(), path) else []
            steps += [jsonc.unset(now(), path[:-1])] if not jsonc.get(now(), path[:-1]) else []
    left = [path for path in hooks.entries if any(_is_ours(hooks, item) for item in _array(now(), path))]
    notes = [f"An entry of {'.'.join(path)} has other hooks beside that of devkeel: it stays." for path in left]
    edited = compose(data, steps) if steps else Edited(data)
    return replace(edited, notes=tuple(notes)), bool(steps) and _says_nothing(hooks, edited.data)


def _says_nothing(hooks: Hooks, data: bytes) -> bool:
    """Return whether a file has nothing but what it begins with: what a person noted in it is a comment, no JSON."""
    try:
        found: dict[str, Any] = jsonc.Document(data, strict=True).root.value
        return found.items() <= hooks.head.items()
    except Refused:
        return False


def _array(document: jsonc.Document, path: tuple[str, ...]) -> list[Any]:
    try:
        found = jsonc.get(document, path)
    except KeyError:
        return []
    return found if isinstance(found, list) else []


def _is_ours(hooks: Hooks, entry: Any, *, alone: bool = False) -> bool:  # noqa: ANN401  (data)
    found = [*_commands(entry)]
    ours = [item for item in found if hooks.ours in item]
    return bool(ours) and (not alone or ours == found)


def _commands(entry: Any) -> Iterator[str]:  # noqa: ANN401  (data)
    if isinstance(entry, dict):
        for key, item in entry.items():
            if key == "command" and isinstance(item, str):
                yield item
            else:
                yield from _commands(item)
    elif isinstance(entry, list):
        for item in entry:
            yield from _commands(item)
