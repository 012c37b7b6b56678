"""Which environment is meant where a call names none: the default one, or the one that was switched to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.environments.applied import read_good
from devkeel.environments.entry_file import path_of
from devkeel.environments.names import default_name, home_of, kept_default, sanitised
from devkeel.environments.shell_code import Entering
from devkeel.project.declaration import declared_revision, lock_revision
from devkeel.project.envrc import PROMPT
from devkeel.project.envrc import prompt as in_prompt
from devkeel.state.files import forget, make_directory, read_record, write_record
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.backends.backend import Applied
    from devkeel.context import Context
    from devkeel.environments.applied import Good

__all__ = ["active_name", "default_of", "entering_of", "good_of", "keep_default", "outdated", "switch_to"]

_ACTIVE = "active.json"


def default_of(context: Context) -> str:
    """Return the name of the default environment."""
    state = context.project.state
    return default_name(context.source, context.settings.environment, kept_default(state))


def active_name(context: Context) -> str:
    """Return the name of the active environment: the default one, unless another was switched to."""
    name = (read_record(context.project.state / _ACTIVE) or {}).get("name")
    return sanitised(name) if isinstance(name, str) else default_of(context)


def good_of(context: Context, name: str | None = None) -> Good | None:
    """Return an environment as it was made last, None where it was not. name: None for the active one."""
    return read_good(context.project, name or active_name(context), default_of(context))


def entering_of(context: Context, name: str, applied: Applied, inode: int | None = None) -> Entering:
    """Return an environment as a shell enters it, with the prompt that the settings say.

    inode: of the directory that holds it, where the code is to look for that.
    """
    setting = context.settings.prompt
    template = PROMPT if setting is None or setting is True else setting
    shown = in_prompt(template, applied.backend, name) if template else None
    generation = applied.generation
    held = None if inode is None or generation is None else (home_of(context.project, name).path / generation, inode)
    return Entering(name, applied, shown, path_of(context.project), held)


def outdated(context: Context, good: Good | None) -> tuple[str, ...]:
    """Return a sentence where the declaration has changed since an environment was made of it."""
    if good is None:
        return ()
    found = declared_revision(context.project, context.declaration()), lock_revision(context.project)
    if good.is_of(found, context.project):
        return ()
    if good.applied.overridden:
        return (f"What is applied {good.unlike()}: {do('apply')} makes it of the files alone.",)
    return (f"The declaration has changed since it was applied (revision {good.revision}): {do('apply')}.",)


def switch_to(context: Context, name: str) -> None:
    """Make an environment the active one until another is; the default one by no record at all."""
    path = context.project.state / _ACTIVE
    if name == default_of(context):
        forget(path)
        return
    make_directory(context.project.state)
    write_record(path, {"name": name})


def keep_default(context: Context, name: str) -> None:
    """Remember the default environment's name once something was made by it: a directory may be renamed."""
    if name == default_of(context) and kept_default(context.project.state) != name:
        write_record(context.project.state / "default.json", {"name": name})
