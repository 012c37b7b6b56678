"""`configure_policy`, and an undo of it: a person is asked each time, and nothing is written where none can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client
from mcp_types import ElicitResult

from devkeel.api import Environment
from devkeel_mcp import Offer, build_server

if TYPE_CHECKING:
    from .conftest import Agent

pytestmark = pytest.mark.anyio
YES = ElicitResult(action="accept", content={"approve": True})
NO = ElicitResult(action="decline")
FORBID = {"key": "rules.packages.forbid", "value": ["mysql"]}


async def called(agent: Agent, answer: ElicitResult | None, tool: str, given: dict[str, Any], ask: Any = None) -> Any:
    asked: list[str] = []

    async def answering(_: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        assert answer is not None
        return answer

    server = build_server(agent.root, Offer.of(["core", "policy"], ask=ask))
    callback: Any = answering if answer else None
    async with Client(server, mode=agent.era, elicitation_callback=callback) as client:
        result = await client.call_tool(tool, given)
        plan = (result.structured_content or {}).get("confirm")
        if plan:  # what an agent confirms by itself is no person's word
            result = await client.call_tool(tool, {**given, "confirm": plan})
    return result, asked


def kept(agent: Agent) -> list[tuple[str, str]]:
    """Return the attempts that the history has as refused: the verb and the code of each."""
    found = Environment(agent.root, actor="test").export_history()
    return [(line["action"], line["code"]) for line in found if line["kind"] == "refusal"]


@pytest.mark.parametrize("ask", [None, "all", "destructive"])
async def test_a_person_who_agrees_has_it_changed_and_taken_back(agent: Agent, ask: Any) -> None:
    settings = agent.root / "devkeel.toml"
    result, asked = await called(agent, YES, "configure_policy", FORBID, ask)
    assert not result.is_error, result
    assert "mysql" in settings.read_text()
    assert "+forbid" in asked[0]
    back, asked = await called(agent, YES, "undo", {}, ask)
    assert not back.is_error, back
    assert not settings.exists()
    assert "-forbid" in asked[0]
    assert kept(agent) == []


@pytest.mark.parametrize("ask", [None, "all"])
@pytest.mark.parametrize("answer", [None, NO])
async def test_without_a_person_neither_is_done(agent: Agent, answer: ElicitResult | None, ask: Any) -> None:
    settings = agent.root / "devkeel.toml"
    code = "declined" if answer else "person_needed"
    refused, _ = await called(agent, answer, "configure_policy", FORBID, ask)
    assert refused.structured_content["error"]["code"] == code
    assert not settings.exists()
    await called(agent, YES, "configure_policy", FORBID)
    before = settings.read_text()
    refused, asked = await called(agent, answer, "undo", {}, ask)
    assert refused.structured_content["error"]["code"] == code
    assert settings.read_text() == before
    assert len(asked) == (1 if answer else 0)
    assert kept(agent) == [("configure_policy", code), ("undo", code)]


async def test_trying_asks_no_one(agent: Agent) -> None:
    tried, asked = await called(agent, None, "configure_policy", {**FORBID, "dry_run": True})
    assert "+forbid" in tried.structured_content["diff"]
    assert (asked, (agent.root / "devkeel.toml").exists()) == ([], False)


async def test_any_other_undo_asks_no_one(agent: Agent) -> None:
    result, _ = await called(agent, None, "add_packages", {"names": ["ripgrep"], "level": "schema"})
    assert not result.is_error, result
    back, asked = await called(agent, YES, "undo", {})
    assert (back.is_error, asked) == (False, [])
