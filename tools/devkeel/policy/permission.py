"""May this run code? What a caller lets devkeel run of what a project, or a library of it, brings.

Every call begins by looking, which runs none of that: `devkeel.runtime.programs`. Whether one goes on to `executing`,
and whether an evaluation may fetch what is pinned, is answered here for the library, the server and the command.
"""

from __future__ import annotations

from msgspec import Struct

__all__ = ["EVERYTHING", "NOTHING", "Permission", "builds"]

_BUILD = "build"
# The levels that run programs, and are asked for by name where a call only tries.
_RUNNING = ("evaluation", _BUILD)


def builds(level: str | None) -> bool:
    """Return whether a check up to this level builds, which runs what the declaration says."""
    return level == _BUILD


class Permission(Struct, frozen=True):
    """What a caller lets a call run.

    executes: whether it may run what the project or a library brings, as builds, resolvers and hooks do, and fetch what
    is pinned for them.
    """

    executes: bool = True

    def of_call(self, *, dry_run: bool, level: str | None = None) -> Permission:
        """Return what one call may run. level: the one that the call itself names.

        What is only tried runs nothing, whatever the settings of the project say, unless the call names a level that
        runs something.
        """
        return NOTHING if dry_run and level not in _RUNNING else self


EVERYTHING = Permission()
NOTHING = Permission(executes=False)
