"""One tool call: who asks, and how the library's blocking verbs run beside the event loop."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread

from devkeel.display import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcp.server.mcpserver import Context

    from devkeel.environment import Environment

__all__ = ["Call", "Workspace", "actor_of"]

T = TypeVar("T")
UNKNOWN_ACTOR = "mcp client"
_MAX_ACTOR = 80


@dataclass(frozen=True)
class Workspace:
    """The project that a server serves; `writing` is held by the one write that is under way."""

    root: Path
    writing: anyio.Lock = field(default_factory=anyio.Lock)


@dataclass(frozen=True)
class Call:
    """One tool call on a workspace."""

    workspace: Workspace
    actor: str

    async def read(self, work: Callable[[Environment], T]) -> T:
        """Run a verb that writes nothing, in a thread."""
        return await anyio.to_thread.run_sync(self._run, work)

    async def write(self, work: Callable[[Environment], T]) -> T:
        """Run a verb that may write, one at a time; once started it finishes, whatever the client does."""
        async with self.workspace.writing:
            # Not abandoned when the call is cancelled, which is run_sync's default: the wait is shielded.
            return await anyio.to_thread.run_sync(self._run, work, abandon_on_cancel=False)

    async def operate(self, work: Callable[[Environment], T]) -> T:
        """Run a verb that starts or ends programs, beside the writes: it may take long, and finishes once started."""
        return await anyio.to_thread.run_sync(self._run, work, abandon_on_cancel=False)

    def _run(self, work: Callable[[Environment], T]) -> T:
        # Imported here so that the handshake does not wait for parsers and the database.
        from devkeel.environment import Environment  # noqa: PLC0415

        with closing(Environment(self.workspace.root, actor=self.actor)) as environment:
            return work(environment)


def actor_of(context: Context[Any, Any]) -> str:
    """Return the client's name and version, from the handshake or the request's envelope, in either era."""
    try:
        parameters = context.session.client_params
    except ValueError:  # a call from inside the process, outside any request
        return UNKNOWN_ACTOR
    if parameters is None:
        return UNKNOWN_ACTOR
    client = parameters.client_info
    name = one_line(f"{client.name} {client.version}")
    return name[:_MAX_ACTOR] or UNKNOWN_ACTOR
