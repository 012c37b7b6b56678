"""Which environment is meant where a call names none: the default one, or the one that was switched to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.environments.applied import read_good
from devkeel.environments.names import default_name, kept_default, sanitised
from devkeel.state.files import forget, make_directory, read_record, write_record

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.environments.applied import Good

__all__ = ["active_name", "default_of", "good_of", "keep_default", "switch_to"]

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
