"""How calls run: one write at a time, finished once started, and never a bare exception."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from devkeel.api import Environment
from devkeel.errors import Busy, DevkeelError, StateError, Unavailable

from .conftest import text_of

if TYPE_CHECKING:
    from .conftest import Agent

pytestmark = pytest.mark.anyio


async def test_a_write_that_has_started_finishes_when_the_client_gives_up(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on, done = threading.Event(), threading.Event(), threading.Event()
    original = Environment.change

    def slow(self: Environment, *arguments: Any, **options: Any) -> Any:
        started.set()
        assert go_on.wait(30)
        result = original(self, *arguments, **options)
        done.set()
        return result

    monkeypatch.setattr(Environment, "change", slow)
    async with agent.client() as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "add_packages", {"names": ["ripgrep"], "level": "syntax"})
        await anyio.to_thread.run_sync(started.wait, 30)
        group.cancel_scope.cancel()
        go_on.set()
    assert await anyio.to_thread.run_sync(done.wait, 30)
    assert "ripgrep" in agent.read()


async def test_writes_run_one_at_a_time(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    most: list[int] = []
    original = Environment.change

    def counted(self: Environment, *arguments: Any, **options: Any) -> Any:
        running.append(1)
        most.append(len(running))
        try:
            return original(self, *arguments, **options)
        finally:
            running.pop()

    monkeypatch.setattr(Environment, "change", counted)
    async with agent.client() as client, anyio.create_task_group() as group:
        for name in ("ripgrep", "fd", "curl", "wget"):
            group.start_soon(client.call_tool, "add_packages", {"names": [name], "level": "syntax"})
    assert most == [1, 1, 1, 1]
    assert all(name in agent.read() for name in ("ripgrep", "fd", "curl", "wget"))


async def test_an_unforeseen_exception_is_a_plain_sentence_and_stays_in_the_log(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Environment, **options: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Environment, "inspect", broken)
    result = await agent.call("inspect_environment")
    assert result.is_error
    assert result.structured_content["error"]["code"] == "internal_error"
    assert "secret detail" not in text_of(result) + str(result.structured_content)
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(("error", "kind"), [(Busy, "busy"), (StateError, "state"), (Unavailable, "unavailable")])
async def test_each_family_of_errors_has_its_kind(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, error: type[DevkeelError], kind: str
) -> None:
    def failing(self: Environment, **options: Any) -> Any:
        raise error("some_code", "A sentence.")

    monkeypatch.setattr(Environment, "check", failing)
    data = await agent.error("check_environment")
    assert (data["kind"], data["code"]) == (kind, "some_code")


async def test_undo_goes_back_to_an_older_state(agent: Agent) -> None:
    first = await agent.data("add_packages", names=["ripgrep"], level="syntax")
    wanted = agent.read()
    for name in ("jq", "curl"):
        await agent.data("add_packages", names=[name], level="syntax")
    assert (await agent.data("undo", restore=first["revision"]))["published"]
    assert agent.read() == wanted
    assert not (await agent.data("undo", restore=str(first["operation"])))["changed"]
    error = await agent.error("undo", restore="1", redo=True)
    assert error["code"] == "bad_argument"
