"""The plan of what a devenv.nix declares, made by Nix alone, without devenv's command."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError
from devkeel.processes.declared_plan import DeclaredPlan
from devkeel.processes.needs_devenv import require_native, require_startable
from devkeel.processes.plan import (
    After,
    HttpGet,
    Plan,
    PlannedProcess,
    PlannedTask,
    Readiness,
    Restart,
    Shutdown,
    Watchdog,
    chosen,
    require_sound,
)
from devkeel.runtime import programs

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Path]
    MakePlan = Callable[..., Plan]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]

ENTERED = After("devenv:enterShell", "completed")


@pytest.fixture
def plan(pinned_project: Make) -> MakePlan:
    """A function that makes the plan of the body of a devenv.nix."""

    def make(
        text: str,
        files: dict[str, str] | None = None,
        ports: dict[tuple[str, str], int] | None = None,
        asked: tuple[str, ...] = (),
    ) -> Plan:
        root = pinned_project(text, files)
        with contextlib.closing(Environment(root, actor="test")) as environment, programs.executing():
            found = DeclaredPlan(environment.context)(ports or {}, asked)
        require_sound(found)
        return found

    return make


def process(plan: Plan, name: str) -> PlannedProcess:
    return next(item for item in plan.processes if item.name == name)


def task(plan: Plan, name: str) -> PlannedTask:
    return next(item for item in plan.tasks if item.name == name)


def refusal(plan: MakePlan, text: str, files: dict[str, str] | None = None) -> DevkeelError:
    with pytest.raises(DevkeelError) as caught:
        plan(text, files)
    return caught.value


def run(step: PlannedProcess | PlannedTask, found: Plan) -> str:
    """Run what is planned by hand, and return what it prints."""
    variables = {**os.environ, **found.variables, **step.variables}
    done = subprocess.run(
        step.argv, cwd=step.directory, env=variables, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_a_process_has_what_it_declares(plan: MakePlan) -> None:
    found = plan(
        """
        env.OWN = "shell";
        processes.web = {
          exec = "echo $OWN $A $PWD";
          env.A = "process"; cwd = "sub"; start.enable = false;
          restart = { on = "always"; max = null; window = 7; };
          shutdown = { signal = 2; grace = 9; };
          watchdog = { usec = 1500000; require_ready = false; };
        };
        """,
        {"sub/file": ""},
    )
    web = process(found, "web")
    root = Path(web.directory).parent
    assert run(web, found) == f"shell process {root}/sub\n"
    assert web.restart == Restart("always", None, 7)
    assert web.shutdown == Shutdown(2, 9)
    assert web.watchdog == Watchdog(1.5, require_ready=False)
    assert (web.starts, web.ready, web.after) == (False, None, (ENTERED,))


PROBES = {
    "none": ("", None),
    "a port": (
        "ports.http.allocate = 8123;",
        Readiness(tcp=("127.0.0.1:8123", "[::1]:8123"), period=1, probe_timeout=5),
    ),
    "a command": (
        'ports.http.allocate = 8123; ready = { exec = "true"; period = 2; timeout = 30; };',
        Readiness(exec=("bash", "-c", "true"), period=2, timeout=30),
    ),
    "a request": (
        'ready.http.get = { port = 8123; path = "/health"; };',
        Readiness(http=HttpGet(8123, "127.0.0.1", "/health", "http")),
    ),
    "its own word, whatever else is declared": (
        'ready = { notify = true; exec = "true"; };',
        Readiness(notify=True),
    ),
}


@pytest.mark.parametrize("probe", PROBES)
def test_it_is_ready_as_devenv_would_look(plan: MakePlan, probe: str) -> None:
    text, expected = PROBES[probe]
    assert process(plan(f'processes.web = {{ exec = "true"; {text} }};'), "web").ready == expected


def test_services_bring_their_processes_and_the_variables_of_the_shell(plan: MakePlan) -> None:
    found = plan("services.redis = { enable = true; port = 7001; };")
    redis = process(found, "redis")
    assert (redis.ports, redis.wanted) == ({"main": 7001}, {"main": 7001})
    assert "redis-server" in Path(redis.argv[0]).read_text()
    assert found.variables["REDISDATA"] == f"{redis.directory}/.devenv/state/redis"


def test_a_moved_port_is_the_one_that_everything_is_evaluated_with(plan: MakePlan) -> None:
    text = """
    services.redis.enable = true;
    env.CACHE = "redis://localhost:${toString config.processes.redis.ports.main.value}";
    """
    found = plan(text, ports={("redis", "main"): 7002})
    redis = process(found, "redis")
    assert (redis.ports, redis.wanted) == ({"main": 7002}, {"main": 6379})
    assert redis.ready
    assert redis.ready.exec[2].endswith("-p 7002 ping")
    assert found.variables["CACHE"] == "redis://localhost:7002"


def test_strict_ports_are_the_projects_to_want(plan: MakePlan, pinned_project: Make) -> None:
    root = pinned_project("", name="other")
    settings = (root / "devenv.yaml").read_text() + "strict_ports: true\n"
    assert plan('processes.a.exec = "true";', {"devenv.yaml": settings}).strict_ports


def test_tasks_that_processes_wait_for_run_first_and_no_others(plan: MakePlan) -> None:
    found = plan(
        """
        processes.db = { exec = "sleep 9"; ports.main.allocate = 7003; };
        processes.web = { exec = "sleep 9"; after = [ "devenv:processes:db" "app:migrate" ]; };
        tasks."app:migrate" = { exec = "echo migrated $A"; env.A = "it"; after = [ "devenv:processes:db@started" ]; };
        tasks."app:seed" = { exec = "true"; before = [ "devenv:processes:web@completed" ]; };
        tasks."app:hook" = { exec = "true"; status = "false"; before = [ "devenv:enterShell" ]; };
        tasks."app:report" = { exec = "false"; after = [ "devenv:processes:web@started" ]; };
        """
    )
    assert [item.name for item in found.tasks] == ["app:hook", "app:migrate", "app:seed", "devenv:enterShell"]
    assert process(found, "web").after == (
        After("app:migrate", "succeeded"),
        After("app:seed", "completed"),
        After("db", "ready"),
        ENTERED,
    )
    assert task(found, "app:migrate").after == (After("db", "started"), ENTERED)
    assert task(found, "app:hook").after == ()
    assert len(task(found, "app:hook").status) == 1
    assert task(found, "devenv:enterShell").after == (After("app:hook", "succeeded"),)
    assert run(task(found, "app:migrate"), found) == "migrated it\n"
    assert chosen(found, ["db"]) == {"db", "devenv:enterShell", "app:hook"}


def test_what_the_shell_does_on_entering_is_in_the_variables(plan: MakePlan) -> None:
    found = plan('enterShell = "export HOOK=ran"; processes.a.exec = "echo $HOOK";')
    assert run(process(found, "a"), found) == "ran\n"


def test_tasks_that_are_skipped_by_devenv_run_each_time_and_that_is_said(plan: MakePlan) -> None:
    found = plan(
        'processes.a = { exec = "true"; after = [ "app:build" ]; }; '
        'tasks."app:build" = { exec = "true"; execIfModified = [ "*.c" ]; };'
    )
    assert any("app:build" in note for note in found.notes)


ONLY_DEVENV = {
    "files that are watched": (
        'processes.web = {{ exec = "true"; watch.paths = [ ./src ]; }};',
        "processes.web.watch.paths",
    ),
    "sockets that are handed over": (
        'processes.web = {{ exec = "true"; listen = [ {{ name = "a"; kind = "tcp"; address = "[::1]:1"; }} ]; }};',
        "processes.web.listen",
    ),
    "capabilities": (
        'processes.web.exec = "true"; processes.web.linux.capabilities = [ "net_admin" ];',
        "processes.web.linux.capabilities",
    ),
}


@pytest.mark.parametrize("case", ONLY_DEVENV)
def test_what_only_devenv_does_is_refused_by_name_and_file(plan: MakePlan, case: str) -> None:
    text, option = ONLY_DEVENV[case]
    error = refusal(plan, "imports = [ ./services.nix ];", {"services.nix": f"{{ {text.format()} }}", "src/a": ""})
    assert (error.code, error.seen) == ("needs_devenv", option)
    assert error.place
    assert error.place.file == "services.nix"


MIXED = """
  processes.api.exec = "true";
  processes.web = { exec = "true"; watch.paths = [ ./. ]; };
  processes.tool = { exec = "true"; start.enable = false; linux.capabilities = [ "net_admin" ]; };
  processes.worker = { exec = "true"; after = [ "devenv:processes:web@started" ]; };
"""


def test_what_only_devenv_does_refuses_the_start_of_what_asks_for_it_alone(plan: MakePlan) -> None:
    found = plan(MIXED, asked=("api",))
    assert [item.name for item in found.processes] == ["api"]
    assert found.names == ("api", "tool", "web", "worker")
    options = {"web": "processes.web.watch.paths", "worker": "processes.web.watch.paths"}
    options["tool"] = "processes.tool.linux.capabilities"
    for name, option in options.items():
        with pytest.raises(DevkeelError) as caught:
            require_startable(found.beyond, (name,), ["api"])
        assert (caught.value.code, caught.value.seen) == ("needs_devenv", option)
        assert "api" in caught.value.remedy
    require_startable(found.beyond, ("api",))


def test_what_only_devenv_does_refuses_the_start_of_all_that_starts_by_itself(plan: MakePlan) -> None:
    # `tool` is not among that, and so is not named.
    assert refusal(plan, MIXED).seen == "processes.web.watch.paths"


def test_what_only_devenv_does_is_no_obstacle_where_nothing_asks_for_it(plan: MakePlan) -> None:
    alone = 'processes.web = { exec = "true"; start.enable = false; watch.paths = [ ./. ]; };'
    found = plan(f'{alone} processes.a.exec = "true";')
    assert [item.name for item in found.processes] == ["a"]


def test_each_option_that_only_devenv_acts_on_is_named_with_its_place(plan: MakePlan) -> None:
    more = 'processes.api.linux.capabilities = [ "net_admin" ];'
    error = refusal(plan, f"{MIXED}\n{more}")
    named = [item["option"] for item in error.details["options"]]
    assert named == ["processes.api.linux.capabilities", "processes.web.watch.paths"]
    assert all(item["place"].startswith("devenv.nix:") for item in error.details["options"])


def test_another_process_manager_is_devenvs_to_run(plan: MakePlan) -> None:
    error = refusal(plan, 'process.manager.implementation = "process-compose"; processes.a.exec = "true";')
    assert (error.code, error.seen) == ("needs_devenv", "process-compose")
    assert error.place
    assert (error.place.file, error.place.line) == ("devenv.nix", 3)


def test_a_devenv_that_has_no_manager_of_its_own_is_named_as_the_reason() -> None:
    with pytest.raises(DevkeelError) as caught:
        require_native({"devenv.nix": b'{ processes.a.exec = "true"; }'}, "process-compose")
    assert (caught.value.code, caught.value.place) == ("needs_devenv", None)
    assert "devenv.lock" in caught.value.message


WRONG_NAMES = {
    "no such task": 'after = [ "app:nothing" ];',
    "no such condition": 'after = [ "devenv:processes:b@soon" ];',
    "a process that is to succeed": 'after = [ "devenv:processes:b@succeeded" ];',
    "a process without a probe that is to be ready": 'after = [ "devenv:processes:b" ];',
    "a task that is to be ready": 'after = [ "devenv:enterShell@ready" ];',
    "nothing that waits": 'before = [ "devenv:processes:nothing" ];',
}


@pytest.mark.parametrize("case", WRONG_NAMES)
def test_what_waits_for_nothing_that_can_be_is_refused(plan: MakePlan, case: str) -> None:
    text = f'processes.a = {{ exec = "true"; {WRONG_NAMES[case]} }}; processes.b.exec = "true";'
    assert refusal(plan, text).code == "process_plan"


def test_what_does_not_evaluate_is_said_with_its_place(plan: MakePlan) -> None:
    error = refusal(plan, "services.reddis.enable = true;")
    assert error.code == "unknown_option"
    assert error.place
    assert error.place.file == "devenv.nix"


def test_a_program_that_does_not_build_is_named(plan: MakePlan) -> None:
    error = refusal(plan, 'processes.a.exec = "${pkgs.build-fails}/bin/x";')
    assert error.code == "build_failed"


def test_a_project_without_processes_has_a_plan_without_them(plan: MakePlan) -> None:
    assert plan("packages = [ pkgs.jq ];").processes == ()


def test_paths_are_the_projects_where_a_stage_can_only_be_a_copy(plan: MakePlan, without: Callable[..., None]) -> None:
    without("namespaces")
    found = plan(
        """
        env.OWN = config.devenv.root;
        processes.a.exec = "echo $OWN ${config.devenv.root} ${config.devenv.runtime}";
        """,
        {".env": "API_TOKEN=secret\n"},
    )
    a = process(found, "a")
    assert run(a, found).split() == [a.directory, a.directory, found.variables["DEVENV_RUNTIME"]]
