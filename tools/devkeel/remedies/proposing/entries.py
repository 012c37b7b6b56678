"""What lets a shell be entered, where the declaration itself is right: a command, or a call of devkeel's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.project.envrc import ENVRC
from devkeel.project.root import DECLARATION
from devkeel.remedies.fix import Fix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_USES, _DEFINES = "use devenv", 'eval "$(devenv direnvrc)"'

_FIXES: dict[str, Fix] = {
    "direnv_blocked": Fix(
        "Let direnv load the .envrc, after you have read it.",
        command="direnv allow",
        uncertain="It runs what the file says: a person looks at it first.",
    ),
    "processes_running": Fix("Stop the processes that run already.", command="devenv processes down", call=do("stop")),
    "not_pure": Fix("Enter it so that devenv sees the directory.", command="nix develop --no-pure-eval"),
    "nix_feature_disabled": Fix(
        "Add the feature to `extra-experimental-features` in nix.conf: it is a setting of this machine's Nix."
    ),
    "nix_daemon": Fix("Start the Nix daemon of this machine: it does not answer."),
}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the command or the call that lets the shell be entered."""
    code = cause.facts.get("code", "")
    if code == "no_declaration" and not situation.context.source.exists(DECLARATION):
        yield Fix("Begin a minimal environment.", command="devenv init", call=do("begin"))
    elif code == "no_direnvrc" and situation.has_devenv:
        yield from _defining(situation)
    elif code in _FIXES:
        yield _FIXES[code]


def _defining(situation: Situation) -> Iterator[Fix]:
    """Yield the line that defines `use devenv`, before where it is called."""
    text = (situation.read(ENVRC) or b"").decode("utf-8", "replace")
    if _DEFINES not in text and len(re.findall(rf"^{_USES}$", text, re.MULTILINE)) == 1 == text.count(_USES):
        edit = {"kind": "replace_text", "file": ENVRC, "old": _USES, "new": f"{_DEFINES}\n\n{_USES}"}
        yield Fix("Define `use devenv` where it is called.", (edit,), uncertain="direnv asks to be allowed again.")
    yield Fix("Write the .envrc that enters this environment anew.", call=do("envrc"))
