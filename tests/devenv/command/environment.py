"""The shell that a project makes: its variables, as a script and as JSON."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nix import build

if TYPE_CHECKING:
    from project import Project

__all__ = ["CONTEXT", "Shell", "open_shell"]

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

    def captured(self) -> dict[str, str]:
        """Return the whole environment of a process that has entered the shell."""
        found = subprocess.run(["bash", "-c", self.script() + "env -0"], capture_output=True, check=False, stdin=subprocess.DEVNULL)
        entries = found.stdout.decode(errors="replace").rpartition("\0")[0].split("\0")
        pairs = (entry.partition("=") for entry in entries)
        return {name.rpartition("\n")[2]: value for name, _, value in pairs if re.fullmatch(r"[A-Za-z_]\w*", name.rpartition("\n")[2])}


def open_shell(project: Project, request: Path) -> Shell:
    """Realise the shell of a project and keep it from being collected."""
    (path,) = build(request, {"shell": project.dotfile / "gc" / "shell"}, CONTEXT)
    shell = Shell(project, path)
    profile = project.dotfile / "profile"
    profile.unlink(missing_ok=True)
    profile.symlink_to(shell.data["profile"])
    return shell
