"""What is to run as plain data: read back as written, refused where it cannot be started as it says."""

from __future__ import annotations

import pytest

from devkeel.errors import ProjectError
from devkeel.processes.plan import (
    After,
    HttpGet,
    Plan,
    PlannedProcess,
    PlannedTask,
    Readiness,
    chosen,
    read_plan,
    require_sound,
    written,
)


def process(name: str, *after: str, starts: bool = True) -> PlannedProcess:
    return PlannedProcess(name, ("sleep", "9"), "/", after=tuple(After(item, "ready") for item in after), starts=starts)


def task(name: str, *after: str) -> PlannedTask:
    return PlannedTask(name, ("true",), "/", after=tuple(After(item, "succeeded") for item in after))


def test_a_plan_is_read_back_as_it_was_written() -> None:
    ready = Readiness(http=HttpGet(8080), timeout=3)
    web = PlannedProcess("web", ("web",), "/srv", {"A": "1"}, (After("db", "started"),), ready=ready, ports={"a": 1})
    plan = Plan((web, process("db")), (task("setup"),), {"PATH": "/bin"}, notes=("one",))

    assert read_plan(written(plan)) == plan


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"processes": [{"name": "a"}]}', b'{"processes": [], "more": 1}', b"\xff"]
)
def test_what_is_no_plan_is_refused(data: bytes) -> None:
    with pytest.raises(ProjectError) as refused:
        read_plan(data)

    assert refused.value.code == "process_plan"


@pytest.mark.parametrize(
    ("plan", "seen"),
    [
        (Plan((process("a"), process("a"))), "a"),
        (Plan((process("a"),), (task("a"),)), "a"),
        (Plan((process("a", "b"),)), "b"),
        (Plan((process("a", "b"), process("b", "a"))), "a -> b -> a"),
        (Plan((process("a", "a"),)), "a -> a"),
        (Plan((PlannedProcess("a", (), "/"),)), "a"),
        (Plan((process("../a"),)), "../a"),
        (Plan((process("a" * 300),)), "a" * 300),
    ],
)
def test_what_cannot_be_started_as_it_says_is_refused_by_name(plan: Plan, seen: str) -> None:
    with pytest.raises(ProjectError) as refused:
        require_sound(plan)

    assert refused.value.code == "process_plan"
    assert sorted((refused.value.seen or "").split(" -> ")[1:]) == sorted(seen.split(" -> ")[1:])


def test_processes_are_chosen_with_all_that_they_wait_for() -> None:
    plan = Plan((process("web", "db"), process("db", "setup"), process("idle", starts=False)), (task("setup"),))

    require_sound(plan)
    assert chosen(plan, ()) == {"web", "db", "setup"}
    assert chosen(plan, ["db"]) == {"db", "setup"}
    assert chosen(plan, ["idle"]) == {"idle"}
