"""Two servers on one project, each with a client of its own: jobs, processes and locks are the project's."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Any

import pytest

from .wire import Wire, running_with, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Path]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]
# Of this run of the tests alone: what runs is looked for in /proc.
MARK = f"/bin/sleep 95{os.getpid()}"
HANGS = (
    'packages = [ (builtins.derivation { name = "slow"; system = pkgs.system; builder = "/bin/sh"; '
    f'args = [ "-c" "{MARK}" ]; }}) ];'
)
SOON = {"devkeel.toml": "job_after = 1\nlock_timeout = 0.2\n"}


def test_the_second_sees_the_jobs_of_the_first_and_their_end(pinned_project: Make) -> None:
    root = pinned_project(HANGS, SOON)
    with Wire(root) as first, Wire(root) as second:
        job = first.told("apply_environment")
        until(lambda: running_with(MARK))
        assert [(item["id"], item["state"]) for item in second.told("job")["jobs"]] == [(job["id"], "running")]
        until(lambda: (second.told("job", id=job["id"])["progress"] or "").startswith("building slow"))
        seen = second.told("job", id=job["id"], cursor=0)
        assert "-slow.drv" in seen["log"]
        assert second.told("job", id=job["id"], cursor=seen["cursor"])["log"] == ""
        assert second.error("apply_environment")["code"] == "apply_busy"
        assert running_with(MARK)
        assert second.told("cancel_job", id=job["id"])["state"] == "cancelled"
        assert not running_with(MARK)
        ended = first.told("job", id=job["id"])
        assert (ended["state"], ended["error"]["code"]) == ("cancelled", "cancelled")


def test_the_second_sees_the_processes_of_the_first(runner: Any, pinned_project: Make) -> None:
    never = '{ exec = "exec sleep 600"; ready = { exec = "false"; period = 1; }; }'
    root = pinned_project('processes.a.exec = "exec sleep 600";', SOON)
    with Wire(root) as first, Wire(root) as second:
        started = first.told("manage_processes", action="start", timeout=60)
        if started.get("state") == "running":
            started = first.told("job", id=started["id"], wait=30)["result"]
        seen = second.told("read_processes")
        assert (seen["manager"], seen["outdated"]) == (started["manager"], False)
        stages = second.told("inspect_environment")["stages"]
        assert (stages["running"], stages["manager"]) == (stages["declared"], started["manager"])
        edit = {"kind": "set", "path": "processes.slow", "expression": never}
        second.told("edit_environment", edits=[edit], level="syntax")
        assert first.told("read_processes")["outdated"]
        job = first.told("manage_processes", action="start", timeout=600)
        until(lambda: "slow" in second.told("job", id=job["id"])["progress"])
        assert second.error("manage_processes", action="stop")["code"] == "processes_busy"
        first.told("cancel_job", id=job["id"])
        stopped = second.told("manage_processes", action="stop")
        if stopped.get("state") == "running":
            second.told("job", id=stopped["id"], wait=30)
    assert runner.survivors() == []


def test_the_second_sees_who_has_the_lock_of_the_declaration(pinned_project: Make) -> None:
    root = pinned_project("packages = [ pkgs.jq ];", SOON)
    with Wire(root) as first, Wire(root) as second:
        first.told("add_packages", names=["hello"], level="syntax")
        with (root / ".devkeel/lock").open("r+b") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert second.error("add_packages", names=["git"], level="syntax")["code"] == "busy"
            assert second.told("inspect_environment")["packages"] == ["jq", "hello"]
        second.told("add_packages", names=["git"], level="syntax")
        assert first.told("inspect_environment")["packages"] == ["jq", "hello", "git"]
        assert [item["id"] for item in first.told("show_history")["operations"]] == [2, 1]
