"""What an `.envrc` says of options: devenv takes some from its command line, above those of every module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.policy.mentions.facts import Fact

if TYPE_CHECKING:
    from devkeel.policy.mentions.facts import DeclarationFiles

__all__ = ["read"]

_ENVRC = ".envrc"
_OVERRIDES = re.compile(r"DEVENV_|(?:^|\s)(?:-O|-P|-o|--option|--override\S*|--profile)\b")

_SETS = r"=|^\s*(?:source|\.|dotenv|source_env|load_prefix|eval)\w*\s"


def read(files: DeclarationFiles, environment: set[str]) -> list[Fact]:
    """Return the lines that override options, inputs or the profile, or that set what the option is read from.

    environment: names of variables that it reads; `*` where the names are not in the text.
    """
    names = "|".join(map(re.escape, environment - {"*"}))
    setting = re.compile(_SETS if "*" in environment else rf"\b(?:{names})\b" if names else r"(?!)")
    data = files.read(_ENVRC)
    lines = (data or b"").decode("utf-8", "replace").replace("\\\n", " ").splitlines()
    return [
        Fact(" ".join(line.split()), "an override in .envrc", _ENVRC, number, opaque=True)
        for number, line in enumerate(lines, 1)
        if (_OVERRIDES.search(line) or setting.search(line)) and not line.lstrip().startswith("#")
    ]
