"""Standard input and output as the transport: one message a line, each that has an id answered, memory bounded.

The reader stops where the client does not take its answers, and where too many requests are under way. An answer of the
client, a cancellation or a notification that it still has to send waits behind them, so it does not stop for ever.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import asynccontextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, jsonrpc_message_adapter
from pydantic import ValidationError

from devkeel_mcp.transports.envelope import examine, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

__all__ = ["stdio_streams"]

# What one client may have under way. bytes of a line; nesting; requests without an answer; answers that wait for the
# client to read; seconds after which more is read although nothing was answered, and refused where it is a request.
_LINE = 16 * 1024 * 1024
_DEPTH = 100
_UNDER_WAY = 200
_WAITING = 16
_PATIENCE = 5.0
_PIECE = 64 * 1024
_CANCELLED = "notifications/cancelled"


@asynccontextmanager
async def stdio_streams() -> AsyncIterator[
    tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]
]:
    """Serve over the process's own streams; meanwhile programs and stray prints get neither of them."""
    incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
    with _claimed(0, "rb") as source, _claimed(1, "wb") as sink:
        line = _Wire(source, sink, incoming, outgoing)
        async with anyio.create_task_group() as group:
            group.start_soon(line.read)
            group.start_soon(line.write)
            yield read, write


class _claimed:  # noqa: N801  (a context manager, used as a word)
    """A standard stream for the wire alone: its number leads to nothing, or to stderr, until the end."""

    def __init__(self, number: int, mode: str) -> None:
        self._number = number
        self._mode = mode

    def __enter__(self) -> IO[bytes]:
        # F_DUPFD_CLOEXEC (fcntl(2)): a program that is started must not have the wire; MCP, stdio: nothing but messages
        # goes to stdout.
        self._private = fcntl.fcntl(self._number, fcntl.F_DUPFD_CLOEXEC, 3)
        other = os.open(os.devnull, os.O_RDONLY) if self._number == 0 else os.dup(2)
        # dup2(2) exchanges what a number means in one step: between closing and opening another thread could get it.
        os.dup2(other, self._number)
        os.close(other)
        # Not closed: a thread may still wait in it when everything else has ended.
        return os.fdopen(self._private, self._mode, closefd=False)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            os.dup2(self._private, self._number)


class _Wire:
    """The two directions of the wire, and what they know of each other."""

    def __init__(
        self,
        source: IO[bytes],
        sink: IO[bytes],
        incoming: MemoryObjectSendStream[SessionMessage | Exception],
        outgoing: MemoryObjectReceiveStream[SessionMessage],
    ) -> None:
        self._source, self._sink = source, sink
        self._incoming, self._outgoing = incoming, outgoing
        self._under_way: set[str] = set()
        self._written = anyio.Event()
        # Threads of their own: forty calls that take long must not keep a cancellation from being read.
        self._reading, self._writing = anyio.CapacityLimiter(1), anyio.CapacityLimiter(1)
        self._lock = anyio.Lock()

    async def read(self) -> None:
        """Hand on messages until the input ends."""
        async with self._incoming:
            while (line := await anyio.to_thread.run_sync(self._next, limiter=self._reading)) is not None:
                with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                    await self._take(line)
                await self._room()

    def _next(self) -> bytes | None:
        """Return the next line, or the beginning of one that is too long; None at the end."""
        try:
            line = self._source.readline(_LINE + 1)
            if len(line) > _LINE and not line.endswith(b"\n"):
                while (more := self._source.readline(_PIECE)) and not more.endswith(b"\n"):
                    pass
                return line[:_PIECE]
        except (OSError, ValueError):
            return None
        return line or None

    async def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        examined = examine(line, _DEPTH)
        for answer in examined.answers:
            await self._say(json.dumps(answer))
        if examined.message is None:
            return
        try:
            message = jsonrpc_message_adapter.validate_python(examined.message, by_name=False)
        except ValidationError:
            if "method" in examined.message and "id" in examined.message:
                told = refusal(examined.message["id"], -32600, "The message is not a request.")
                await self._say(json.dumps(told))
            return
        if isinstance(message, JSONRPCRequest):
            if len(self._under_way) >= _UNDER_WAY:
                await self._say(json.dumps(refusal(message.id)))
                return
            self._under_way.add(str(message.id))
        elif isinstance(message, JSONRPCNotification) and message.method == _CANCELLED:
            # MCP, Cancellation: a request that was cancelled gets no answer.
            self._under_way.discard(str((message.params or {}).get("requestId")))
        await self._incoming.send(SessionMessage(message))

    async def _room(self) -> None:
        """Wait while the client does not read, and a while where it asks for more than is answered."""
        while self._outgoing.statistics().tasks_waiting_send >= _WAITING:
            await self._written.wait()
        while len(self._under_way) >= _UNDER_WAY:
            with anyio.move_on_after(_PATIENCE) as waiting:
                await self._written.wait()
            if waiting.cancelled_caught:
                return

    async def write(self) -> None:
        """Write what the server says until it has done, or until there is no reader any more."""
        async with self._outgoing:
            async for item in self._outgoing:
                message: Any = item.message
                if isinstance(message, (JSONRPCResponse, JSONRPCError)):
                    self._under_way.discard(str(message.id))
                try:
                    text = message.model_dump_json(by_alias=True, exclude_unset=True)
                except ValueError:  # what is no text in UTF-8
                    text = json.dumps(refusal(getattr(message, "id", None), -32603, "The answer is no text."))
                await self._say(text)
                self._written.set()
                self._written = anyio.Event()

    async def _say(self, text: str) -> None:
        # MCP, stdio: a newline ends a message and stands in none.
        async with self._lock:
            await anyio.to_thread.run_sync(self._put, text.encode() + b"\n", limiter=self._writing)

    def _put(self, data: bytes) -> None:
        # Who has closed the pipe hears nothing; the input of such a client ends too.
        with suppress(OSError, ValueError):
            self._sink.write(data)
            self._sink.flush()
