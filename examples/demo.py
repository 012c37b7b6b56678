"""What devkeel does, shown on a scratch copy of `examples/webapp`: `python -m examples.demo`.

Starts `devkeel serve` as an MCP host would and talks to it over stdio with the SDK's client. Each step is
checked; the last line says what was proven.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from mcp_types import Implementation

if TYPE_CHECKING:
    from mcp_types import CallToolResult

WEBAPP = Path(__file__).with_name("webapp")
WHO = Implementation(name="devkeel-demo", version="1")


class NotProvenError(Exception):
    """A step did not show what it should."""


class Demo:
    """One connection to the server, and what it has proven so far."""

    def __init__(self, client: Client, root: Path) -> None:
        self.client = client
        self.declaration = root / "devenv.nix"
        self.proven: list[str] = []
        self.ran: set[str] = set()

    async def call(self, title: str, tool: str, /, **arguments: Any) -> CallToolResult:  # noqa: ANN401
        """Call a tool, and show the call and what the agent reads."""
        told = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        say(f"\n=== {title}\n--> {tool}({told})")
        result = await self.client.call_tool(tool, arguments)
        for block in result.content:
            if block.type == "text":
                say(block.text)
        data = result.structured_content or {}
        self.ran.update(data.get("checks", {}).get("ran", ()))
        return result

    def prove(self, claim: str, *facts: bool) -> None:
        """Note a claim, or stop when one of its facts is not so."""
        if not all(facts):
            raise NotProvenError(claim)
        self.proven.append(claim)
        say(f"    proven: {claim}")

    @property
    def content(self) -> bytes:
        """The bytes of devenv.nix now."""
        return self.declaration.read_bytes()


def say(text: str) -> None:
    """Print a line or more."""
    sys.stdout.write(f"{text}\n")


def error_of(result: CallToolResult) -> dict[str, Any]:
    """Return the structured error of a tool result, empty when it is none."""
    found: dict[str, Any] = (result.structured_content or {}).get("error", {}) if result.is_error else {}
    return found


async def show_edits(demo: Demo) -> tuple[str, bytes]:
    """Inspect, add packages, enable redis; return the first revision, and the bytes from before redis."""
    seen = await demo.call("What is there", "inspect_environment")
    facts = seen.structured_content or {}
    demo.prove("inspect reads the declaration", not seen.is_error, "services.postgres" in facts["enabled"])

    added = await demo.call(
        "Two packages", "add_packages", names=["ripgrep", "nodejs_22"], reason="the frontend build needs them"
    )
    with_packages = demo.content
    demo.prove(
        "two packages added, comments kept",
        not added.is_error,
        b"ripgrep" in with_packages,
        b"nodejs_22" in with_packages,
        b"# the smoke test picks" in with_packages,
    )

    enabled = await demo.call(
        "Redis, with a port", "enable_service", name="redis", settings={"port": 6380}, reason="sessions"
    )
    demo.prove("redis enabled with a port", not enabled.is_error, b"6380" in demo.content)
    return str(facts["revision"]), with_packages


async def show_refusals(demo: Demo, old_revision: str) -> None:
    """Break the syntax, and edit on an old revision: both refused, no byte moved."""
    before, stamp = demo.content, demo.declaration.stat().st_mtime_ns

    broken = await demo.call(
        "A patch that breaks the syntax",
        "patch_file",
        file="devenv.nix",
        old='listen_addresses = "127.0.0.1";',
        new='listen_addresses = "127.0.0.1"',
    )
    error = error_of(broken)
    places = [error.get("place"), *(item.get("place") for item in error.get("diagnostics", ()))]
    demo.prove(
        "a broken patch is refused with its place, bytes unchanged",
        broken.is_error,
        any(place and place.get("line") for place in places),
        demo.content == before,
        demo.declaration.stat().st_mtime_ns == stamp,
    )

    late = await demo.call(
        "An edit against an old revision",
        "edit_environment",
        edits=[{"kind": "set", "path": "env.APP_PORT", "value": "9000"}],
        expected_revision=old_revision,
    )
    demo.prove(
        "an edit on an old revision is a conflict, bytes unchanged",
        error_of(late).get("kind") == "conflict",
        demo.content == before,
    )


async def show_undo(demo: Demo, before_redis: bytes) -> None:
    """Undo the newest operation, and show the history."""
    undone = await demo.call("Undo", "undo", reason="redis was not needed after all")
    demo.prove(
        "undo restores the bytes from before",
        not undone.is_error,
        demo.content == before_redis,
    )
    history = await demo.call("The history", "show_history")
    operations = (history.structured_content or {}).get("operations", [])
    demo.prove(
        "the history has all three operations and who made them",
        len(operations) == 3,  # noqa: PLR2004
        all(WHO.name in item["actor"] for item in operations),
        operations[0].get("reverts") == operations[1]["id"],
    )


async def demonstrate(root: Path) -> Demo:
    """Run the demonstration on the project at `root`."""
    # A host passes on little more than PATH; a checkout that is not installed is found through PYTHONPATH.
    environment = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "devkeel_cli", "--root", str(root), "serve"],
        env=environment,
    )
    async with Client(stdio_client(server), client_info=WHO) as client:
        demo = Demo(client, root)
        old_revision, before_redis = await show_edits(demo)
        await show_refusals(demo, old_revision)
        await show_undo(demo, before_redis)
    return demo


def main() -> int:
    """Run the demonstration on a scratch copy and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="devkeel-demo-") as scratch:
        root = Path(scratch).resolve() / "webapp"
        shutil.copytree(WEBAPP, root)
        failures: list[Exception] = []
        # The client's task groups wrap what is raised inside them.
        try:
            demo = anyio.run(demonstrate, root)
        except* NotProvenError as group:
            failures.extend(group.exceptions)
    if failures:
        say("\nNOT proven: a step did not show what it should; the last one above is it.")
        return 1
    say(f"\nProven: {'; '.join(demo.proven)}. Checks that ran: {', '.join(sorted(demo.ran))}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
