"""What a caller's role leaves of the server, over both transports, and that no caller gains by what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation

from devkeel.errors import UsageError
from devkeel.policy.roles import NamedRole
from devkeel_mcp import Offer, build_server
from devkeel_mcp.tools import TOOLS
from devkeel_mcp.transports.http import read_role_tokens

from .conftest import DECLARATION, ERAS, photograph
from .processes import served, stdio_client
from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcp_types import CallToolResult

    from .processes import Served

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("roles")]

ROLES = """\
[roles.reviewer]
permissions = ["read"]

[roles.editor]
permissions = ["read", "write"]

[roles.owner]
permissions = ["read", "write", "build", "execute", "network", "publish"]

[callers]
default = "editor"
clients = { "Cursor" = "reviewer", "Cursor 9" = "editor", "claude-code" = "owner" }
"""
ADD: dict[str, Any] = {"names": ["ripgrep"], "level": "syntax"}
# How a role is given where the server is started.
STARTED = {name: NamedRole(name, "--role", "whoever starts it") for name in ("reviewer", "editor", "owner", "gone")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "devenv.nix").write_text(DECLARATION)
    (root / "devkeel.toml").write_text(ROLES)
    return root


async def called(root: Path, tool: str, /, *roles: str, client: str = "test", **arguments: Any) -> CallToolResult:
    offer = Offer.of(["all"], roles=tuple(STARTED[name] for name in roles))
    name, _, version = client.partition(" ")
    info = Implementation(name=name, version=version or "1")
    async with Client(build_server(root, offer), client_info=info) as connected:
        return await connected.call_tool(tool, arguments)


def refused(result: CallToolResult) -> dict[str, Any]:
    assert result.is_error
    assert result.structured_content is not None
    error: dict[str, Any] = result.structured_content["error"]
    return error


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_was_started_for_a_reviewer_changes_nothing(root: Path, era: str) -> None:
    before = photograph(root)
    async with stdio_client(root, era, "--role", "reviewer") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"inspect_environment", "show_history", "add_packages"} <= names
        assert not {"run_command", "apply_environment", "manage_processes", "cancel_job"} & names
        tried = await client.call_tool("add_packages", ADD | {"dry_run": True})
        assert not tried.is_error
        error = refused(await client.call_tool("add_packages", ADD))
        unlisted = refused(await client.call_tool("run_command", {"argv": ["true"]}))
        malformed = refused(await client.call_tool("run_command", {"nothing": 1}))
    assert (error["kind"], error["code"], error["seen"]) == ("policy", "permission_denied", "change")
    assert error["place"] == {"file": "devkeel.toml", "line": 2}
    assert error["details"]["lacks"] == ["write"]
    assert (error["details"]["role"], error["details"]["given_by"]) == ("reviewer", "--role")
    assert unlisted["details"]["lacks"] == malformed["details"]["lacks"] == ["execute"]
    assert photograph(root) == before


async def test_the_history_says_in_which_role_a_change_was_made(root: Path) -> None:
    assert not (await called(root, "add_packages", "editor", client="a 1", **ADD)).is_error
    page = (await called(root, "show_history")).structured_content
    assert page is not None
    assert (page["operations"][0]["actor"], page["operations"][0]["role"]) == ("a 1", "editor")


@pytest.mark.parametrize(
    ("client", "started", "role"),
    [
        ("Cursor 1.2", (), "reviewer"),
        ("Cursor 9.1", (), None),
        ("Cursorless 1", (), None),
        ("claude-code 2", (), None),
        ("claude-code 2", ("reviewer",), "reviewer"),
        ("Cursor 1", ("owner",), "reviewer"),
        ("nobody", (), None),
        ("nobody", ("reviewer", "owner"), "reviewer"),
    ],
)
async def test_what_a_client_calls_itself_never_gives_more_than_the_boundary(
    root: Path, client: str, started: tuple[str, ...], role: str | None
) -> None:
    result = await called(root, "add_packages", *started, client=client, **ADD)
    if role is None:
        assert not result.is_error
    else:
        assert refused(result)["details"]["role"] == role


async def test_a_client_without_a_name_of_its_own_has_the_default(root: Path) -> None:
    error = refused(await called(root, "run_command", argv=["true"]))
    assert error["details"]["given_by"] == "callers.default"
    assert error["details"]["lacks"] == ["execute"]


async def test_the_settings_are_read_for_each_call(root: Path) -> None:
    async with Client(build_server(root, Offer())) as client:
        assert not (await client.call_tool("add_packages", ADD)).is_error
        (root / "devkeel.toml").write_text(ROLES.replace('default = "editor"', 'default = "reviewer"'))
        assert refused(await client.call_tool("add_packages", {"names": ["fd"]}))["code"] == "permission_denied"
        (root / "devkeel.toml").write_text("roles = 3\n")
        assert refused(await client.call_tool("add_packages", {"names": ["fd"]}))["code"] == "bad_settings"
        assert not (await client.call_tool("search_catalogue", {"query": "ripgrep"})).is_error
        assert refused(await client.call_tool("run_command", {"argv": ["true"]}))["code"] == "bad_settings"
        for tool in ("inspect_environment", "show_history", "check_environment"):
            found = await client.call_tool(tool, {})
            assert not found.is_error
            assert len(found.content) == 2, "it says that the settings cannot be used"
        (root / "devkeel.toml").unlink()
        assert len((await client.call_tool("show_history", {})).content) == 1
        assert not (await client.call_tool("add_packages", {"names": ["fd"], "level": "syntax"})).is_error


async def test_a_role_that_is_missing_allows_nothing(root: Path) -> None:
    offer = Offer.of(["all"], roles=(STARTED["gone"],))
    async with Client(build_server(root, offer)) as client:
        assert (await client.list_tools()).tools == []
        for spec in TOOLS:
            assert refused(await client.call_tool(spec.name, {}))["code"] == "unknown_role"
        for reading in (
            client.list_resources,
            lambda: client.read_resource("devkeel://environment"),
            client.list_prompts,
        ):
            with pytest.raises(MCPError) as caught:
                await reading()
            assert "unknown_role" in str(caught.value)
        (root / "devkeel.toml").unlink()
        assert refused(await client.call_tool("inspect_environment", {}))["code"] == "unknown_role"


async def test_a_plan_is_shown_to_no_one_whose_role_may_not_do_it(root: Path) -> None:
    offer = Offer.of(["core"], ask="all", roles=(STARTED["reviewer"],))
    async with Client(build_server(root, offer)) as client:
        assert refused(await client.call_tool("add_packages", ADD))["code"] == "permission_denied"
        assert refused(await client.call_tool("apply_environment", {}))["code"] == "permission_denied"


async def test_the_flags_of_the_server_and_a_role_hold_both(root: Path) -> None:
    offer = Offer.of(["all"], no_execute=True, roles=(STARTED["owner"],))
    async with Client(build_server(root, offer)) as client:
        error = refused(await client.call_tool("check_cache", {"paths": ["/nix/store/x"]}))
        assert (error["details"]["lacks"], error.get("place")) == (["network"], None)
        assert refused(await client.call_tool("run_command", {"argv": ["true"]}))["code"] == "not_offered"
        assert not (await client.call_tool("add_packages", ADD)).is_error


TOKENS = {name: f"{name:x<40}" for name in ("plain", "reviewer", "owner")}


@pytest.fixture
def server(root: Path, tmp_path: Path) -> Iterator[Served]:
    for name, token in TOKENS.items():
        (tmp_path / name).write_text(f"{token}\n")
    given = [f"--role-token={name}={tmp_path / name}" for name in ("reviewer", "owner")]
    with served(root, f"--token-file={tmp_path / 'plain'}", "--role=editor", *given) as found:
        yield found


@pytest.mark.parametrize("era", ERAS)
async def test_a_token_gives_its_role_within_the_server_s_own(server: Served, root: Path, era: str) -> None:
    async def write(token: str, package: str) -> CallToolResult:
        known = {"Authorization": f"Bearer {TOKENS[token]}"}
        async with (
            httpx2.AsyncClient(headers=server.headers | known, timeout=60) as http,
            Client(streamable_http_client(server.url, http_client=http), mode=era) as client,
        ):
            listed = {tool.name for tool in (await client.list_tools()).tools}
            assert "run_command" not in listed
            return await client.call_tool("add_packages", {"names": [package], "level": "syntax"})

    assert not (await write("plain", "fd")).is_error
    assert not (await write("owner", "tree")).is_error
    error = refused(await write("reviewer", "hello"))
    assert (error["details"]["role"], error["details"]["given_by"]) == ("reviewer", "the caller's token")
    assert "hello" not in (root / "devenv.nix").read_text()
    for wrong in ("", "Bearer x", f"Bearer {TOKENS['owner'][:-1]}", f"Bearer {TOKENS['owner']}x"):
        assert server.post(b"{}", Authorization=wrong).status_code == 401


async def test_another_s_session_is_no_way_to_another_s_role(server: Served, root: Path) -> None:
    begin = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "claude-code", "version": "1"}}
    first = server.post(
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": begin}).encode(),
        Authorization=f"Bearer {TOKENS['owner']}",
    )
    session = {"Mcp-Session-Id": first.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-06-18"}
    note = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()
    server.post(note, Authorization=f"Bearer {TOKENS['owner']}", **session)
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "add_packages", "arguments": ADD}}
    told = server.post(json.dumps(call).encode(), Authorization=f"Bearer {TOKENS['reviewer']}", **session).text
    assert "permission_denied" in told
    assert "ripgrep" not in (root / "devenv.nix").read_text()


@pytest.mark.parametrize("flags", [["--role", "reviwer"], ["--http=127.0.0.1:0", "--role-token", "reviwer=TOKEN"]])
def test_a_server_does_not_start_with_a_role_that_is_not_there(root: Path, tmp_path: Path, flags: list[str]) -> None:
    import subprocess

    from .processes import command, variables

    (tmp_path / "token").write_text("x" * 40)
    line = command(root, *(flag.replace("TOKEN", str(tmp_path / "token")) for flag in flags))
    done = subprocess.run(line, env=variables(), capture_output=True, text=True, timeout=60, check=False, input="")
    assert done.returncode == 1
    assert "unknown_role" in done.stderr
    assert "reviewer" in done.stderr


def test_a_token_says_one_role(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" * 40)
    (tmp_path / "short").write_text("x" * 31)
    assert read_role_tokens([f"reviewer={tmp_path / 'a'}"], None) == {"x" * 40: "reviewer"}
    for words, own in (
        ([f"a={tmp_path / 'a'}", f"b={tmp_path / 'a'}"], None),
        ([f"a={tmp_path / 'a'}"], "x" * 40),
        ([f"a={tmp_path / 'short'}"], None),
        (["a"], None),
        (["=b"], None),
        ([f"a={tmp_path / 'none'}"], None),
    ):
        with pytest.raises(UsageError) as caught:
            read_role_tokens(words, own)
        assert caught.value.code == "bad_token"


def test_a_role_of_the_variable_narrows_a_server_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVKEEL_ROLE", "reviewer")
    with Wire(root, flags=["--role", "owner"]) as wire:
        listed = wire.answer(wire.send("tools/list", {}))
        assert "run_command" not in json.dumps(listed)


def test_each_tool_names_the_verbs_that_its_calls_come_to() -> None:
    import ast
    import inspect
    from importlib import import_module

    for spec in TOOLS:
        module = import_module(spec.handler.__module__)
        asked = {
            node.attr
            for node in ast.walk(ast.parse(inspect.getsource(module)))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "environment"
        }
        offered = {verb for other in TOOLS if other.handler.__module__ == module.__name__ for verb in other.verbs}
        assert spec.verbs
        assert asked <= offered
        assert offered - {"change"} <= asked
