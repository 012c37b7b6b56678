"""What is declared and not installed, or not made yet: the one command that does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.remedies.fix import Fix
from devkeel.remedies.manifests import javascript_manager
from devkeel.remedies.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_NAME = re.compile(r"[A-Za-z0-9][\w-]{1,40}")
# Where npm is named, and the project has another manager.
_RUNS = {"npx": {"pnpm": ("pnpm", "exec"), "yarn": ("yarn",), "bun": ("bunx",)}}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the command that installs or makes what is declared."""
    words = table("commands").get(cause.facts.get("do", ""))
    if words is None:
        return
    name = cause.facts.get("name", "")
    if "{name}" in words:
        if not _NAME.fullmatch(name):
            return
        words = tuple(name if word == "{name}" else word for word in words)
    if words[0] in _RUNS:
        words = (*_RUNS["npx"].get(javascript_manager(situation), ("npx",)), *words[1:])
    command = " ".join(words)
    yield Fix(f"{cause.subject}: {command} installs or makes what is declared.", command=command)
