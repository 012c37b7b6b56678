"""`--ask`: nothing is written before a person agreed, or a plan was repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client
from mcp_types import ElicitResult, Implementation

from devkeel.errors import Conflict
from devkeel.policy.roles import Caller, NamedRole
from devkeel_mcp import Offer, build_server
from devkeel_mcp.calls.consent import Plans, takes_away

from .conftest import photograph, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_types import CallToolResult

    from .conftest import Agent

pytestmark = pytest.mark.anyio
ADD = {"names": ["ripgrep"], "level": "syntax"}
ASKING = Offer(asks="all")
ROLES = (NamedRole("editor", "--role", "whoever starts it"),)
ALICE, BOB = Caller("client", "alice 1", ROLES), Caller("client", "bob 1", ROLES)


def client(agent: Agent, answer: Callable[[str], ElicitResult] | None = None, offer: Offer = ASKING) -> Client:
    async def asked(_: Any, params: Any) -> ElicitResult:
        assert answer is not None
        return answer(params.message)

    return Client(build_server(agent.root, offer), mode=agent.era, elicitation_callback=asked if answer else None)


def code_of(result: CallToolResult) -> str:
    assert result.is_error, text_of(result)
    assert result.structured_content is not None
    code: str = result.structured_content["error"]["code"]
    return code


async def test_a_person_who_agrees_sees_the_diff_and_it_is_written(agent: Agent) -> None:
    seen = []

    def agree(message: str) -> ElicitResult:
        seen.append(message)
        assert "ripgrep" not in agent.read()
        return ElicitResult(action="accept", content={"approve": True})

    async with client(agent, agree) as connected:
        result = await connected.call_tool("add_packages", ADD)
    assert not result.is_error, text_of(result)
    assert "ripgrep" in agent.read()
    assert len(seen) == 1
    assert "+    pkgs.ripgrep" in seen[0]
    assert "Next:" not in seen[0]


@pytest.mark.parametrize(
    "answer",
    [
        ElicitResult(action="decline"),
        ElicitResult(action="cancel"),
        ElicitResult(action="accept", content={"approve": False}),
    ],
)
async def test_a_person_who_does_not_agree_keeps_every_byte(agent: Agent, answer: ElicitResult) -> None:
    before = photograph(agent.root)
    async with client(agent, lambda _: answer) as connected:
        assert code_of(await connected.call_tool("add_packages", ADD)) == "declined"
    assert photograph(agent.root) == before


async def test_a_save_while_the_person_thinks_is_a_conflict(agent: Agent) -> None:
    def agree(_: str) -> ElicitResult:
        (agent.root / "devenv.nix").write_text(agent.read() + "# mine\n")
        return ElicitResult(action="accept", content={"approve": True})

    async with client(agent, agree) as connected:
        assert code_of(await connected.call_tool("add_packages", ADD)) == "plan_differs"
    assert "ripgrep" not in agent.read()


async def test_where_nobody_can_be_asked_the_plan_is_repeated(agent: Agent) -> None:
    async with client(agent) as connected:
        planned = await connected.call_tool("add_packages", ADD)
        assert not planned.is_error
        assert planned.structured_content is not None
        assert "ripgrep" not in agent.read()
        plan = planned.structured_content["confirm"]
        assert plan in text_of(planned)
        done = await connected.call_tool("add_packages", {**ADD, "confirm": plan})
        assert not done.is_error, text_of(done)
        assert "ripgrep" in agent.read()
        again = await connected.call_tool("add_packages", {**ADD, "confirm": plan})
        assert code_of(again) == "plan_expired"


@pytest.mark.parametrize("other", [{"names": ["fd"]}, {"remove": True}, {"reason": "other"}])
async def test_a_plan_is_good_for_its_own_arguments_only(agent: Agent, other: dict[str, Any]) -> None:
    async with client(agent) as connected:
        planned = await connected.call_tool("add_packages", ADD)
        assert planned.structured_content is not None
        plan = planned.structured_content["confirm"]
        assert code_of(await connected.call_tool("add_packages", {**ADD, **other, "confirm": plan})) == "plan_differs"
        guessed = await connected.call_tool("undo", {"confirm": plan})
        assert code_of(guessed) == "plan_expired"
    assert "ripgrep" not in agent.read()


@pytest.mark.parametrize("guess", ["", "x", "0" * 48, 7, ["a"]])
async def test_a_guessed_plan_does_nothing(agent: Agent, guess: Any) -> None:
    async with client(agent) as connected:
        assert code_of(await connected.call_tool("add_packages", {**ADD, "confirm": guess})) == "plan_expired"
    assert "ripgrep" not in agent.read()


async def test_reading_trying_and_what_changes_nothing_ask_nobody(agent: Agent) -> None:
    def never(_: str) -> ElicitResult:
        raise AssertionError

    async with client(agent, never) as connected:
        for tool, arguments in [
            ("inspect_environment", {}),
            ("add_packages", {**ADD, "dry_run": True}),
            ("add_packages", {"names": ["git"], "level": "syntax"}),
        ]:
            assert not (await connected.call_tool(tool, arguments)).is_error
        assert (await connected.call_tool("add_packages", {"nmaes": []})).is_error


@pytest.mark.parametrize(
    ("tool", "arguments", "asks"),
    [
        ("add_packages", {"names": ["ripgrep"]}, False),
        ("add_packages", {"names": ["git"], "remove": True}, True),
        ("enable_service", {"name": "redis"}, False),
        ("edit_environment", {"edits": [{"kind": "set", "path": "env.APP_PORT", "value": "1"}]}, True),
        ("edit_environment", {"edits": [{"kind": "set", "path": "env.B", "value": "1"}]}, False),
        ("edit_environment", {"edits": [{"kind": "set", "path": "enterShell", "value": "ls"}]}, True),
        ("patch_file", {"old": "  # Where", "new": "  -- a\n  # Where"}, False),
    ],
)
async def test_what_only_adds_needs_nobody_where_only_the_destructive_is_asked_about(
    agent: Agent, tool: str, arguments: dict[str, Any], asks: bool
) -> None:
    before = agent.read()
    async with client(agent, offer=Offer(asks="destructive")) as connected:
        result = await connected.call_tool(tool, {**arguments, "level": "syntax"})
    assert result.structured_content is not None
    assert ("confirm" in result.structured_content) is asks
    assert (agent.read() == before) is (asks or result.is_error)


def test_a_removed_line_that_looks_like_a_head_is_seen() -> None:
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n"
    assert takes_away({"files": ["x"], "diff": f"{diff}--- gone\n"})
    assert takes_away({"files": ["x"], "diff": f"{diff}--- gone\n+++ new\n"})
    assert not takes_away({"files": ["x"], "diff": f"{diff}+new\n"})
    assert takes_away({"files": ["x"], "diff": diff, "cut": ["diff: text shortened"]})


async def test_only_a_server_that_asks_knows_the_argument(agent: Agent) -> None:
    async with client(agent) as connected:
        tools = {tool.name: tool for tool in (await connected.list_tools()).tools}
    assert "confirm" in tools["add_packages"].input_schema["properties"]
    assert "confirm" not in tools["inspect_environment"].input_schema["properties"]
    assert (await agent.error("add_packages", **ADD, confirm="x"))["code"] == "bad_argument"


def test_a_plan_expires_and_is_forgotten_when_there_are_too_many() -> None:
    now = [100.0]
    plans = Plans(clock=lambda: now[0])
    first = plans.propose(ALICE, "t", {}, "r")
    now[0] += 601
    with pytest.raises(Conflict):
        plans.redeem(first, ALICE, "t", {}, "r")
    many = [plans.propose(ALICE, "t", {}, "r") for _ in range(101)]
    with pytest.raises(Conflict):
        plans.redeem(many[0], ALICE, "t", {}, "r")
    plans.redeem(many[-1], ALICE, "t", {}, "r")
    with pytest.raises(Conflict):
        plans.redeem(many[1], ALICE, "t", {}, "other revision")


async def test_a_plan_is_good_for_its_own_caller_only(agent: Agent) -> None:
    server = build_server(agent.root, ASKING)

    async def calling(name: str, **more: str) -> CallToolResult:
        who = Implementation(name=name, version="1")
        async with Client(server, mode=agent.era, client_info=who) as connected:
            return await connected.call_tool("add_packages", ADD | more)

    planned = await calling("one")
    assert planned.structured_content is not None
    assert code_of(await calling("another", confirm=planned.structured_content["confirm"])) == "plan_differs"
    assert "ripgrep" not in agent.read()
    planned = await calling("one")
    assert planned.structured_content is not None
    done = await calling("one", confirm=planned.structured_content["confirm"])
    assert not done.is_error, text_of(done)


@pytest.mark.parametrize("other", [BOB, Caller("client", "alice 1"), Caller("client", "alice 1", (*ROLES, *ROLES))])
def test_a_plan_is_bound_to_the_name_and_the_roles_of_its_caller(other: Caller) -> None:
    plans = Plans()
    with pytest.raises(Conflict) as caught:
        plans.redeem(plans.propose(ALICE, "t", {}, "r"), other, "t", {}, "r")
    assert caught.value.code == "plan_differs"
    plans.redeem(plans.propose(ALICE, "t", {}, "r"), ALICE, "t", {}, "r")
