"""The inspector's command lines against `devkeel serve`: every tool, over stdio and HTTP, in both eras over HTTP."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import pytest

from ..devkeel_mcp.processes import command, served  # noqa: TID252  (the tests are no installed package)
from ..devkeel_mcp.sampling import plausible  # noqa: TID252  (the tests are no installed package)
from .conftest import HERE, MODULES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Node

pytestmark = pytest.mark.conformance
INSPECTOR = "@modelcontextprotocol/inspector"
ERAS = ("legacy", "modern")
TOKEN = "0123456789abcdef" * 4
TOOL_ERROR = 5
# What the arguments made from the schema are sound for; other tools may find nothing to act on.
SOUND = {"inspect_environment", "search_catalogue", "check_environment", "show_history", "add_packages"}


@pytest.fixture(params=["stdio", "http"])
def target(request: pytest.FixtureRequest, root: Path) -> Iterator[list[str]]:
    """The options that lead a client to a server."""
    if request.param == "stdio":
        yield command(root)
        return
    with served(root, token=TOKEN) as server:
        yield ["--transport", "http", "--server-url", server.url, "--header", f"Authorization: Bearer {TOKEN}"]


class Inspector:
    """The inspector's command line, called many times in one process of Node.js."""

    def __init__(self, node: Node) -> None:
        script = MODULES / INSPECTOR / "clients/cli/build/index.js"
        self.process = node.start(HERE / "inspections.mjs", str(script))

    def __call__(self, *options: str) -> CompletedProcess[str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(["--cli", "--format", "json", *options]) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        return CompletedProcess(options, said["code"], said["stdout"], said["stderr"])


@pytest.fixture(scope="module")
def inspect(node: Node) -> Iterator[Inspector]:
    inspector = Inspector(node)
    with inspector.process:
        yield inspector


def test_the_inspector_is_called_as_by_its_launcher(node: Node, inspect: Inspector, root: Path) -> None:
    """What is called many times in one process says what the command says that a person types."""
    script = f"{INSPECTOR}/{json.loads((MODULES / INSPECTOR / 'package.json').read_text())['bin']['mcp-inspector']}"
    for name, code in (("show_history", 0), ("undo_change", TOOL_ERROR)):
        options = ("--method", "tools/call", "--tool-name", name, "--tool-args-json", "{}", *command(root))
        typed, called = node.run(script, "--cli", "--format", "json", *options), inspect(*options)
        assert (typed.returncode, typed.stdout, typed.stderr) == (code, called.stdout, called.stderr)
        assert called.returncode == code


@pytest.mark.parametrize("era", ERAS)
def test_the_inspector_lists_and_calls_every_tool(inspect: Inspector, target: list[str], era: str) -> None:
    listed = inspect("--protocol-era", era, "--method", "tools/list", "--strict", *target)
    assert listed.returncode == 0, listed.stderr
    # One field takes any JSON value, which some hosts may narrow; there is nothing else to remark.
    remarks = {line.strip() for line in listed.stderr.splitlines() if line.startswith("  Path: ")}
    assert remarks == {"Path: inputSchema.properties.edits.items.properties.value"}, listed.stderr
    tools = json.loads(listed.stdout)["result"]["tools"]
    # Over stdio each call starts a server: there each tool is called in one of the eras, over HTTP in both.
    for tool in tools if "--transport" in target else tools[ERAS.index(era) :: len(ERAS)]:
        arguments = json.dumps(plausible(tool["inputSchema"]))
        options = ("--method", "tools/call", "--tool-name", tool["name"], "--tool-args-json", arguments)
        called = inspect("--protocol-era", era, *options, *target)
        assert called.returncode in (0, TOOL_ERROR), (tool["name"], called.stderr)
        result = json.loads(called.stdout)["result"]
        assert bool(result.get("isError")) is (called.returncode == TOOL_ERROR)
        assert result["content"][0]["text"]
        assert result["structuredContent"]
        code = result["structuredContent"].get("error", {}).get("code")
        assert code not in ("internal_error", "unknown_tool"), (tool["name"], result)
        assert code is None or tool["name"] not in SOUND, result


@pytest.fixture
def mcpdo(node: Node) -> Iterator[Any]:
    """The inspector's other client: it keeps connections in a daemon of its own."""
    # A socket's path is short, and pytest's folders are not.
    folder = tempfile.mkdtemp()
    daemon = {"MCP_INSPECTOR_DAEMON_DIR": folder, "MCP_INSPECTOR_DAEMON_TOKEN": secrets.token_hex(16)}
    script = f"{INSPECTOR}/{json.loads((MODULES / INSPECTOR / 'package.json').read_text())['bin']['mcpdo']}"

    def run(*arguments: str) -> dict[str, Any]:
        done = node.run(script, "--format", "json", *arguments, **daemon)
        assert done.returncode in (0, TOOL_ERROR), done.stdout + done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    yield run
    node.run(script, "daemon", "stop", **daemon)
    shutil.rmtree(folder)


@pytest.mark.parametrize("era", ERAS)
def test_a_person_is_asked_through_mcpdo_and_decides(root: Path, mcpdo: Any, era: str) -> None:
    declaration = root / "devenv.nix"
    before = declaration.read_bytes()
    found = mcpdo("--connection", era, "connect", "--era", era, "--", *command(root, "--ask"))
    assert found["protocolEra"] == era
    call = ("--connection", era, "tools/call", "add_packages", 'names:=["ripgrep"]', "level:=syntax")
    for answer in ("--decline", "approve:=true"):
        asked = mcpdo(*call)["elicitationPending"]
        assert "pkgs.ripgrep" in asked["message"]
        assert declaration.read_bytes() == before
        result = mcpdo("--connection", era, "elicitation/respond", asked["elicitationId"], answer)
        assert result["isError"] is (answer == "--decline")
    assert b"ripgrep" in declaration.read_bytes()
