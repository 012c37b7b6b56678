"""manage_processes over stdio when the client takes its call back, goes away, or is killed with its server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from .wire import LONG, Wire, children, lives, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Path]

pytestmark = pytest.mark.nix
RUNS = 'processes.a.exec = "exec sleep 600";'
NEVER_READY = '{ exec = "exec sleep 600"; ready = { exec = "false"; period = 1; }; }'
SLOW = {"kind": "set", "path": "processes.slow", "expression": NEVER_READY}


def phases(wire: Wire) -> dict[str, str]:
    return {item["name"]: item["phase"] for item in wire.told("read_processes")["processes"]}


def starting(wire: Wire) -> int:
    """Begin a start that never comes to its end, and wait until it waits."""
    number = wire.call("manage_processes", action="start", timeout=600)
    until(lambda: any("slow" in sentence for _, sentence in wire.progress(number)))
    return number


def test_a_start_that_its_client_cancels_leaves_nothing(runner: Any, pinned_project: Make) -> None:
    root = pinned_project(f"{RUNS} processes.slow = {NEVER_READY};")
    with Wire(root) as wire:
        wire.cancel(starting(wire))
        until(lambda: runner.survivors() == children(wire.process.pid) == [])
        assert not wire.told("read_processes")["running"]


def test_what_ran_before_a_start_that_is_cancelled_goes_on(runner: Any, pinned_project: Make) -> None:
    root = pinned_project(RUNS)
    with Wire(root) as wire:
        wire.told("manage_processes", action="start")
        wire.told("edit_environment", edits=[SLOW], level="syntax")
        declared = (root / "devenv.nix").read_text()
        wire.cancel(starting(wire))
        until(lambda: phases(wire) == {"a": "ready", "slow": "stopped"})
        assert (root / "devenv.nix").read_text() == declared
        wire.told("manage_processes", action="stop")
    assert runner.survivors() == []


def test_one_process_beside_others_is_withdrawn_alone(runner: Any, pinned_project: Make) -> None:
    root = pinned_project(f"{RUNS} processes.slow = {NEVER_READY} // {{ start.enable = false; }};")
    with Wire(root) as wire:
        manager = wire.told("manage_processes", action="start")["manager"]
        number = wire.call("manage_processes", action="start", names=["slow"], timeout=600)
        until(lambda: any("slow" in sentence for _, sentence in wire.progress(number)))
        wire.cancel(number)
        until(lambda: phases(wire) == {"a": "ready", "slow": "stopped"})
        assert wire.told("read_processes")["manager"] == manager
        wire.told("manage_processes", action="stop")
    assert runner.survivors() == []


def test_a_client_that_goes_away_while_it_waits_has_started_nothing(runner: Any, pinned_project: Make) -> None:
    root = pinned_project(RUNS)
    with Wire(root) as wire:
        manager = wire.told("manage_processes", action="start")["manager"]
        wire.told("edit_environment", edits=[SLOW], level="syntax")
        starting(wire)
        wire.hang_up()
        wire.process.wait(timeout=LONG)
    with Wire(root) as wire:
        assert phases(wire) == {"a": "ready", "slow": "stopped"}
        assert not lives(manager)
        wire.told("manage_processes", action="stop")
    assert runner.survivors() == []


def test_a_start_that_is_cancelled_while_it_evaluates_stops_nothing(devenv: Any, pinned_project: Make) -> None:
    root = pinned_project(RUNS)
    with Wire(root) as wire:
        manager = wire.told("manage_processes", action="start")["manager"]
        wire.told("edit_environment", edits=[SLOW], level="syntax")
        devenv.fail("hang")
        calls = len(devenv.calls())
        number = wire.call("manage_processes", action="start", timeout=600)
        until(lambda: len(devenv.calls()) > calls)
        wire.cancel(number)
        until(lambda: children(wire.process.pid) == [])
        assert wire.told("read_processes")["manager"] == manager
        assert phases(wire) == {"a": "ready"}
        wire.told("manage_processes", action="stop")
    assert devenv.survivors() == []


def test_what_was_started_outlives_a_server_that_is_killed_and_its_jobs_do_not(
    runner: Any, pinned_project: Make
) -> None:
    root = pinned_project(f"{RUNS} processes.slow = {NEVER_READY};", {"devkeel.toml": "job_after = 1\n"})
    with Wire(root) as wire:
        job = wire.told("manage_processes", action="start", timeout=600)
        until(lambda: "slow" in wire.told("job", id=job["id"])["progress"])
        wire.process.kill()
        wire.process.wait(timeout=LONG)
    with Wire(root) as wire:
        (job,) = wire.told("job")["jobs"]
        assert (job["kind"], job["state"], job["survivors"]) == ("processes", "cancelled", [])
        seen = wire.told("read_processes")
        assert (seen["running"], seen["outdated"]) == (True, False)
        assert lives(seen["manager"])
        wire.told("manage_processes", action="stop")
    assert runner.survivors() == []


def test_a_start_says_what_it_is_at_twice_a_second_at_most(runner: Any, pinned_project: Make) -> None:
    root = pinned_project(f"{RUNS} processes.slow = {NEVER_READY};")
    with Wire(root) as wire:
        begun = time.monotonic()
        number = wire.call("manage_processes", action="start", timeout=3)
        error = wire.answer(number)["result"]["structuredContent"]["error"]
        seconds = time.monotonic() - begun
        told = [sentence for _, sentence in wire.progress(number)]
        wire.told("manage_processes", action="stop")
    assert error["code"] == "process_not_ready"
    # How many steps are seen depends on how long each takes; the last one lasts.
    assert "Waiting for slow (starting)" in told
    assert len(told) <= 2 * seconds
    assert runner.survivors() == []
