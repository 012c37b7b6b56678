"""An agent makes environments, sees which there are, and switches between them, as `devkeel env activate` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client

from devkeel_mcp import build_server

from .conftest import text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("own_index")]
PROJECT = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.9"
dependencies = ["plain", "frames<2; sys_platform == 'nowhere'"]

[project.optional-dependencies]
gpu = ["frames<2"]

[dependency-groups]
docs = ["numbers-lib<2"]
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "demo"
    place.mkdir()
    (place / "pyproject.toml").write_text(PROJECT)
    return place


@pytest.fixture
async def client(root: Path) -> AsyncIterator[Client]:
    async with Client(build_server(root)) as client:
        yield client


async def told(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    data: dict[str, Any] = result.structured_content or {}
    return data | {"text": text_of(result)}


async def prefix(client: Client) -> str:
    ran = await told(client, "run_command", argv=["python", "-c", "import sys; print(sys.prefix)"])
    return str(ran["stdout"]).strip()


async def test_an_agent_switches_the_active_environment_and_sees_which_there_are(client: Client) -> None:
    first = await told(client, "apply_environment")
    other = await told(client, "apply_environment", environment="other")
    assert (other["active"], other["activated"]) == ("demo", False)
    assert "Active: demo, as before." in other["text"]
    assert await prefix(client) == first["prefix"]
    switched = await told(client, "apply_environment", environment="other", activate=True)
    assert (switched["active"], switched["activated"], switched["changed"]) == ("other", True, False)
    assert "Active: other, from now on." in switched["text"]
    assert await prefix(client) == other["prefix"]
    seen = await told(client, "inspect_environment")
    marks = {item["name"]: (item["active"], item["default"]) for item in seen["environments"]}
    assert marks == {"demo": (False, True), "other": (True, False)}
    assert "other (venv, Python" in seen["text"]
    await told(client, "apply_environment", environment="demo", activate=True)
    assert await prefix(client) == first["prefix"]


async def test_what_is_switched_to_is_made_where_it_is_not_or_is_of_other_files(client: Client, root: Path) -> None:
    tried = await told(client, "apply_environment", environment="other", activate=True, dry_run=True)
    assert (tried["applied"], tried["activated"]) == (False, False)
    made = await told(client, "apply_environment", environment="other", activate=True)
    assert (made["changed"], made["active"]) == (True, "other")
    (root / "pyproject.toml").write_text(PROJECT.replace('"plain", ', '"plain", "numbers-lib<2", '))
    await told(client, "apply_environment", environment="demo")
    again = await told(client, "apply_environment", environment="other", activate=True)
    assert again["changed"]
    assert set(again["installed"]["versions"]) == {"plain", "numbers-lib"}


@pytest.mark.rule("naming: not by failing")
async def test_what_fails_switches_nothing(client: Client, root: Path) -> None:
    await told(client, "apply_environment")
    (root / "pyproject.toml").write_text(PROJECT.replace('"plain", ', '"modern", '))
    failed = await client.call_tool("apply_environment", {"environment": "other", "activate": True})
    assert failed.is_error
    marks = (await told(client, "inspect_environment"))["environments"]
    assert [item["name"] for item in marks if item["active"]] == ["demo"]


async def test_groups_over_mcp_are_installed_with_their_versions_and_what_is_left_out_is_said(client: Client) -> None:
    made = (await told(client, "apply_environment", groups=["docs", "[gpu]"]))["installed"]
    assert made["versions"] == {"frames": "1.5.3", "numbers-lib": "1.0.0", "plain": "1.0.0"}
    assert (made["groups"], made["extras"], made["packages"], made["others"]) == (["docs"], ["gpu"], 3, 0)
    assert made["interpreter"].startswith("/")
    assert made["python"].startswith("3.")
    # What was asked for holds until a call asks for something else.
    kept = (await told(client, "apply_environment"))["installed"]
    assert kept["groups"] == ["docs"]
    other = (await told(client, "apply_environment", environment="bare"))["installed"]
    assert (other["versions"], other["others"]) == ({"plain": "1.0.0"}, 0)
    assert other["left_out"] == ["group docs", "extra gpu", "the project itself, which has no [build-system]", LOST]


LOST = "frames, which is not meant for this machine"
