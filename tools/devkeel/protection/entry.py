"""What an `.envrc` says of options: devenv takes some from its command line, above those of every module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.protection.facts import Fact

if TYPE_CHECKING:
    from devkeel.protection.facts import Files

__all__ = ["read"]

_ENVRC = ".envrc"
_OVERRIDES = re.compile(r"DEVENV_|(?:^|\s)(?:-O|-P|-o|--option|--override\S*|--profile)\b")


def read(files: Files) -> list[Fact]:
    """Return the lines that override options, inputs or the profile."""
    data = files.read(_ENVRC)
    lines = (data or b"").decode("utf-8", "replace").replace("\\\n", " ").splitlines()
    return [
        Fact(" ".join(line.split()), "an override in .envrc", _ENVRC, number, opaque=True)
        for number, line in enumerate(lines, 1)
        if _OVERRIDES.search(line) and not line.lstrip().startswith("#")
    ]
