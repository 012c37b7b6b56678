"""Whether direnv allows the project's `.envrc`, asked without running it; and allowing it where the settings say so."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from devkeel.errors import DevkeelError, Unavailable
from devkeel.project.envrc import ENVRC, entering, enters_another, is_ours
from devkeel.runtime import find_program, is_foreign, run
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.project.root import Project
    from devkeel.runtime import Completed

__all__ = ["State", "advice", "allow", "entering_advice", "state_of", "trusted"]

State = Literal["allowed", "not_allowed", "denied"]

_LOOKING, _ALLOWING = 2.0, 10.0  # seconds
# Before 2.33 `--json` is not known, and what a person reads is printed.
_TOLD = re.compile(r"^Found RC (path|allowed) (.*)$", re.MULTILINE)
# direnv's `AllowStatus` (internal/cmd/rc.go), and what it was before there were three. What direnv.toml whitelists is
# allowed too.
_STATES: dict[str, State] = {
    "0": "allowed",
    "true": "allowed",
    "1": "not_allowed",
    "false": "not_allowed",
    "2": "denied",
}


def state_of(project: Project) -> State | None:
    """Return what direnv would do with the `.envrc`; None without one, without direnv, or where it does not say."""
    program = find_program("direnv") if project.exists(ENVRC) else None
    if program is None:
        return None
    with suppress(Unavailable):
        found = _ask(project, program, "status", "--json", seconds=_LOOKING)
        path, told = _found(found.stdout.decode("utf-8", "replace"))
        # Further up there may be another one, which is not the project's.
        return _STATES.get(told) if path == str(project.root / ENVRC) else None
    return None


def advice(project: Project) -> tuple[str, ...]:
    """Return a sentence about an `.envrc` that direnv will not load, or nothing."""
    match state_of(project):
        case "not_allowed":
            return (f"direnv has not allowed {ENVRC}: run `direnv allow`.",)
        case "denied":
            return (f"direnv was told to deny {ENVRC}: run `direnv allow` to take that back.",)
    return ()


def entering_advice(project: Project) -> tuple[str, ...]:
    """Return a sentence about an `.envrc` that enters another environment than commands run in, or nothing."""
    text = project.read(ENVRC)
    told = enters_another(text)
    if text is None or told is None:
        return ()
    if is_ours(text):
        return (f"{told}: an older devkeel wrote it, and {do('envrc')} renews it.",)
    return (f"{told}: put `{entering(())[0]}` in its place to be in the same.",)


def trusted(project: Project) -> bool:
    """Return whether there is no `.envrc`, or one that direnv allows: devkeel vouches only for its own change to it."""
    return not project.exists(ENVRC) or state_of(project) == "allowed"


def allow(project: Project, published: bytes) -> bool:
    """Let direnv allow the `.envrc`, and return whether it did; one that is not what was published is left alone."""
    program = find_program("direnv")
    with suppress(DevkeelError):
        if program is not None and project.read(ENVRC) == published:
            return not _ask(project, program, "allow", seconds=_ALLOWING).returncode
    return False


def _ask(project: Project, program: str, *arguments: str, seconds: float) -> Completed:
    """Run direnv in the root. Raises Unavailable where it does not end."""
    settings = os.environ.get("DIRENV_CONFIG")
    # direnv(1), FILES: its settings may whitelist whole directories (direnv.toml(1), whitelist), so none of the
    # project's is read.
    own = {} if settings is None or is_foreign(settings) else {"DIRENV_CONFIG": settings}
    return run((program, *arguments), timeout=seconds, environment=own, cwd=project.root)


def _found(printed: str) -> tuple[str | None, str]:
    """Return the path of the file that direnv found, and how it says whether that is allowed."""
    try:
        found = json.loads(printed)["state"]["foundRC"] or {}
    except (ValueError, KeyError, TypeError):
        found = dict(_TOLD.findall(printed))
    return found.get("path"), str(found.get("allowed")).lower()
