"""What shows Nix a file that Git does not track: a flake sees only what Git knows of."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from devkeel.candidate.withheld import is_secret_file
from devkeel.remedies.fix import Fix
from devkeel.text.secrets import names_a_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_PATH = re.compile(r"[\w.@+/-]+")


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the command that lets Git track the file, where the project has it; nothing where it is not there."""
    name = posixpath.normpath(cause.subject)
    if not _PATH.fullmatch(name) or name.startswith(("/", "-", "..")) or not situation.context.source.exists(name):
        return
    if _is_private(situation, name):
        yield Fix(
            f"{name} is by its look what only its owner should see: a flake would copy it to the Nix store, which all "
            "users of the machine read, and Git would keep it. Let the program read it when it runs, or use secretspec."
        )
        return
    yield Fix(
        f"Let Git track {name}: a flake sees no other files.",
        command=f"git add {shlex.quote(name)}",
        uncertain="Nothing is committed by it; `git add --intent-to-add` is enough for Nix.",
    )


def _is_private(situation: Situation, name: str) -> bool:
    """Return whether a file should be in no repository, by the names on its way or by what is in it."""
    parts = name.split("/")
    stems = [part.lstrip(".").partition(".")[0] for part in parts]
    settings = any(_SETTINGS.match(part) for part in parts if part not in _SHARED)
    root = situation.context.project.root
    return settings or any(map(names_a_secret, stems)) or is_secret_file(root, name)


# Files of variables by what they are called (`.env-prod`, `prod.env`), and those that are made to be shared.
_SETTINGS = re.compile(r"\.env(?!rc$)|.{1,200}\.env$", re.IGNORECASE)
_SHARED = frozenset({".env.example", ".env.sample", ".env.template", "example.env"})
