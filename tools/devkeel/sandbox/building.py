"""Builds of libraries and what else runs code of others for a caller who is held: each program in a sandbox."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.runtime.process import run
from devkeel.runtime.programs import find_program, located
from devkeel.sandbox.sandbox import Sandbox
from devkeel.sandbox.view import View, python_places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.runtime.holding import HeldProgram
    from devkeel.runtime.process import Completed

__all__ = ["Building"]

# Where installers keep what they fetched: the sandbox has an empty home for that.
_CACHES = frozenset({"UV_CACHE_DIR", "PIP_CACHE_DIR", "CARGO_HOME", "npm_config_cache", "NPM_CONFIG_CACHE"})
# Directories of packages that the caller's own variables name.
_PACKAGES = ("PIP_FIND_LINKS", "UV_FIND_LINKS")


class Building(Struct, frozen=True):
    """What holds them. root: the project. network: whether they have the network."""

    root: Path
    network: bool

    def run(self, program: HeldProgram) -> Completed:
        """Run a program in a sandbox; one that could not be made raises Unavailable `not_sandboxed`."""
        given = {name: text for name, text in (program.environment or {}).items() if name not in _CACHES}
        first, *rest = program.argv
        found = first if "/" in first else located(first, given.get("PATH", "")) or find_program(first)
        command = (found or first, *rest)
        links = [place for name in _PACKAGES for place in given.get(name, "").split() if place.startswith("/")]
        read = dict.fromkeys((*program.reads, *links, *(place for word in command for place in _needed(word))))
        view = View(self.root, self.network, tuple(read), program.writes, indexes=True, staged=bool(program.within))
        if os.path.basename(command[0]) == "uv":  # noqa: PTH119  (as text)
            # Its cache is in memory, and no hard link leads from there to a disk (link(2), EXDEV).
            given = {"UV_LINK_MODE": "copy", **given}
        place = program.cwd if program.cwd is not None else Path("/")
        with Sandbox(view).holding(command, place, given) as holding:
            done = run(
                (*program.within, *holding.argv),
                stdin=program.stdin,
                timeout=program.timeout,
                environment={},
                cwd=program.cwd,
                limit=program.limit,
                inherits=holding.inherits,
            )
            holding.account(done.stderr.decode("utf-8", "replace"))
        return replace(done, argv=program.argv)


def _needed(word: str) -> Iterator[str]:
    """Yield what has to be seen for a word of a command that is a program."""
    if word.startswith("/") and "\n" not in word and os.access(word, os.X_OK) and Path(word).is_file():
        yield from (word, os.path.realpath(word), *python_places(word))
