"""`configure_cache`: a person is asked by each server, and nothing is written where none can be."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client
from mcp_types import ElicitResult

from devkeel_mcp import Offer, build_server

if TYPE_CHECKING:
    from .conftest import Agent

pytestmark = pytest.mark.anyio
KEY = f"team-1:{base64.b64encode(bytes(32)).decode()}"
CACHE = {"url": "https://cache.example.org/team", "public_key": KEY}
YES = ElicitResult(action="accept", content={"approve": True})


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


async def called(agent: Agent, answer: ElicitResult | None, given: dict[str, Any], ask: Any = None) -> Any:
    async def asked(_: Any, params: Any) -> ElicitResult:
        assert answer is not None
        assert any(text in params.message for text in ("+url = ", "-url = ", "once a person has agreed"))
        return answer

    server = build_server(agent.root, Offer.of(["nix"], ask=ask))
    callback: Any = asked if answer else None
    async with Client(server, mode=agent.era, elicitation_callback=callback) as client:
        return await client.call_tool("configure_cache", given)


@pytest.mark.parametrize("ask", [None, "all", "destructive"])
async def test_a_person_who_agrees_has_it_written_and_used(agent: Agent, ask: Any) -> None:
    result = await called(agent, YES, CACHE, ask)
    assert not result.is_error, result
    assert KEY in (agent.root / "devkeel.toml").read_text()
    again = await called(agent, None, CACHE, ask)  # nothing is left to ask about
    assert again.structured_content["changed"] is False
    assert (await called(agent, YES, {"url": CACHE["url"], "remove": True}, ask)).structured_content["published"]


@pytest.mark.parametrize("ask", [None, "all", "destructive"])
@pytest.mark.parametrize("answer", [None, ElicitResult(action="decline")])
async def test_without_a_person_nothing_is_written(agent: Agent, answer: ElicitResult | None, ask: Any) -> None:
    error = (await called(agent, answer, CACHE, ask)).structured_content["error"]
    assert error["code"] == ("declined" if answer else "person_needed")
    told = f"`devkeel nix cache configure {CACHE['url']} --public-key {KEY}`"
    assert answer is not None or told in error["remedy"]
    assert not (agent.root / "devkeel.toml").exists()
    confirmed = await called(agent, answer, {**CACHE, "confirm": "x" * 48}, ask)
    assert confirmed.is_error
    assert not (agent.root / "devkeel.toml").exists()


async def test_what_is_written_already_is_asked_about_until_a_person_agreed(agent: Agent) -> None:
    text = f'[[caches]]\nurl = "{CACHE["url"]}"\npublic_key = "{KEY}"\n'
    (agent.root / "devkeel.toml").write_text(text)
    assert (await called(agent, None, CACHE)).structured_content["error"]["code"] == "person_needed"
    assert not (await called(agent, YES, CACHE)).is_error
    assert (await called(agent, None, CACHE)).structured_content["changed"] is False
    assert (agent.root / "devkeel.toml").read_text() == text


async def test_trying_asks_no_one(agent: Agent) -> None:
    tried = await called(agent, None, {**CACHE, "dry_run": True})
    assert "+url = " in tried.structured_content["diff"]
    assert not (agent.root / "devkeel.toml").exists()
