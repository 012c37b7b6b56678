"""The .envrc, by which direnv, and whoever sources it, enters what was applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.change.judge import Intent
from devkeel.change.write import conclude, patiently
from devkeel.environments.named import Environments
from devkeel.errors import Refused
from devkeel.generate.envrc import envrc_part
from devkeel.generate.part import find_parts, renew
from devkeel.project import direnv
from devkeel.project.envrc import ENVRC, PROMPT, entering, enters, enters_another, envrc, is_ours
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
    """Write the .envrc that enters the active environment, or always one of a name; see `devkeel.project.envrc`."""

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        files, environments = context.declaration(), Environments(context)
        chosen = environments.name(name)
        made = next((item for item in environments.all() if item.name == chosen and item.prefix), None)
        backend = made.backend if made else context.selection.name
        old, setting = candidate.basis.read(ENVRC), context.settings.prompt
        said = template or (setting if isinstance(setting, str) else PROMPT)
        shown = in_prompt(said, backend, chosen) if prompt or template else None
        data = _written(old, sorted(files), None if name is None else chosen, shown)
        if old is not None and data == old and not is_ours(old) and not find_parts(ENVRC, old):
            candidate.notes.append(f"{ENVRC} enters the environment already; somebody else wrote it.")
        candidate.put(ENVRC, data)
        candidate.runs.append("when direnv allows it and the project is entered")
        if not candidate.changed:
            candidate.notes += direnv.advice(context.project)
        if made is None:
            calling = do("make", environment=chosen) if name else do("apply")
            candidate.notes.append(f"The environment {chosen!r} is not made yet: {calling}.")
        return conclude(context, candidate, Intent("edit", "write .envrc", dry_run))

    return patiently(context, attempt, stubborn=True, dry_run=dry_run)


def _written(old: bytes | None, watched: list[str], name: str | None, shown: str | None) -> bytes:
    """Return the .envrc; one of somebody else that enters what was applied stays. Raises Refused `foreign_envrc`."""
    try:
        if old is not None and find_parts(ENVRC, old):
            return renew(ENVRC, old, envrc_part(watched, name, shown), replace=False)[0]
        return envrc(old, entering(watched, name), shown)
    except Refused as error:
        if error.code == "generated_part_edited":
            away = do("generate", kind="envrc", replace=True)
            error.remedy = f"Move what was changed above or below the part, or take it away by {away}."
        if error.code != "foreign_envrc":
            raise
        if old is not None and shown is None and enters(old, name):
            return old
        another = enters_another(old)
        if another is None:
            raise
        told = f"{another}, and somebody else wrote it. Nothing was changed."
        raise Refused(error.code, told, place=error.place, remedy=error.remedy, details=error.details) from None
