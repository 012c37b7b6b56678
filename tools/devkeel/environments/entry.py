"""The way into an environment: .envrc, for direnv and whoever sources it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.backends.registry import backend_named
from devkeel.candidate.candidate import Candidate
from devkeel.change.judge import Intent
from devkeel.change.write import conclude, patiently
from devkeel.environments.named import Environments
from devkeel.errors import Refused
from devkeel.project import direnv
from devkeel.project.envrc import ENVRC, PROMPT, envrc
from devkeel.project.envrc import prompt as in_prompt
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context

__all__ = ["write_envrc"]


def write_envrc(
    context: Context, name: str | None, *, prompt: bool, template: str | None, dry_run: bool
) -> ChangeResult:
    """Write the .envrc that enters the project's environment, or a named one; see `devkeel.project.envrc`."""

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        files, named = context.declaration(), Environments(context)
        chosen = named.name(name)
        made = next((item.backend for item in named.all() if item.name == chosen), None)
        backend = backend_named(made or context.selection.name)
        old = candidate.basis.read(ENVRC)
        shown = in_prompt(template or PROMPT, backend.name, chosen) if prompt or template else None
        try:
            candidate.put(ENVRC, envrc(old, backend.entry(chosen, sorted(files)), shown))
        except Refused:
            if old is None or shown is not None or not backend.is_entered_by(old):
                raise
            candidate.notes.append(f"{ENVRC} enters the environment already; somebody else wrote it.")
        candidate.runs.append("when direnv allows it and the project is entered")
        if not candidate.changed:
            candidate.notes += direnv.advice(context.project)
        if made is None and backend.named:
            candidate.notes.append(f"The environment {chosen!r} is not made yet: {do('make', environment=chosen)}.")
        return conclude(context, candidate, Intent("edit", "write .envrc", dry_run))

    return patiently(context, attempt, stubborn=True, dry_run=dry_run)
