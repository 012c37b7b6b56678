"""A setting of the environment that a program looks for: in devenv as an option, else as its own project has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.remedies.fix import Fix
from devkeel.remedies.manifests import PACKAGE
from devkeel.remedies.series import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_LEGACY = "--openssl-legacy-provider"
_SCRIPT = re.compile(r"^> (?P<command>[^\n@>]{2,200})$", re.MULTILINE)


def _expression(path: str, source: str) -> dict[str, Any]:
    return {"kind": "set", "path": path, "expression": source}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the edits that set it."""
    if cause.subject == "openssl" and not situation.has_nix:
        yield from _in_script(situation)
    elif cause.subject == "headful-jdk" and situation.has_devenv:
        yield from _headful(situation)


def _headful(situation: Situation) -> Iterator[Fix]:
    path = f"languages.java.{LANGUAGES['java'].option}"
    said = situation.definition(path)
    found = re.fullmatch(r"pkgs\.(jdk\d*)_headless", said.source or "") if said is not None else None
    if found is not None:
        yield Fix(f"Takes {found[1]}, which has windows.", (_expression(path, f"pkgs.{found[1]}"),))


def _in_script(situation: Situation) -> Iterator[Fix]:
    """Without devenv the script of package.json that failed sets the variable for what it runs."""
    text = (situation.read(PACKAGE) or b"").decode("utf-8", "replace")
    for match in _SCRIPT.finditer(situation.text[-200_000:]):
        command = match["command"].strip()
        old = f'"{command}"'
        if '"' not in command and "\\" not in command and "NODE_OPTIONS" not in command and text.count(old) == 1:
            edit = {"kind": "replace_text", "file": PACKAGE, "old": old, "new": f'"NODE_OPTIONS={_LEGACY} {command}"'}
            yield Fix("Lets Node.js use what OpenSSL 3 calls legacy, in the script that failed.", (edit,))
            return
