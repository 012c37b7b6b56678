"""The server: which tools there are, what it says about itself, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server import MCPServer

from devkeel import __version__
from devkeel_mcp.call import Workspace
from devkeel_mcp.tool import StrictTool
from devkeel_mcp.tools import TOOLS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["INSTRUCTIONS", "build_server", "serve"]

INSTRUCTIONS = """\
devkeel changes this project's development environment (devenv.nix and its neighbours) in transactions: \
a change is checked first, then published in one step, or no byte moves. Prefer these tools to editing \
the files yourself.

1. inspect_environment first: what is declared and where, and the revision.
2. Change with add_packages, enable_service or edit_environment (any list of edits, all or nothing). \
dry_run=true gives the same diff and checks and writes nothing. patch_file is for what the typed edits \
refuse.
3. Pass the revision you saw as expected_revision. An error of kind "conflict" means that somebody else \
edited the files and nothing was written: inspect again, then repeat the edit on the new revision.
4. undo reverts an operation as a new one; show_history lists them with who, when and why. Give a reason \
with each write.
5. Then apply_environment builds it, and run_command runs programs in it. What takes long goes on as a job; \
it ends with this server.

Errors name the place, what was seen, the nearest valid alternatives and what to do next. A result says \
which checks ran, and which were skipped and why: a skipped check proved nothing.
"""


def build_server(root: Path) -> MCPServer[Any]:
    """Return the server for the project at `root`; nothing of the project is read until a tool is called."""
    return _server(Workspace(root))


def _server(workspace: Workspace) -> MCPServer[Any]:
    return MCPServer(
        "devkeel",
        title="devkeel",
        version=__version__,
        instructions=INSTRUCTIONS,
        tools=[StrictTool.of(spec, workspace) for spec in TOOLS],
        # The tool list never changes and no resource is published, so there is nothing to subscribe to.
        subscriptions=False,
        log_level="WARNING",
    )


def serve(root: Path) -> None:
    """Serve the project at `root` over stdio until the input ends or a signal asks to stop."""
    anyio.run(_serve, Workspace(root))


async def _serve(workspace: Workspace) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_end_on_signal, workspace)
        try:
            await _server(workspace).run_stdio_async()
        finally:
            await workspace.close()
        group.cancel_scope.cancel()


async def _end_on_signal(workspace: Workspace) -> None:
    """End the process after a signal, between two writes.

    The SDK's reader blocks a thread on standard input, which no cancellation reaches: an orderly exit would
    wait for the host to close the pipe. Holding the write lock means that no transaction is under way.
    """
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            async with workspace.writing:
                await workspace.close()
                logging.shutdown()
                os._exit(128 + number)
