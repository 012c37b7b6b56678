"""Every tool and resource under every set of permissions: exactly what is allowed is not denied.

The project is one that gets every call past its judge and no further: its devenv.nix does not parse. What each call
takes is written here by hand.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference

from devkeel.policy.roles import NamedRole
from devkeel_mcp import Offer, build_server
from devkeel_mcp.tools import TOOLS

from .processes import served, stdio_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcp_types import CallToolResult

    from .processes import Served

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("matrix"), pytest.mark.forged]

LETTERS = {"r": "read", "w": "write", "b": "build", "x": "execute", "n": "network", "p": "publish"}
SETS = ["".join(letters) for size in range(len(LETTERS) + 1) for letters in combinations(LETTERS, size)]
ELSEWHERE = {"expected_revision": "0" * 16}
SET = {"kind": "set", "path": "env.A", "value": "1"}


def tried(**arguments: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return an edit and its dry run."""
    return [("rw", ELSEWHERE | arguments), ("r", ELSEWHERE | arguments | {"dry_run": True})]


# The calls of each tool, with the letters of what they take.
CALLS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "inspect_environment": [("r", {"prefix": "a..b"})],
    "search_catalogue": [("r", {"query": "services.redis.port", "cursor": "no"})],
    "check_environment": [("r", {"level": "syntax"}), ("rb", {"level": "build"})],
    "show_history": [("r", {}), ("r", {"operation": 1})],
    "add_packages": [
        ("rw", ELSEWHERE | {"names": ["fd"]}),
        ("r", ELSEWHERE | {"names": ["fd"], "dry_run": True}),
        ("rwb", ELSEWHERE | {"names": ["fd"], "level": "build"}),
        ("rb", ELSEWHERE | {"names": ["fd"], "level": "build", "dry_run": True}),
    ],
    "add_library": tried(language="python", names=["six"]),
    "enable_service": tried(name="redis"),
    "edit_environment": tried(edits=[SET]),
    "patch_file": tried(old="zz", new="y"),
    "update_locks": [
        ("r", {"action": "check", "names": ["no"]}),
        ("rwn", {"names": ["no"]}),
        ("rn", {"names": ["no"], "dry_run": True}),
    ],
    "undo": tried(operation=9),
    "apply_environment": [
        ("rbx", {"environment": "base"}),
        ("rb", {"environment": "base", "dry_run": True}),
        ("rwbx", {"environment": "base", "on_failure": "restore"}),
    ],
    "manage_processes": [
        ("rx", {"action": "start", "timeout": -1}),
        ("rwx", {"action": "start", "timeout": -1, "on_failure": "restore"}),
    ],
    "read_processes": [("r", {})],
    "run_command": [("rx", {"argv": ["true"]})],
    "job": [("r", {}), ("r", {"id": "0"})],
    "cancel_job": [("rx", {"id": "0"})],
    "build_output": [("rb", {"target": "nixpkgs#hello"})],
    "evaluate_nix": [("r", {"target": "nixpkgs#hello"})],
    "run_packages": [("rbx", {"packages": ["nixpkgs#hello"], "argv": ["true"]})],
    "describe_shell": [("r", {"file": "none.nix"})],
    "check_reproducibility": [("r", {"target": "nixpkgs#hello"})],
    "prove_reproducibility": [("rb", {"target": "nixpkgs#hello"})],
    "check_cache": [("rn", {"paths": []}), ("rn", {"paths": [], "verify": True})],
    "upload_to_cache": [("rnp", {"paths": []}), ("rn", {"paths": [], "dry_run": True})],
    "configure_cache": [("rwp", {"url": "no"}), ("rp", {"url": "no", "dry_run": True})],
    "check_builders": [("rn", {})],
    "detect_environment": [("r", {"unused": True})],
    "list_templates": [("r", {"template": "no"}), ("r", {"template": "no", "check": True})],
    "use_template": [("rw", {"template": "no"}), ("r", {"template": "no", "dry_run": True})],
    "generate_files": [("rw", {"kind": "no"}), ("r", {"kind": "no", "dry_run": True})],
    "report": [("r", {"about": "services.redis"})],
    "verify_history": [("r", {})],
    "check_gate": [("rx", {"stage": "no"}), ("r", {"stage": "no", "run": False})],
    "explain_policy": [("r", {"calls": ["no"]})],
    "configure_policy": [("rw", {"key": "no", "value": 1}), ("r", {"key": "no", "value": 1, "dry_run": True})],
}


def test_every_tool_is_in_the_matrix() -> None:
    assert CALLS.keys() == {spec.name for spec in TOOLS}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("matrix")
    (root / "devenv.nix").write_text("{ pkgs, ... }: {\n")
    lines = [f"[roles.a{name}]\npermissions = {[LETTERS[letter] for letter in name]}\n" for name in SETS]
    (root / "devkeel.toml").write_text("".join(lines).replace("'", '"'))
    return root


def denied(result: CallToolResult) -> bool:
    assert result.structured_content is not None
    return bool(result.structured_content.get("error", {}).get("code") == "permission_denied")


async def judged(client: Client, name: str, *, turn: int | None = None) -> list[str]:
    """Return where what a client with a set of permissions may do is not what is written above.

    turn: calls a quarter of the tools alone, the first call of each, another one by its number; all are listed.
    """
    wrong = []
    listed = {tool.name for tool in (await client.list_tools()).tools}
    for number, (tool, calls) in enumerate(CALLS.items()):
        if (tool in listed) is not any(set(takes) <= set(name) for takes, _ in calls):
            wrong.append(f"{name}: {tool} is {'' if tool in listed else 'not '}listed")
        if turn is not None and (number + turn) % 4:
            continue
        for takes, arguments in calls if turn is None else calls[:1]:
            result = await client.call_tool(tool, arguments)
            if denied(result) is (set(takes) <= set(name)):
                wrong.append(f"{name}: {tool} {arguments}: {result.structured_content}")
    wrong += [f"{name}: {what}" for what in await looked(client) if "r" not in name]
    return wrong + [f"{name}: not {what}" for what in READ.keys() - await looked(client) if "r" in name]


READ: dict[str, Any] = {
    "resources": lambda client: client.list_resources(),
    "templates": lambda client: client.list_resource_templates(),
    "resource": lambda client: client.read_resource("devkeel://files/devenv.nix"),
    "history": lambda client: client.read_resource("devkeel://history"),
    "prompts": lambda client: client.list_prompts(),
    "completion": lambda client: client.complete(
        PromptReference(type="ref/prompt", name="no"), {"name": "path", "value": "services.r"}
    ),
}


async def looked(client: Client) -> set[str]:
    """Return which of what only looks is not denied."""
    found = set()
    for what, look in READ.items():
        try:
            await look(client)
        except MCPError as error:
            if "permission_denied" in str(error):
                continue
        found.add(what)
    return found


async def test_exactly_what_a_set_allows_is_allowed(root: Path) -> None:
    wrong = []
    for name in SETS:
        offer = Offer.of(["all"], roles=(NamedRole(f"a{name}", "--role", "whoever starts it"),))
        async with Client(build_server(root, offer)) as client:
            wrong += await judged(client, name)
    assert wrong == []


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tokens")
    for name in SETS:
        (folder / f"a{name}").write_text(token(name))
    given = [f"--role-token=a{name}={folder / f'a{name}'}" for name in SETS]
    with served(root, "--toolsets=all", *given) as found:
        yield found


def token(name: str) -> str:
    return f"{name or 'none':0<40}"


async def test_exactly_what_the_set_of_a_token_allows_is_allowed_over_http(server: Served) -> None:
    wrong = []
    for turn, name in enumerate(SETS):
        known = server.headers | {"Authorization": f"Bearer {token(name)}"}
        async with (
            httpx2.AsyncClient(headers=known, timeout=60) as http,
            Client(streamable_http_client(server.url, http_client=http), mode="auto") as client,
        ):
            wrong += await judged(client, name, turn=turn)
    assert wrong == []


@pytest.mark.parametrize("name", ["", "r", "rwbx", "wbxnp"])
async def test_a_server_over_stdio_is_held_to_its_role(root: Path, name: str) -> None:
    async with stdio_client(root, "auto", "--toolsets=all", f"--role=a{name}") as client:
        assert await judged(client, name) == []
