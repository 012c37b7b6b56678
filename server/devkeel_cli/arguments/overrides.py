"""`--override-input NAME=DIR`: an input of the project's flake from a directory, for one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from devkeel.api import Environment

__all__ = ["override_option", "overriding"]


def _read(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for item in given:
        name, mark, place = item.partition("=")
        if not (name and mark and place):
            raise click.BadParameter(f"{item!r} is not NAME=DIR")
        found[name] = place
    return found


override_option = click.option(
    "--override-input",
    "overrides",
    metavar="NAME=DIR",
    multiple=True,
    callback=_read,
    help="Take an input of flake.nix from a directory, for this call; no file says so. Repeatable.",
)


def overriding(environment: Environment, overrides: dict[str, str]) -> Environment:
    """Return the environment that takes inputs from there; relative directories are below the current one."""
    return environment.overriding(overrides, Path.cwd()) if overrides else environment
