"""What an attacker sends, over stdio and HTTP, in both eras: nothing runs, nothing outside is read or written.

After each attack the server must answer the next caller.
"""

from __future__ import annotations

import json
import threading
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from devkeel_mcp.tools import TOOLS

from .conftest import DECLARATION, ERAS, parse_with_nix, photograph, text_of
from .processes import served, stdio_client
from .sampling import plausible, with_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from mcp.client import Client
    from mcp_types import Tool

pytestmark = pytest.mark.anyio
SECRET = "canary-5b1d"  # noqa: S105  (what must not be told)
BIDI_AND_ANSI = "\x1b]0;title\x07\x1b[2J\u202egit\u2066\x9b31m"
DEEP: Any = json.loads("[" * 90 + "]" * 90)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project beside files that are nobody's business."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "devenv.nix").write_text(DECLARATION)
    (root / ".env").write_text(f"TOKEN={SECRET}\n")
    for outside in (tmp_path / "outside", tmp_path / "project2"):
        outside.mkdir()
        (outside / "devenv.nix").write_text(f'{{ env.A = "{SECRET}"; }}\n')
    (root / "link.nix").symlink_to(tmp_path / "outside" / "devenv.nix")
    (root / "out").symlink_to(tmp_path / "outside", target_is_directory=True)
    return root


def expressions(outside: Path) -> list[str]:
    ran = outside / "ran"
    return [
        f'builtins.readFile "{outside}/devenv.nix"',
        f"builtins.readFile {outside}/devenv.nix",
        f"import {outside}/devenv.nix",
        f'builtins.exec [ "touch" "{ran}" ]',
        f'builtins.fetchurl "file://{outside}/devenv.nix"',
        f'builtins.fetchTarball "file://{outside}/x.tar.gz"',
        f'(builtins.getFlake "path:{outside}").x',
        f'builtins.readFile (derivation {{ name = "x"; system = "x"; builder = "{ran}"; }})',
        'builtins.getEnv "HOME"',
    ]


TEXTS = [
    "''${builtins.readFile ./.env}",
    "${builtins.readFile ./.env}",
    '"; x = "',
    "''; enterShell = ''touch ran''; y = ''",
    "]; enterShell = ''touch ran''; z = [",
    "$(touch ran)",
    "`touch ran`",
    "; touch ran",
    "--option=x",
    "-rf",
    "a\0b",
    "a\nenterShell = ''touch ran'';",
    "../../outside",
    BIDI_AND_ANSI,
    "x" * 10_000,
]
PATHS = [
    "../outside/devenv.nix",
    "../project2/devenv.nix",
    "../project/../outside/devenv.nix",
    "/etc/passwd",
    "link.nix",
    "out/devenv.nix",
    ".env",
    ".devkeel/state.db",
    ".git/config",
    "devenv.nix\0.nix",
    "-devenv.nix",
    "~/x.nix",
    "file:///etc/passwd",
    "devenv.nix/../../outside/devenv.nix",
]


def attacks(tools: list[Tool], outside: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every text and path in every place of every tool that takes one, and what wants a shape of its own."""
    for tool in tools:
        # What is only tried could do no harm; what reaches out of the project is tried only, for time.
        tried = tool.annotations is not None and tool.annotations.open_world_hint is True
        for text in (*TEXTS, *PATHS):
            for arguments in with_text(tool.input_schema, text, dry_run=tried):
                yield tool.name, arguments
    for text in TEXTS:
        yield text[:100], {}
        yield "enable_service", {"name": "redis", "settings": {text: text}, "level": "syntax"}
        for edit in (
            {"kind": "set", "path": text, "value": 1},
            {"kind": "set", "path": "env.A", "value": text},
            {"kind": "set_input", "name": text, "url": text},
        ):
            yield "edit_environment", {"edits": [edit], "level": "syntax"}
    for path in PATHS:
        yield "patch_file", {"file": path, "old": "A", "new": "B", "create": True, "level": "syntax"}
        edit = {"kind": "set", "path": "env.A", "value": 1, "file": path}
        yield "edit_environment", {"edits": [edit], "create": True}
    for expression in expressions(outside):
        edit = {"kind": "set", "path": "env.STOLEN", "expression": expression}
        yield "edit_environment", {"edits": [edit], "dry_run": True}
    for value in (DEEP, {"a": DEEP}, "x" * 20_000, [0] * 5_000, 10**400, -0.0):
        yield "edit_environment", {"edits": [{"kind": "set", "path": "env.A", "value": value}], "dry_run": True}
    for identifier in (-1, 0, 2**63, 2**70, "1; drop table operations", None):
        yield "undo", {"operation": identifier, "dry_run": True}
        yield "show_history", {"operation": identifier}


@asynccontextmanager
async def over_stdio(root: Path, era: str, *options: str) -> AsyncIterator[Client]:
    async with stdio_client(root, era, *options) as client:
        yield client


@asynccontextmanager
async def over_http(root: Path, era: str, *options: str) -> AsyncIterator[Client]:
    with served(root, *options, token="t" * 40) as server:
        async with server.client(era) as client:
            yield client


TRANSPORTS = {"stdio": over_stdio, "http": over_http}


@pytest.mark.parametrize(("transport", "era"), list(zip(TRANSPORTS.values(), ERAS, strict=True)), ids=TRANSPORTS)
async def test_no_argument_runs_reads_or_writes_anything_outside(
    root: Path, transport: Callable[..., Any], era: str
) -> None:
    outside = root.parent / "outside"
    before = photograph(outside), photograph(root.parent / "project2")
    async with transport(root, era) as client:
        tools = (await client.list_tools()).tools
        for tool, arguments in attacks(tools, outside):
            result = await client.call_tool(tool, arguments)
            told = text_of(result) + json.dumps(result.structured_content, ensure_ascii=False)
            assert SECRET not in told, (tool, str(arguments)[:200])
            assert not {"\x1b", "\u202e", "\u2066", "\x07", "\x9b", "\0"} & set(told), (tool, str(arguments)[:200])
            assert len(told) < 70_000
            assert not list(root.parent.rglob("ran")), (tool, str(arguments)[:200])
        assert not (await client.call_tool("inspect_environment", {})).is_error
    assert (photograph(outside), photograph(root.parent / "project2")) == before
    (root / "link.nix").unlink()
    (root / "out").unlink()
    parse_with_nix(root)


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_a_read_only_server_writes_for_no_call(root: Path, transport: Callable[..., Any]) -> None:
    before = photograph(root)
    async with transport(root, "auto", "--read-only") as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        for spec in TOOLS:
            assert (spec.name in listed) is (spec.reads and spec.toolset == "core")
            if spec.name not in listed:
                result = await client.call_tool(spec.name, plausible(spec.arguments.model_json_schema(), dry_run=False))
                assert result.structured_content["error"]["code"] == "not_offered"
    assert photograph(root) == before


@contextmanager
def swapping(link: Path, first: Path, second: Path) -> Iterator[None]:
    """Exchange what a link leads to, as fast as it goes."""
    stop = threading.Event()

    def swap() -> None:
        spare = link.with_name("spare")
        while not stop.is_set():
            for target in (first, second):
                spare.unlink(missing_ok=True)
                spare.symlink_to(target)
                spare.replace(link)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_a_link_that_is_swapped_between_check_and_use_leads_nowhere(
    root: Path, transport: Callable[..., Any]
) -> None:
    outside, inside = root.parent / "outside", root / "inside"
    inside.mkdir()
    (inside / "devenv.nix").write_text("{ env.A = 1; }\n")
    before = photograph(outside)
    async with transport(root, "auto") as client:
        with swapping(root / "swapped", inside, outside):
            for number in range(100):
                edit = {"kind": "set", "path": "env.B", "value": number, "file": "swapped/devenv.nix"}
                result = await client.call_tool("edit_environment", {"edits": [edit], "level": "syntax"})
                assert SECRET not in text_of(result) + json.dumps(result.structured_content)
    assert photograph(outside) == before
