"""What the server costs, against an empty server of the same SDK in the same run.

    .venv/bin/python -m benchmarks.server

Start to the answer of `initialize`, first call, latency of a call that does nothing of its own (an argument that is
refused) over memory, stdio and HTTP, the first call a second after the start against the second one, and memory after
10,000 calls against after 100.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.server import MCPServer

from devkeel_mcp import build_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

STARTS, CALLS, MANY, LATER = 15, 200, 10_000, 7
EMPTY = """\
import sys
from mcp.server import MCPServer
server = MCPServer("empty", log_level="WARNING")
@server.tool()
async def nothing(x: int = 0) -> str:
    return "nothing"
if len(sys.argv) > 1:
    server.run("streamable-http", port=int(sys.argv[1]))
else:
    server.run()
"""
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "benchmark", "version": "1"},
    },
}
NOTHING = ("undo", {"operation": "no number"})  # judged and refused, without the library


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "project"
        root.mkdir()
        (root / "devenv.nix").write_text("{ pkgs, ... }: {\n  packages = [ pkgs.git ];\n}\n")
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        ours = [sys.executable, "-m", "devkeel_cli", "--root", str(root), "serve"]
        empty = [sys.executable, str(script)]
        os.environ |= {"XDG_CACHE_HOME": folder, "PYTHONPATH": os.pathsep.join(sys.path)}
        starts(ours, empty)
        for transport, way in (("memory", memory), ("stdio", stdio), ("http", http)):
            anyio.run(latency, transport, way, root, ours, empty)
        for transport, way in (("stdio", stdio), ("http", http)):
            anyio.run(a_second_later, transport, way, root, ours)
        anyio.run(growth, ours)


def starts(ours: list[str], empty: list[str]) -> None:
    """Compare the time from the start of the process to the answer of `initialize`."""
    times: dict[str, list[float]] = {"ours": [], "empty": []}
    for _ in range(STARTS):  # in turn, so that what else the machine does meets both
        times["ours"].append(start(ours))
        times["empty"].append(start(empty))
    tell("start to initialize", *(statistics.median(times[name]) for name in ("ours", "empty")))


def start(line: list[str]) -> float:
    """Return the seconds that one start takes."""
    began = time.perf_counter()
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        took = time.perf_counter() - began
        process.kill()
    return took


@contextlib.asynccontextmanager
async def memory(root: Path, line: list[str]) -> AsyncIterator[Client]:
    """Connect to a server in this process."""
    server: MCPServer[Any] = build_server(root)
    if "devkeel_cli" not in line:
        server = MCPServer("empty", log_level="WARNING")
        server.add_tool(nothing)
    async with Client(server, mode="legacy") as client:
        yield client


async def nothing(x: int = 0) -> str:  # noqa: ARG001
    """Answer."""
    return "nothing"


@contextlib.asynccontextmanager
async def stdio(root: Path, line: list[str]) -> AsyncIterator[Client]:  # noqa: ARG001
    """Connect over stdio."""
    how = StdioServerParameters(command=line[0], args=line[1:], env=dict(os.environ))
    async with Client(how, mode="legacy") as client:
        yield client


@contextlib.asynccontextmanager
async def http(root: Path, line: list[str]) -> AsyncIterator[Client]:  # noqa: ARG001
    """Connect over HTTP."""
    port = 18765 + ("devkeel_cli" in line)
    address = ["--http", f"127.0.0.1:{port}"] if "devkeel_cli" in line else [str(port)]
    with subprocess.Popen([*line, *address], stderr=subprocess.DEVNULL) as process:  # noqa: ASYNC220  (a start)
        try:
            await listening(port)
            async with Client(f"http://127.0.0.1:{port}/mcp", mode="legacy") as client:
                yield client
        finally:
            process.kill()


async def listening(port: int) -> None:
    """Wait until somebody listens."""
    while True:
        try:
            stream = await anyio.connect_tcp("127.0.0.1", port)
        except OSError:
            await anyio.sleep(0.05)
        else:
            await stream.aclose()
            return


async def latency(transport: str, way: Callable[..., Any], root: Path, ours: list[str], empty: list[str]) -> None:
    """Compare the first real call, and a call that does nothing."""
    async with way(root, ours) as one, way(root, empty) as other:
        first = await timed(one, "inspect_environment", {}), await timed(other, "nothing", {})
        took: dict[str, list[float]] = {"ours": [], "empty": []}
        for _ in range(CALLS):
            took["ours"].append(await timed(one, *NOTHING))
            took["empty"].append(await timed(other, "nothing", {"x": 1}))
            await anyio.sleep(0.01 if transport == "http" else 0)  # below the limit of the gate
        tell(f"no-op call, {transport}", *(statistics.median(took[name]) for name in ("ours", "empty")))
        tell(f"first call, {transport}", *first)


async def a_second_later(transport: str, way: Callable[..., Any], root: Path, ours: list[str]) -> None:
    """Compare the first real call, a second after the start, with the second; and the list of the tools meanwhile."""
    first, second, listed = list[float](), list[float](), list[float]()
    for _ in range(LATER):
        async with way(root, ours) as client:
            began = time.perf_counter()
            for _ in range(5):  # while the server prepares itself
                asked = time.perf_counter()
                await client.list_tools()
                listed.append(time.perf_counter() - asked)
                await anyio.sleep(0.05)
            await anyio.sleep(1 - (time.perf_counter() - began))
            first.append(await timed(client, "inspect_environment", {}))
            second.append(await timed(client, "inspect_environment", {}))
    ratio = statistics.median(one / other for one, other in zip(first, second, strict=True))
    print(
        f"first call a second after the start, {transport}: {statistics.median(first) * 1000:.2f} ms, "
        f"second {statistics.median(second) * 1000:.2f} ms, ratio {ratio:.2f}; "
        f"tools/list meanwhile {statistics.median(listed) * 1000:.2f} ms, at most {max(listed) * 1000:.2f} ms",
        flush=True,
    )


async def timed(client: Client, tool: str, arguments: dict[str, Any]) -> float:
    """Return the seconds of one call."""
    began = time.perf_counter()
    await client.call_tool(tool, arguments)
    return time.perf_counter() - began


async def growth(line: list[str]) -> None:
    """Compare the resident memory after many calls with that after a hundred."""
    how = StdioServerParameters(command=line[0], args=line[1:], env=dict(os.environ))
    async with Client(how, mode="legacy") as client:
        early = 0
        for number in range(MANY):
            tool, arguments = NOTHING if number % 2 else ("show_history", {})
            await client.call_tool(tool, arguments)
            if number == 100:
                early = max(map(resident, children()))
        late = max(map(resident, children()))
    print(
        f"memory after {MANY} calls: {late / 1024:.1f} MB, after 100: {early / 1024:.1f} MB, ratio {late / early:.3f}"
    )


def children() -> Iterator[int]:
    """Yield the processes that this one started."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                yield int(path.parent.name)


def resident(process: int) -> int:
    """Return kilobytes of resident memory."""
    status = Path(f"/proc/{process}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)


def tell(what: str, ours: float, empty: float) -> None:
    """Print one figure."""
    print(
        f"{what}: {ours * 1000:.2f} ms, empty server {empty * 1000:.2f} ms, ratio {ours / empty:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
