"""Every tool and resource under every set of permissions, over stdio and HTTP: exactly what is allowed is not denied.

devkeel.toml is read for each call. So one process that serves one role over stdio is driven through all sets, the file
written anew before each; over HTTP one server has a token for each set, and a file with all roles. The project is one
that gets every call past its judge and no further: its devenv.nix does not parse. What each call takes is written here
by hand.
"""

from __future__ import annotations

import os
import tempfile
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp_types import PromptReference, ResourceTemplateReference

from devkeel_mcp.resources.resources import TEMPLATES
from devkeel_mcp.tools import TOOLS

from .conftest import ERAS
from .processes import served, stdio_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp_types import CallToolResult

    from .processes import Served

pytestmark = [pytest.mark.anyio, pytest.mark.forged]

# A file system in memory: each refusal of a write is kept, and synced to the disk.
MEMORY = Path("/dev/shm")  # noqa: S108  (each test makes a directory of its own there)

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
    "diagnose": [("r", {"text": "curl: command not found"}), ("r", {"job": "0"})],
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
    "repair_requirements": [("rbn", {})],
    "report": [("r", {"about": "services.redis"})],
    "verify_history": [("r", {})],
    "check_gate": [("rx", {"stage": "no"}), ("r", {"stage": "no", "run": False})],
    "explain_policy": [("r", {"calls": ["no"]})],
    "configure_policy": [("rw", {"key": "no", "value": 1}), ("r", {"key": "no", "value": 1, "dry_run": True})],
}


def test_every_tool_is_in_the_matrix() -> None:
    assert CALLS.keys() == {spec.name for spec in TOOLS}


@pytest.fixture
def root() -> Iterator[Path]:
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="devkeel-matrix-", dir=where) as place:
        root = Path(place).resolve() / "project"
        root.mkdir()
        (root / "devenv.nix").write_text("{ pkgs, ... }: {\n")
        write_roles(root, {f"a{name}": name for name in SETS})
        yield root


def write_roles(root: Path, roles: dict[str, str]) -> None:
    """Write the roles, with the letters of what each may do."""
    lines = [f"[roles.{name}]\npermissions = {[LETTERS[letter] for letter in roles[name]]}\n" for name in roles]
    (root / "devkeel.toml").write_text("".join([*lines, "[events]\nclients = true\n"]).replace("'", '"'))


def denied(result: CallToolResult) -> bool:
    assert result.structured_content is not None
    return bool(result.structured_content.get("error", {}).get("code") == "permission_denied")


async def judged(client: Client, name: str) -> list[str]:
    """Return where what a client with a set of permissions may do is not what is written above."""
    wrong = []
    listed = {tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools}
    for tool, calls in CALLS.items():
        if (tool in listed) is not any(set(takes) <= set(name) for takes, _ in calls):
            wrong.append(f"{name}: {tool} is {'' if tool in listed else 'not '}listed")
        for takes, arguments in calls:
            result = await client.call_tool(tool, arguments)
            if denied(result) is (set(takes) <= set(name)):
                wrong.append(f"{name}: {tool} {arguments}: {result.structured_content}")
    wrong += [f"{name}: {what}" for what in await looked(client) if "r" not in name]
    return wrong + [f"{name}: not {what}" for what in LOOKS.keys() - await looked(client) if "r" in name]


def completed(reference: PromptReference | ResourceTemplateReference, argument: str, begun: str) -> Any:
    """Return what asks how an argument goes on."""
    return lambda client: client.complete(reference, {"name": argument, "value": begun})


def read(uri: str) -> Any:
    """Return what reads a resource."""
    return lambda client: client.read_resource(uri, cache_mode="bypass")


async def subscribed(client: Client) -> None:
    """Hear of changes, as the era has it."""
    if client.protocol_version >= "2026":
        async with client.listen(resource_subscriptions=["devkeel://history"]):
            return
    with pytest.warns(MCPDeprecationWarning):
        await client.subscribe_resource("devkeel://history")
    with pytest.warns(MCPDeprecationWarning):
        await client.unsubscribe_resource("devkeel://history")


RESOURCES = (
    *("environment", "history", "events", "files/devenv.nix", "operations/1", "options/services.redis.port"),
    *("packages/git", "jobs/0/log", "jobs/0/log?from=0"),
)
# What only looks, and takes `read` alone.
LOOKS: dict[str, Any] = {
    "resources": lambda client: client.list_resources(cache_mode="bypass"),
    "templates": lambda client: client.list_resource_templates(cache_mode="bypass"),
    **{address: read(f"devkeel://{address}") for address in RESOURCES},
    "prompts": lambda client: client.list_prompts(cache_mode="bypass"),
    "prompt": lambda client: client.get_prompt("fix"),
    "completion of a prompt": completed(PromptReference(type="ref/prompt", name="no"), "path", "services.r"),
    "completion of an address": completed(
        ResourceTemplateReference(type="ref/resource", uri="devkeel://jobs/{id}/log"), "id", "0"
    ),
    "subscription": subscribed,
}


async def looked(client: Client) -> set[str]:
    """Return which of what only looks is not denied."""
    found = set()
    for what, look in LOOKS.items():
        try:
            await look(client)
        except MCPError as error:
            if "permission_denied" in str(error):
                continue
        found.add(what)
    return found


def test_every_kind_of_resource_is_in_the_matrix() -> None:
    kinds = {template.uri_template.partition("{")[0] for template in TEMPLATES}
    assert all(any(f"devkeel://{name}".startswith(kind) for name in RESOURCES) for kind in kinds)


async def test_exactly_what_a_set_allows_is_allowed_over_stdio(root: Path) -> None:
    wrong = []
    write_roles(root, {"a": ""})
    async with stdio_client(root, "auto", "--toolsets=all", "--role=a") as client:
        for name in SETS:
            write_roles(root, {"a": name})
            wrong += await judged(client, name)
    assert wrong == []


@pytest.fixture
def server(root: Path, tmp_path: Path) -> Iterator[Served]:
    for name in SETS:
        (tmp_path / f"a{name}").write_text(token(name))
    given = [f"--role-token=a{name}={tmp_path / f'a{name}'}" for name in SETS]
    with served(root, "--toolsets=all", *given) as found:
        yield found


def token(name: str) -> str:
    return f"{name or 'none':0<40}"


async def test_exactly_what_the_set_of_a_token_allows_is_allowed_over_http(server: Served) -> None:
    wrong = []
    async with httpx2.AsyncClient(headers=server.headers, timeout=60) as http:
        for turn, name in enumerate(SETS):
            http.headers["Authorization"] = f"Bearer {token(name)}"
            transport = streamable_http_client(server.url, http_client=http)
            async with Client(transport, mode=ERAS[turn % len(ERAS)]) as client:
                wrong += await judged(client, name)
    assert wrong == []


@pytest.mark.parametrize("name", ["rwbx", "wbxnp"])
async def test_a_server_over_stdio_is_held_to_its_role(root: Path, name: str) -> None:
    async with stdio_client(root, "legacy", "--toolsets=all", f"--role=a{name}") as client:
        assert await judged(client, name) == []
