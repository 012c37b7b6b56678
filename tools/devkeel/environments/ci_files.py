"""The files by which a step of a CI job says what the later steps see.

GitHub, "Workflow commands for GitHub Actions": `GITHUB_ENV` takes variables, `GITHUB_PATH` directories that come before
`PATH`, each before those of the lines above it. CircleCI, "Set an environment variable": each step sources `BASH_ENV`.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.errors import StateError, UsageError
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.environments.shell_code import Entering

__all__ = ["enter_later_steps"]

_VARIABLES, _PATHS, _SCRIPT = "GITHUB_ENV", "GITHUB_PATH", "BASH_ENV"
# GitHub, "Workflow commands": these cannot be set by GITHUB_ENV; the runner says so and goes on.
_NOT_SET = frozenset({"NODE_OPTIONS"})
_NOT_SET_START = ("GITHUB_", "RUNNER_")


def enter_later_steps(entering: Entering, environment: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Append what enters an environment to the files of the job; return these and the names that they cannot carry.

    environment: the variables of the step. Raises UsageError `no_ci` where they name no such file.
    """
    if environment.get(_VARIABLES) and environment.get(_PATHS):
        variables = {**entering.applied.variables, **entering.said}
        path = variables.pop("PATH", "")
        _append(environment[_PATHS], "".join(f"{folder}\n" for folder in _folders(path)))
        left = tuple(name for name in variables if name in _NOT_SET or name.startswith(_NOT_SET_START))
        # A later step has no way to be without a variable: an empty one is the nearest that there is.
        emptied = {name: "" for name in entering.applied.unset if environment.get(name)}
        carried = {name: text for name, text in variables.items() if name not in left}
        _append(environment[_VARIABLES], "".join(_assignments({**emptied, **carried})))
        return (environment[_VARIABLES], environment[_PATHS]), (*left, *emptied)
    if environment.get(_SCRIPT):
        # Not by the file of the project, which enters the active environment, whatever the call names.
        _append(environment[_SCRIPT], entering.code())
        return (environment[_SCRIPT],), ()
    raise UsageError(
        "no_ci",
        "This is no step of a CI job that has files for its later steps: neither GITHUB_ENV with GITHUB_PATH nor "
        "BASH_ENV is set.",
        remedy=f"In one shell, let it evaluate what {do('enter')} prints; or run each command by {do('run')}.",
    )


def _folders(path: str) -> Iterator[str]:
    yield from reversed([folder for folder in path.split(":") if folder])


def _assignments(variables: Mapping[str, str]) -> Iterator[str]:
    for name, text in variables.items():
        mark = f"end-{secrets.token_hex(8)}"  # what no value has as a line of its own
        yield f"{name}<<{mark}\n{text}\n{mark}\n"


def _append(place: str, text: str) -> None:
    try:
        with Path(place).open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
    except OSError as error:
        raise StateError(
            "not_writable",
            f"{place} cannot be written: {error.strerror}.",
            seen=place,
            remedy="The CI job names this file for its later steps: see why this step cannot write it.",
        ) from error
