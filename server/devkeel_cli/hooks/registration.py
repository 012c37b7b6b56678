"""What is written for a host so that it asks the guard before it runs a tool, and how that is taken out again.

The forms and places are those of the references that `devkeel_cli.hooks.messages` names.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.source import compose, jsonc
from devkeel.source.jsonc import Edited

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["HOOKS", "Hooks", "with_hooks", "without_hooks"]

# By which an entry is known as ours, whatever else a person changed in it.
_OURS = "devkeel guard"
# Seconds; the guard itself ends before that.
_TIMEOUT = 5


class Hooks(Struct, frozen=True):
    """The hooks of a host. file: in the project. entries: what is put into the array at a path, by that path.

    head: what the file says at its top where it has to.
    """

    file: PurePosixPath
    entries: dict[tuple[str, ...], dict[str, Any]]
    head: dict[str, Any] = {}

    @property
    def command(self) -> str:
        """The line that the host gives to a shell."""
        return next(_commands([*self.entries.values()]))


def _line(host: str, otherwise: str = "true") -> str:
    """Return the command line: whatever becomes of devkeel, the host reads no refusal and no complaint."""
    return f"{_OURS} --host {host} 2>/dev/null || {otherwise}"


def _matched(host: str, matcher: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (data)
    hook = {"type": "command", "command": _line(host), "timeout": _TIMEOUT} | more
    return {"matcher": matcher, "hooks": [hook]}


_CURSOR = {"command": _line("cursor", "echo '{}'"), "timeout": _TIMEOUT}
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
                command=_line("gemini-cli", "echo '{}'"),
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
        if not any(_is_ours(item) for item in _array(now(), path)):
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
        for item in [item for item in _array(now(), path) if _is_ours(item, alone=True)]:
            steps.append(jsonc.remove_element(now(), path, item))
            steps += [jsonc.unset(now(), path)] if not jsonc.get(now(), path) else []
            steps += [jsonc.unset(now(), path[:-1])] if not jsonc.get(now(), path[:-1]) else []
    left = [path for path in hooks.entries if any(_is_ours(item) for item in _array(now(), path))]
    notes = [f"An entry of {'.'.join(path)} has other hooks beside that of devkeel: it stays." for path in left]
    edited = compose(data, steps) if steps else Edited(data)
    return replace(edited, notes=tuple(notes)), bool(steps) and not now().root.members.keys() - hooks.head.keys()


def _array(document: jsonc.Document, path: tuple[str, ...]) -> list[Any]:
    try:
        found = jsonc.get(document, path)
    except KeyError:
        return []
    return found if isinstance(found, list) else []


def _is_ours(entry: Any, *, alone: bool = False) -> bool:  # noqa: ANN401  (data)
    found = [*_commands(entry)]
    ours = [item for item in found if _OURS in item]
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
