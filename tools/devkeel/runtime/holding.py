"""Programs that run code of a project or of a library, held where the caller has to be held.

What builds, installs, imports or enters is run by `run_held`. Who holds it is set once a call, by `held_by`, and stays
set for the jobs that the call starts. What cannot be held is refused by `require_unheld`.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from devkeel.errors import Unavailable
from devkeel.runtime.process import LIMIT, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devkeel.runtime.process import Completed

__all__ = ["HeldProgram", "ProgramHolder", "held_by", "is_held", "require_unheld", "run_held"]


class HeldProgram(Struct, frozen=True):
    """A program that is to be held. timeout: seconds. limit: bytes of each output.

    within: the words before it that put it into a stage. reads, writes: paths that it needs beside the project and the
    system.
    """

    argv: tuple[str, ...]
    timeout: float
    stdin: bytes = b""
    environment: Mapping[str, str] | None = None
    cwd: Path | None = None
    limit: int = LIMIT
    within: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


class ProgramHolder(Protocol):
    """Who holds programs."""

    def run(self, program: HeldProgram) -> Completed:
        """Run a program, and return what came of it. Raises Unavailable `not_sandboxed`."""


_HOLDER: ContextVar[ProgramHolder | None] = ContextVar("holder", default=None)


@contextmanager
def held_by(holder: ProgramHolder | None) -> Iterator[None]:
    """Let what brings code of others be held meanwhile; None leaves it as it is."""
    if holder is None:
        yield
        return
    token = _HOLDER.set(holder)
    try:
        yield
    finally:
        _HOLDER.reset(token)


def is_held() -> bool:
    """Return whether the caller is held."""
    return _HOLDER.get() is not None


def require_unheld(what: str, remedy: str) -> None:
    """Refuse what no sandbox holds yet. what: a sentence. Raises Unavailable `not_sandboxed`."""
    if is_held():
        raise Unavailable("not_sandboxed", what, remedy=remedy)


def run_held(program: HeldProgram) -> Completed:
    """Run a program as `run` does, held where the caller is."""
    holder = _HOLDER.get()
    if holder is not None:
        return holder.run(program)
    return run(
        (*program.within, *program.argv),
        stdin=program.stdin,
        timeout=program.timeout,
        environment=program.environment,
        cwd=program.cwd,
        limit=program.limit,
    )
