"""diagnose over an in-memory client, and causes in the answers of what failed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from mcp.client import Client

from devkeel_mcp import build_server
from devkeel_mcp.calls.offer import Offer

from .conftest import text_of

if TYPE_CHECKING:
    from .conftest import Agent

pytestmark = pytest.mark.anyio
MISSING = "main.c:1:10: fatal error: no/such/place.h: No such file or directory\n"


async def test_a_text_without_a_cause_is_said_to_have_none(agent: Agent) -> None:
    found = await agent.data("diagnose", text="E   assert 1 == 2\n1 failed in 0.01s\n")
    assert not any(cause["fixes"] for cause in found["causes"])
    assert "next" not in found


async def test_either_a_text_or_a_job_is_asked_about(agent: Agent) -> None:
    for given in ({}, {"text": MISSING, "job": "0" * 16}):
        assert (await agent.error("diagnose", **given))["code"] == "nothing_to_diagnose"
    assert (await agent.error("diagnose", job="0" * 16))["code"] == "unknown_job"


async def test_the_call_of_a_text_is_the_one_that_mends_it(agent: Agent) -> None:
    failed = "make: curl: No such file or directory\nmain.c:1:10: fatal error: zlib.h: No such file or directory\n"
    result = await agent.call("diagnose", text=failed)
    data = result.structured_content
    _, _, call = text_of(result).rpartition("Next: edit_environment edits=")
    edits = json.loads(call)
    assert data["next"] == f"edit_environment edits={call}"
    assert data["causes"][0]["fixes"][0]["level"] == "schema"
    assert (await agent.data("edit_environment", edits=edits, level="schema"))["published"]
    after = await agent.data("diagnose", text=failed)
    # What is declared now is not offered again: it is to be applied.
    assert all(edit not in edits for cause in after["causes"] for fix in cause["fixes"] for edit in fix["edits"])


async def test_what_the_policy_denies_is_not_offered_and_why_is_said(agent: Agent) -> None:
    (agent.root / "devkeel.toml").write_text('[rules.packages]\nforbid = ["zlib*"]\n')
    (cause,) = (await agent.data("diagnose", text="a.c:1:10: fatal error: zlib.h: No such file or directory\n"))[
        "causes"
    ]
    assert not any("zlib" in str(fix["edits"]) for fix in cause["fixes"])


async def test_secrets_in_the_line_are_masked(agent: Agent) -> None:
    token = "ghp_" + "a1B2" * 9
    result = await agent.call(
        "diagnose", text=f"{token}.c:1:10: fatal error: no/such/{token}.h: No such file or directory\n"
    )
    assert token not in text_of(result)
    assert token not in json.dumps(result.structured_content)


async def test_a_file_that_a_fix_begins_is_asked_for_in_its_call(agent: Agent) -> None:
    refused = "error: Package \u2018ngrok-3.1\u2019 in /n/a.nix:1 has an unfree license, refusing to evaluate.\n"
    (agent.root / "devenv.yaml").unlink(missing_ok=True)
    found = await agent.data("diagnose", text=refused)
    before, _, edits = found["next"].partition("edits=")
    assert before == "edit_environment create=true "
    made = await agent.data("edit_environment", edits=json.loads(edits), create=True, level="schema")
    assert made["published"]


async def test_who_may_not_write_gets_no_call_that_writes(agent: Agent) -> None:
    text = "a.c:1:10: fatal error: zlib.h: No such file or directory\n"
    async with Client(build_server(agent.root, Offer.of(["core"], read_only=True)), mode=agent.era) as client:
        result = await client.call_tool("diagnose", {"text": text})
    (cause,) = (result.structured_content or {})["causes"]
    assert "next" not in (result.structured_content or {})
    assert "edit_environment" not in text_of(result)
    assert cause["fixes"]
    assert all("write" in fix["lacks"] for fix in cause["fixes"])
    (cause,) = (await agent.data("diagnose", text=text))["causes"]
    assert all("lacks" not in fix for fix in cause["fixes"])
    # What is declared already is applied by who may build.
    await agent.data("edit_environment", edits=[{"kind": "add_packages", "names": ["zlib"]}], level="schema")
    async with Client(build_server(agent.root, Offer.of(["core"], read_only=True)), mode=agent.era) as client:
        result = await client.call_tool("diagnose", {"text": text})
    (fix,) = (result.structured_content or {})["causes"][0]["fixes"]
    assert "build" in fix["lacks"]
    assert "next" not in (result.structured_content or {})
