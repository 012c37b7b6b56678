"""The server: which tools there are, what it says about itself, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from devkeel import __version__
from devkeel.deferred import Deferred
from devkeel_loopback.logs import start_logging
from devkeel_mcp.calls.call import Workspace
from devkeel_mcp.calls.offer import Offer
from devkeel_mcp.parent import until_orphaned
from devkeel_mcp.server import OfferingServer
from devkeel_mcp.telemetry.traces import flush_traces, start_traces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path

    from mcp.server import MCPServer

    from devkeel import runtime
    from devkeel_loopback.logs import LogFormat
    from devkeel_mcp.transports import http as streamable
    from devkeel_mcp.transports.http import Http
else:
    streamable = Deferred("devkeel_mcp.transports.http")
    runtime = Deferred("devkeel.runtime")

__all__ = ["INSTRUCTIONS", "build_server", "serve"]

_GRACE = 2.0

INSTRUCTIONS = """\
devkeel changes this project's development environment (devenv.nix, pyproject.toml, environment.yml) in transactions: \
a change is checked first, then published in one step, or no byte moves. Prefer these tools to editing \
the files yourself.

1. inspect_environment: what is declared and where, and the revision.
2. Try the change with dry_run=true: add_packages, add_library, enable_service or edit_environment (any list of \
edits, all or nothing). It answers with diff and checks. patch_file is for what these refuse.
3. Repeat it without dry_run, with a reason and the revision you saw as expected_revision. A "conflict" means \
that somebody else edited the files: inspect again, then repeat.
4. apply_environment builds it, run_command runs programs in it, manage_processes starts services and waits \
until they are ready. on_failure="restore" goes back. What takes long is a job.
5. What fails has `causes` with edits that mend it; diagnose finds them in any text.
6. undo takes an operation back; show_history lists them.

Errors name the place, what was seen, alternatives and what to do next. A result says which checks ran, \
and which were skipped and why: a skipped check proved nothing.
"""
CORE = Offer()


def build_server(root: Path, offer: Offer = CORE) -> MCPServer[Any]:
    """Return the server for the project at `root`; nothing of the project is read until a tool is called."""
    return _server(Workspace(root), offer)


def _server(workspace: Workspace, offer: Offer) -> OfferingServer:
    return OfferingServer(
        "devkeel",
        title="devkeel",
        version=__version__,
        instructions=INSTRUCTIONS,
        workspace=workspace,
        offer=offer,
        log_level="WARNING",
    )


def serve(
    root: Path,
    offer: Offer = CORE,
    *,
    http: Http | None = None,
    log_format: LogFormat = "plain",
    log_level: str = "warning",
    traces: bool = False,
    events: Path | None = None,
) -> None:
    """Serve the project at `root` until a signal asks to stop; over stdio also until the input ends.

    events: a file that gets them, whatever the settings say. Raises UsageError where that, or traces, cannot be.
    """
    workspace = Workspace(root, events_file=events, traces=traces)
    if traces:
        start_traces(workspace.disclosure)
    workspace.listen()
    server = _server(workspace, offer)
    server.prepare()
    start_logging(log_format, log_level, workspace.disclosure)
    if http is None:
        anyio.run(_serve, workspace, server.run_stdio_async, _end_with_parent)
        return
    # Only here: the web server, which stdio does not need.

    with http.listen() as listening:
        anyio.run(_serve, workspace, partial(streamable.run_http, server, http, listening))


async def _serve(
    workspace: Workspace, run: Callable[[], Awaitable[None]], *watches: Callable[[Workspace], Coroutine[Any, Any, None]]
) -> None:
    async with anyio.create_task_group() as group:
        for watch in (_end_on_signal, *watches):
            group.start_soon(watch, workspace)
        try:
            await run()
        finally:
            await workspace.close()
        group.cancel_scope.cancel()


async def _end_with_parent(workspace: Workspace) -> None:
    await until_orphaned()
    await _end(workspace, 0)


async def _end_on_signal(workspace: Workspace) -> None:
    # MCP, stdio: a client closes the input, then sends SIGTERM, and SIGKILL to what goes on. SIGHUP is the end of a
    # terminal.
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async for number in signals:
            # As a shell reports a signal (bash(1), EXIT STATUS).
            await _end(workspace, 128 + number)


async def _end(workspace: Workspace, code: int) -> None:
    """End the process between two writes, and everything that it runs.

    The SDK's reader blocks a thread on standard input, which no cancellation reaches: an orderly exit would
    wait for the host to close the pipe. Holding the write lock means that no transaction is under way; a check that is
    running is ended, so that the write that waits for it is given up.
    """
    await workspace.close()
    survivors = await anyio.to_thread.run_sync(runtime.end_children, _GRACE)
    async with workspace.writing:
        survivors = runtime.end_children(_GRACE) if survivors else survivors
        if survivors:
            print(f"devkeel: these processes could not be ended: {survivors}", file=sys.stderr, flush=True)  # noqa: T201
        await anyio.to_thread.run_sync(workspace.deliver)
        await anyio.to_thread.run_sync(flush_traces)
        logging.shutdown()
        os._exit(code)
