"""The shell that a project makes: its variables, as a script and as JSON."""

from __future__ import annotations

import functools
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tasks
from nix import build

if TYPE_CHECKING:
    from project import Project

__all__ = ["CONTEXT", "Shell", "open_all", "open_shell"]

CONTEXT = "Failed to get shell attribute from devenv"


class Shell:
    """A realised shell: what is in the store path that it was built to."""

    def __init__(self, project: Project, path: str) -> None:
        """Read it."""
        self.project = project
        self.data: dict[str, Any] = json.loads(Path(path).read_text())

    def variables(self) -> dict[str, str]:
        """Return the exported variables, PATH as the profile has it."""
        return {**self.data["env"], "PATH": f"{self.data['profile']}/bin", "name": self.data["name"]}

    def as_json(self) -> str:
        """Return the environment as `print-dev-env --json` prints it."""
        exported = {**self.variables(), "shellHook": self.data["enterShell"]}
        return json.dumps(
            {
                "bashFunctions": {},
                "variables": {name: {"type": "exported", "value": text} for name, text in sorted(exported.items())},
            },
            indent=2,
        )

    def script(self) -> str:
        """Return the environment as bash text: sourcing it activates the shell and runs its hook."""
        lines = ['nix_saved_PATH="$PATH"']
        for name, text in sorted(self.variables().items()):
            lines.append(f"{name}={shlex.quote(text)}")
            lines.append(f"export {name}")
        lines.append('PATH="$PATH${nix_saved_PATH:+:$nix_saved_PATH}"')
        lines.append(f"shellHook={shlex.quote(self.data['enterShell'])}")
        lines.append('eval "${shellHook:-}"')
        return "\n".join(lines) + "\n"

    @functools.cached_property
    def captured(self) -> dict[str, str]:
        """The whole environment of a process that has entered the shell."""
        argv = ["bash", "-c", self.script() + "printf '\\0'; env -0"]
        found = subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        # What the hook prints comes before the first zero byte.
        pairs = (entry.partition("=") for entry in found.stdout.decode(errors="replace").split("\0")[1:])
        return {name: value for name, _, value in pairs if re.fullmatch(r"[A-Za-z_]\w*", name)}


def open_shell(project: Project, request: Path) -> Shell:
    """Realise the shell of a project and keep it from being collected."""
    (path,) = build(request, ["shell"], project.dotfile / "gc" / "shell", CONTEXT)
    return _linked(project, path)


def open_all(project: Project, request: Path) -> tuple[Shell, dict[str, tasks.Task]]:
    """Realise the shell and the tasks of a project."""
    shell, path = build(request, ["shell", "tasks"], project.dotfile / "gc" / "shell", CONTEXT)
    return _linked(project, shell), tasks.read(project, path)


def _linked(project: Project, path: str) -> Shell:
    shell = Shell(project, path)
    profile = project.dotfile / "profile"
    profile.unlink(missing_ok=True)
    profile.symlink_to(shell.data["profile"])
    return shell
