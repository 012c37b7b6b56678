"""What shows Nix a file that Git does not track: a flake sees only what Git knows of."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from devkeel.remedies.fix import Fix

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
    yield Fix(
        f"Let Git track {name}: a flake sees no other files.",
        command=f"git add {shlex.quote(name)}",
        uncertain="Nothing is committed by it; `git add --intent-to-add` is enough for Nix.",
    )
