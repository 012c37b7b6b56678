"""With a page open, a person answers there: beside the host's own question, or in place of a plan that is repeated."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp.client import Client
from mcp_types import ElicitResult

from devkeel.api import Environment
from devkeel.errors import Conflict
from devkeel.policy.roles import Caller
from devkeel.proposals.presence import attending
from devkeel_mcp import Offer, build_server

from .conftest import photograph, text_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from mcp_types import CallToolResult

    from devkeel.proposals.proposal import ProposalView

    from .conftest import Agent

pytestmark = pytest.mark.anyio
ADD = {"names": ["ripgrep"], "level": "syntax"}
ASKING = Offer(asks="all")
POLICY = Offer(frozenset({"core", "policy"}))
KEY = {"key": "rules.packages.forbid", "value": ["mysql"]}


class Person:
    """Who sits at the page: answers what waits, in a process's own environment."""

    def __init__(self, root: Path) -> None:
        self.environment = Environment(root, actor="a person", caller=Caller("command"))

    def waiting(self) -> tuple[ProposalView, ...]:
        return tuple(item for item in self.environment.proposals().proposals if item.state == "waiting")

    async def sees(self) -> ProposalView:
        """Return the one thing that waits, as soon as it does."""
        with anyio.fail_after(30):
            while not (found := await anyio.to_thread.run_sync(self.waiting)):  # noqa: ASYNC110  (of another process)
                await anyio.sleep(0.02)
        (only,) = found
        return only

    async def says(self, agrees: bool) -> ProposalView:
        seen = await self.sees()
        await anyio.to_thread.run_sync(self.say, seen, agrees)
        return seen

    def say(self, seen: ProposalView, agrees: bool) -> None:
        self.environment.answer_proposal(seen.id, agrees=agrees, seen=seen.digest)


@pytest.fixture
def person(agent: Agent) -> Iterator[Person]:
    found = Person(agent.root)
    with attending(agent.root):
        yield found
    found.environment.close()


@contextmanager
def patience(root: Path, seconds: float) -> Iterator[None]:
    (root / "devkeel.toml").write_text(f"job_after = {seconds}\n")
    yield


def client(
    agent: Agent, answer: Callable[[str], Awaitable[ElicitResult]] | None = None, offer: Offer = ASKING
) -> Client:
    async def asked(_: Any, params: Any) -> ElicitResult:
        assert answer is not None
        return await answer(params.message)

    return Client(build_server(agent.root, offer), mode=agent.era, elicitation_callback=asked if answer else None)


def code_of(result: CallToolResult) -> str:
    assert result.is_error, text_of(result)
    assert result.structured_content is not None
    code: str = result.structured_content["error"]["code"]
    return code


async def answered(
    connected: Client, person: Person, agrees: bool, tool: str, arguments: dict[str, Any]
) -> tuple[CallToolResult, ProposalView]:
    """Call a tool, and have the person answer meanwhile."""
    found: list[Any] = []

    async def call() -> None:
        found.append(await connected.call_tool(tool, arguments))

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        seen = await person.says(agrees)
    return found[0], seen


async def test_the_call_waits_and_does_what_the_person_says_on_the_page(agent: Agent, person: Person) -> None:
    before = photograph(agent.root)
    async with client(agent) as connected:
        done, seen = await answered(connected, person, False, "add_packages", ADD)
        assert code_of(done) == "declined"
        assert photograph(agent.root) == before
        assert (seen.action, seen.arguments, seen.caller) == ("add_packages", ADD, "mcp 0.1.0")
        assert "+    pkgs.ripgrep" in seen.shown["diff"]
        assert seen.shown["files"] == ["devenv.nix"]
        done, seen = await answered(connected, person, True, "add_packages", ADD)
        assert not done.is_error, text_of(done)
        assert "ripgrep" in agent.read()
    assert person.environment.proposals().proposals == ()
    assert person.environment.history(limit=1).operations[0].actor != "a person"


async def test_the_model_that_repeats_its_plan_is_no_consent_and_hears_what_was_said(
    agent: Agent, person: Person
) -> None:
    with patience(agent.root, 0.1):
        async with client(agent) as connected:
            planned = await connected.call_tool("add_packages", ADD)
            assert not planned.is_error
            data = planned.structured_content
            assert data is not None
            assert data["waits_until"]
            for _ in range(3):
                again = await connected.call_tool("add_packages", {**ADD, "confirm": data["confirm"]})
                assert (again.structured_content or {})["confirm"] == data["confirm"]
            same = await connected.call_tool("add_packages", ADD)
            assert (same.structured_content or {})["confirm"] == data["confirm"]
            assert "ripgrep" not in agent.read()
            seen = await person.says(True)
            assert "ripgrep" not in agent.read()
            done = await connected.call_tool("add_packages", {**ADD, "confirm": data["confirm"]})
            assert not done.is_error, text_of(done)
            assert "ripgrep" in agent.read()
            twice = await connected.call_tool("add_packages", {**ADD, "confirm": data["confirm"]})
            assert code_of(twice) == "plan_expired"
            with pytest.raises(Exception) as caught:  # noqa: PT011
                person.say(seen, True)
            assert caught.value.code == "unknown_proposal"


async def test_a_plan_from_before_the_page_was_opened_is_put_to_it(agent: Agent) -> None:
    with patience(agent.root, 0.1):
        async with client(agent) as connected:
            planned = await connected.call_tool("add_packages", ADD)
            plan = (planned.structured_content or {})["confirm"]
            person = Person(agent.root)
            with attending(agent.root):
                again = await connected.call_tool("add_packages", {**ADD, "confirm": plan})
                assert (again.structured_content or {})["waits_until"]
                assert "ripgrep" not in agent.read()
                await person.says(True)
            # the page is closed, and what it was asked is still its own to settle
            other = await connected.call_tool(
                "add_packages", {**ADD, "confirm": (again.structured_content or {})["confirm"]}
            )
            assert not other.is_error
            assert "ripgrep" in agent.read()


async def test_a_page_that_is_closed_leaves_what_it_was_asked_to_a_person(agent: Agent) -> None:
    with patience(agent.root, 0.1):
        async with client(agent) as connected:
            with attending(agent.root):
                planned = await connected.call_tool("add_packages", ADD)
            plan = (planned.structured_content or {})["confirm"]
            for repeated in ({**ADD, "confirm": plan}, ADD):
                again = await connected.call_tool("add_packages", repeated)
                assert (again.structured_content or {})["waits_until"]
                assert (again.structured_content or {})["confirm"] == plan
            other = await connected.call_tool("add_packages", {**ADD, "names": ["fd"]})
            assert "waits_until" not in (other.structured_content or {})
            assert "ripgrep" not in agent.read()


@pytest.mark.parametrize("agrees", [True, False])
async def test_the_first_answer_counts_where_host_and_page_ask_at_once(
    agent: Agent, person: Person, agrees: bool
) -> None:
    asked = anyio.Event()

    async def host(_: str) -> ElicitResult:
        asked.set()
        if agent.era == "auto":  # the host shows it while no call is under way, and is answered later
            await person.says(agrees)
            return ElicitResult(action="accept", content={"approve": True})
        await anyio.sleep_forever()
        raise AssertionError

    async with client(agent, host) as connected:
        if agent.era == "auto":
            done = await connected.call_tool("add_packages", ADD)
        else:
            done, _ = await answered(connected, person, agrees, "add_packages", ADD)
    assert asked.is_set()
    assert done.is_error is not agrees
    assert ("ripgrep" in agent.read()) is agrees
    assert person.environment.proposals().proposals == ()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ElicitResult(action="accept", content={"approve": True}), None),
        (ElicitResult(action="accept", content={"approve": False}), "declined"),
        (ElicitResult(action="decline"), "declined"),
    ],
)
async def test_what_the_host_hears_settles_it_and_the_page_asks_no_more(
    agent: Agent, person: Person, answer: ElicitResult, code: str | None
) -> None:
    shown = []

    async def host(_: str) -> ElicitResult:
        shown.append(await person.sees())
        return answer

    async with client(agent, host) as connected:
        done = await connected.call_tool("add_packages", ADD)
    assert (code_of(done) if done.is_error else None) == code
    assert ("ripgrep" in agent.read()) is (code is None)
    assert person.environment.proposals().proposals == ()
    assert len(shown) == 1


async def test_a_host_whose_person_makes_no_choice_leaves_it_to_the_page(agent: Agent, person: Person) -> None:
    async def host(_: str) -> ElicitResult:
        return ElicitResult(action="cancel")

    async with client(agent, host) as connected:
        done, _ = await answered(connected, person, True, "add_packages", ADD)
    assert not done.is_error, text_of(done)
    assert "ripgrep" in agent.read()


async def test_a_save_while_the_person_thinks_ends_the_question(agent: Agent, person: Person) -> None:
    async with client(agent) as connected:
        found: list[Any] = []

        async def call() -> None:
            found.append(await connected.call_tool("add_packages", ADD))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            seen = await person.sees()
            (agent.root / "devenv.nix").write_text(agent.read() + "# mine\n")
            with pytest.raises(Conflict):
                person.say(seen, True)
    assert code_of(found[0]) == "plan_differs"
    assert "ripgrep" not in agent.read()
    assert person.environment.proposals().proposals == ()


async def test_a_call_that_is_cancelled_asks_no_more_and_its_answer_does_nothing(agent: Agent, person: Person) -> None:
    async with client(agent) as connected:
        async with anyio.create_task_group() as group:
            group.start_soon(connected.call_tool, "add_packages", ADD)
            await person.sees()
            group.cancel_scope.cancel()
        with anyio.fail_after(30):
            while person.environment.proposals().proposals:  # noqa: ASYNC110  (of another process)
                await anyio.sleep(0.02)
    assert "ripgrep" not in agent.read()


async def test_what_always_needs_a_person_is_asked_on_the_page_where_the_host_cannot(
    agent: Agent, person: Person
) -> None:
    async with client(agent, offer=POLICY) as connected:
        done, seen = await answered(connected, person, False, "configure_policy", KEY)
        assert code_of(done) == "declined"
        done, seen = await answered(connected, person, True, "configure_policy", KEY)
        assert not done.is_error, text_of(done)
        assert "mysql" in agent.read("devkeel.toml")
        assert "+forbid" in seen.shown["diff"]
        undone, seen = await answered(connected, person, True, "undo", {})
        assert not undone.is_error, text_of(undone)
        assert seen.why
        assert not (agent.root / "devkeel.toml").exists()


async def test_what_would_be_done_to_other_files_is_what_was_shown_or_is_not_done(agent: Agent, person: Person) -> None:
    """devkeel.toml is no part of the revision: what a page showed of it is compared once more."""
    async with client(agent, offer=POLICY) as connected:
        found: list[Any] = []

        async def call() -> None:
            found.append(await connected.call_tool("configure_policy", KEY))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            seen = await person.sees()
            (agent.root / "devkeel.toml").write_text('[rules.packages]\nallow = ["git"]\n')
            person.say(seen, True)
    assert code_of(found[0]) == "plan_differs"
    assert "mysql" not in agent.read("devkeel.toml")


async def test_a_secret_is_shown_on_no_page_and_kept_in_no_record(agent: Agent, person: Person) -> None:
    secret = "ghp_" + "a1B2" * 9
    edits = {"edits": [{"kind": "set", "path": "env.GITHUB_TOKEN", "value": secret}], "level": "syntax"}
    async with client(agent) as connected:
        done, seen = await answered(connected, person, False, "edit_environment", edits)
    assert code_of(done) == "declined"
    assert secret not in json.dumps([seen.arguments, seen.shown, seen.message])
    assert seen.arguments["edits"][0]["path"] == "env.GITHUB_TOKEN"


async def test_many_questions_of_one_server_are_settled_each_for_itself(agent: Agent, person: Person) -> None:
    with patience(agent.root, 0.1):
        async with client(agent) as connected:
            plans = {}
            for name in ("ripgrep", "fd", "jq2"):
                data = (await connected.call_tool("add_packages", {**ADD, "names": [name]})).structured_content
                assert data is not None
                plans[name] = data.get("confirm")
            waiting = {item.arguments["names"][0]: item for item in person.waiting()}
            person.say(waiting["fd"], True)
            person.say(waiting["ripgrep"], False)
            crossed = await connected.call_tool("add_packages", {**ADD, "names": ["ripgrep"], "confirm": plans["fd"]})
            assert code_of(crossed) == "plan_differs"
            no = await connected.call_tool("add_packages", {**ADD, "confirm": plans["ripgrep"]})
            assert code_of(no) == "declined"
    assert "ripgrep" not in agent.read()
    assert "pkgs.fd" not in agent.read()


async def test_one_server_asks_a_person_so_much_at_once_and_no_more(agent: Agent, person: Person) -> None:
    with patience(agent.root, 0.0):
        async with client(agent) as connected:
            plans = []
            for number in range(23):
                edits = {"edits": [{"kind": "set", "path": f"env.A{number}", "value": "1"}], "level": "syntax"}
                result = await connected.call_tool("edit_environment", edits)
                plans.append((result.structured_content or {})["confirm"])
            waiting = person.waiting()
            assert len(waiting) == 20
            assert waiting[0].arguments["edits"][0]["path"] == "env.A3"
            gone = await connected.call_tool("edit_environment", {**edits, "confirm": plans[0]})
            assert code_of(gone) == "plan_expired"


async def test_the_same_call_twice_at_once_is_done_once(agent: Agent, person: Person) -> None:
    # What is replaced is there again in what it is replaced by: each time this is done it adds a word.
    comment = "# Where the app listens."
    edit = {"kind": "replace_text", "old": comment, "new": f"{comment} Again."}
    edits = {"edits": [edit], "level": "syntax"}
    before = len(person.environment.history(limit=50).operations)
    async with client(agent) as connected:
        found: list[CallToolResult] = []

        async def call() -> None:
            found.append(await connected.call_tool("edit_environment", edits))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await person.sees()
            group.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            await person.says(True)
    assert agent.read().count("Again.") == 1
    assert len(person.environment.history(limit=50).operations) - before == 1
    assert person.environment.proposals().proposals == ()
    assert [bool((item.structured_content or {}).get("published")) for item in found].count(True) == 1
    (other,) = [item for item in found if not (item.structured_content or {}).get("published")]
    assert code_of(other) in {"plan_expired", "plan_differs"}


async def test_what_a_person_says_later_is_heard_by_the_same_call_where_the_tool_takes_no_plan(
    agent: Agent, person: Person
) -> None:
    with patience(agent.root, 0.1):
        async with client(agent, offer=POLICY) as connected:
            waits = await connected.call_tool("configure_policy", KEY)
            data = waits.structured_content or {}
            assert data["waits_until"]
            assert "confirm" not in data
            assert person.waiting()[0].id
            other = await connected.call_tool("configure_policy", {**KEY, "value": ["redis"]})
            assert (other.structured_content or {})["waits_until"]
            (mysql,) = [item for item in person.waiting() if item.arguments["value"] == ["mysql"]]
            person.say(mysql, True)
            other = await connected.call_tool("configure_policy", {**KEY, "value": ["redis"]})
            assert (other.structured_content or {})["waits_until"]
            done = await connected.call_tool("configure_policy", KEY)
            assert not done.is_error, text_of(done)
            assert "mysql" in agent.read("devkeel.toml")
            again = await connected.call_tool("configure_policy", {**KEY, "value": ["mysql", "x"]})
            assert (again.structured_content or {})["waits_until"]


async def test_an_answer_that_is_put_into_the_records_is_not_heard(agent: Agent, person: Person) -> None:
    folder = agent.root / ".devkeel" / "proposals"
    with patience(agent.root, 0.1):
        async with client(agent) as connected:
            await connected.call_tool("add_packages", {**ADD, "names": ["fd"]})
            (first,) = person.waiting()
            person.say(first, True)
            real = (folder / f"{first.id}.answer.json").read_bytes()
            done = await connected.call_tool("add_packages", {**ADD, "names": ["fd"]})
            assert (done.structured_content or {})["published"]
            await connected.call_tool("add_packages", ADD)
            (seen,) = person.waiting()
            forged = {"proposal": seen.digest, "agrees": True, "by": "a person", "at": seen.since, "seal": "0" * 64}
            for answer in (json.dumps(forged).encode(), real):
                (folder / f"{seen.id}.answer.json").write_bytes(answer)
                (folder / f"{first.id}.answer.json").write_bytes(answer)
                again = await connected.call_tool("add_packages", ADD)
                assert (again.structured_content or {})["waits_until"]
            person.say(seen, False)
            assert code_of(await connected.call_tool("add_packages", ADD)) == "declined"
    assert "ripgrep" not in agent.read()
