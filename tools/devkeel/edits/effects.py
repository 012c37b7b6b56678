"""What a change makes run: shell text, and expressions that Nix evaluates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.libraries.declared import asks_otherwise
from devkeel.project.environment_files import is_manifest
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.edits.files import AppliedEdit
    from devkeel.source.nix import Value
    from devkeel.source.path import AttrPath

__all__ = ["EVALUATED", "INSTALLED", "added_by_text", "is_shell_text", "occasions"]

EVALUATED = "when Nix next evaluates the environment"
# An installer runs what libraries bring: their build scripts, and their own code.
INSTALLED = "when the environment is next applied"
# Options whose text a shell runs, `*` for any name, and when it does.
_SHELL: dict[AttrPath, str] = {
    ("enterShell",): "at the next shell entry",
    ("enterTest",): "at `devenv test`",
    ("scripts", "*", "exec"): "when the script is run",
    ("processes", "*", "exec"): "when the processes start",
    ("tasks", "*", "exec"): "when the task runs",
    ("tasks", "*", "status"): "when the task runs",
    ("git-hooks", "hooks", "*", "entry"): "when Git runs the hook",
    ("pre-commit", "hooks", "*", "entry"): "when Git runs the hook",
}


def occasions(path: AttrPath, value: Value) -> Iterator[str]:
    """Yield when something of a value, set at an option path, runs."""
    if isinstance(value, nix.Expression):
        yield _shell(path) or EVALUATED
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from occasions((*path, name), item)
    elif isinstance(value, list):
        # A list of nothing but paths and packages runs nothing of its own before it is evaluated.
        yield from (EVALUATED for item in value if isinstance(item, nix.Expression))
    elif isinstance(value, str) and (when := _shell(path)):
        yield when


def _shell(path: AttrPath) -> str | None:
    for pattern, when in _SHELL.items():
        if len(pattern) == len(path) and all(a in ("*", b) for a, b in zip(pattern, path, strict=True)):
            return when
    return None


def is_shell_text(path: AttrPath) -> bool:
    """Return whether a shell runs what stands at an option path."""
    return _shell(path) is not None


def added_by_text(applied: AppliedEdit) -> Iterator[str]:
    """Yield when something runs that an edit of text has brought into the files."""
    for name, data in applied.after.items():
        yield from _added(name, applied.before.get(name, b""), data)


def _added(name: str, before: bytes, after: bytes) -> Iterator[str]:
    if name == ".envrc":
        # direnv(1): an .envrc is a program of bash, which runs on entering its directory once it is allowed.
        yield "when direnv loads .envrc"
    elif is_manifest(name):
        # npm docs, scripts: an installer runs those of the project too.
        if name.endswith("package.json") or asks_otherwise(name, before, after):
            yield INSTALLED
    elif name.endswith(".nix"):
        try:
            old, new = (_values(name, data) for data in (before, after))
        except DevkeelError:
            yield EVALUATED  # it does not parse yet: nothing is known about it
            return
        for item in new:
            if item not in old:
                yield from occasions(*item)


def _values(name: str, data: bytes) -> list[tuple[AttrPath, Value]]:
    document = nix.Document(data, name)
    return [(item.path, document.value(item)) for item in document.definitions]
