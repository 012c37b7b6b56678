"""Programs that run code of a project or of a library, held where the caller has to be held.

What builds, installs, imports or enters is run by `run_held`. Who holds it is set once a call, by `held_by`, and stays
set for the jobs that the call starts. What cannot be held is refused by `require_unheld`.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from devkeel.errors import Unavailable
from devkeel.runtime.process import LIMIT, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devkeel.runtime.process import Completed

__all__ = ["ProgramHolder", "held_by", "is_held", "require_unheld", "run_held"]


class ProgramHolder(Protocol):
    """Who holds programs; its arguments are those of `run_held`."""

    def run(  # noqa: PLR0913  (as `run_held`)
        self,
        argv: tuple[str, ...],
        *,
        stdin: bytes,
        timeout: float,
        environment: Mapping[str, str] | None,
        cwd: Path | None,
        limit: int,
        within: tuple[str, ...],
        reads: tuple[str, ...],
        writes: tuple[str, ...],
    ) -> Completed:
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


def run_held(  # noqa: PLR0913  (as `run`, and what is seen)
    argv: tuple[str, ...],
    *,
    stdin: bytes = b"",
    timeout: float,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limit: int = LIMIT,
    within: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
    writes: tuple[str, ...] = (),
) -> Completed:
    """Run a program as `run` does, held where the caller is.

    within: the words before it that put it into a stage. reads, writes: paths that it needs beside the project and the
    system.
    """
    holder = _HOLDER.get()
    if holder is None:
        command = (*within, *argv)
        return run(command, stdin=stdin, timeout=timeout, environment=environment, cwd=cwd, limit=limit)
    return holder.run(
        argv,
        stdin=stdin,
        timeout=timeout,
        environment=environment,
        cwd=cwd,
        limit=limit,
        within=within,
        reads=reads,
        writes=writes,
    )
