"""The server: which tools there are, what it says about itself, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from mcp.server import MCPServer

from devkeel import __version__
from devkeel.runtime import end_children
from devkeel_mcp.call import UNKNOWN_ACTOR, Call, Workspace
from devkeel_mcp.tool import StrictTool
from devkeel_mcp.tools import TOOLS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["INSTRUCTIONS", "build_server", "serve"]

LOG_URI = "devkeel://jobs/{id}/log"

_PARENT_POLL = 2.0
_GRACE = 2.0

INSTRUCTIONS = """\
devkeel changes this project's development environment (devenv.nix and its neighbours) in transactions: \
a change is checked first, then published in one step, or no byte moves. Prefer these tools to editing \
the files yourself.

1. inspect_environment first: what is declared and where, and the revision.
2. Change with add_packages, enable_service or edit_environment (any list of edits, all or nothing). \
dry_run=true gives the same diff and checks, writing nothing. patch_file is for what typed edits refuse.
3. Pass the revision you saw as expected_revision. A "conflict" means that somebody else edited the files \
and nothing was written: inspect again, repeat the edit.
4. Then apply_environment builds it, run_command runs programs in it, manage_processes starts services and \
waits until they are ready. on_failure="restore" goes back to what worked. What takes long goes on as a job.
5. undo reverts an operation as a new one; show_history lists them. Give a reason with each write.

Errors name the place, what was seen, alternatives and what to do next. A result says which checks ran, \
and which were skipped and why: a skipped check proved nothing.
"""


def build_server(root: Path) -> MCPServer[Any]:
    """Return the server for the project at `root`; nothing of the project is read until a tool is called."""
    return _server(Workspace(root))


def _server(workspace: Workspace) -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer(
        "devkeel",
        title="devkeel",
        version=__version__,
        instructions=INSTRUCTIONS,
        tools=[StrictTool.of(spec, workspace) for spec in TOOLS],
        # The tool list never changes, and a log is followed with the tool job: there is nothing to subscribe to.
        subscriptions=False,
        log_level="WARNING",
    )

    async def log(id: str) -> str:  # noqa: A002  (as the tool job calls it)
        return await Call(workspace, UNKNOWN_ACTOR).read(lambda environment: environment.job_log(id))

    server.resource(LOG_URI, name="job log", description="The whole log of a job.", mime_type="text/plain")(log)
    return server


def serve(root: Path) -> None:
    """Serve the project at `root` over stdio until the input ends or a signal asks to stop."""
    anyio.run(_serve, Workspace(root))


async def _serve(workspace: Workspace) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_end_on_signal, workspace)
        group.start_soon(_end_with_parent, workspace, os.getppid())
        try:
            await _server(workspace).run_stdio_async()
        finally:
            await workspace.close()
        group.cancel_scope.cancel()


async def _end_on_signal(workspace: Workspace) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async for number in signals:
            await _end(workspace, 128 + number)


async def _end_with_parent(workspace: Workspace, parent: int) -> None:
    """End the process when the one that started it is gone, though its pipe may be held open by others.

    The kernel's own signal for that (PR_SET_PDEATHSIG) comes when the starting thread ends, which in many hosts is at
    once; so the parent is looked at now and then.
    """
    while os.getppid() == parent:  # noqa: ASYNC110  (nothing tells of it)
        await anyio.sleep(_PARENT_POLL)
    await _end(workspace, 0)


async def _end(workspace: Workspace, code: int) -> None:
    """End the process between two writes, and everything that it runs.

    The SDK's reader blocks a thread on standard input, which no cancellation reaches: an orderly exit would
    wait for the host to close the pipe. Holding the write lock means that no transaction is under way; a check that is
    running is ended, so that the write that waits for it is given up.
    """
    await workspace.close()
    survivors = await anyio.to_thread.run_sync(end_children, _GRACE)
    async with workspace.writing:
        survivors = end_children(_GRACE) if survivors else survivors
        if survivors:
            print(f"devkeel: these processes could not be ended: {survivors}", file=sys.stderr, flush=True)  # noqa: T201
        logging.shutdown()
        os._exit(code)
