"""redis and postgres over stdio on a machine with Nix and without devenv: enabled, applied, started, used, stopped."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests.devkeel_mcp.wire import until

from .machine import free_port, machines, phases, ports, process_at, query, restarts, said, said_by_redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .machine import Machine

    Make = Callable[[str], Machine]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]


@pytest.fixture
def machine(pinned_project: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A function that makes a project from the body of its devenv.nix."""
    with machines(tmp_path / "home", monkeypatch) as make:
        yield lambda text: make(pinned_project(text))


APP = {"initialDatabases": [{"name": "app"}]}


def test_two_services_from_the_wish_to_the_end(machine: Make) -> None:
    here, port = machine(""), free_port()
    with here.serve() as wire:
        wire.told("enable_service", name="redis", settings={"port": port})
        wire.told("enable_service", name="postgres", settings=APP)
        wire.told("apply_environment")
        started = wire.told("manage_processes", action="start", timeout=120)
        assert phases(started) == {"postgres": "ready", "redis": "ready"}
        assert said(wire, "redis-cli", "-p", str(port), "ping") == "PONG"
        assert query(wire, "select 6 * 7") == "42"
        query(wire, "create table kept (word text); insert into kept values ('still here')")
        stopped = wire.told("manage_processes", action="stop")
        assert (stopped["running"], stopped["ended"]) == (False, [])
        assert here.survivors() == {}
        wire.told("manage_processes", action="start", names=["postgres"], timeout=120)
        assert query(wire, "select word from kept") == "still here"
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}


def test_what_crashes_is_started_again_and_what_runs_outlives_a_killed_server(machine: Make) -> None:
    here = machine(f"services.redis = {{ enable = true; port = {free_port()}; }};")
    with here.serve() as wire:
        started = wire.told("manage_processes", action="start", timeout=120)
        port = ports(started)["redis"]
        said_by_redis(port, "set", "key", "value")
        redis = process_at(here, "redis-server")
        os.kill(redis, signal.SIGKILL)
        until(lambda: restarts(wire)["redis"] == 1 and phases(wire.told("read_processes")) == {"redis": "ready"})
        assert process_at(here, "redis-server") != redis
        assert said_by_redis(port, "ping") == "PONG"
        wire.process.kill()
        wire.process.wait()
    assert said_by_redis(port, "ping") == "PONG"
    with here.serve() as wire:
        seen = wire.told("read_processes", name="redis")
        assert (seen["manager"], seen["outdated"]) == (started["manager"], False)
        assert "Ready to accept connections" in seen["logs"][0]["stdout"]
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}


def test_a_configuration_that_redis_refuses_gives_way_to_what_ran(machine: Make) -> None:
    here = machine(f"services.redis = {{ enable = true; port = {free_port()}; }};")
    with here.serve() as wire:
        started = wire.told("manage_processes", action="start", on_failure="restore", timeout=120)
        good = (here.root / "devenv.nix").read_text()
        wrong = {"kind": "set", "path": "services.redis.extraConfig", "value": "no-such-directive yes"}
        wire.told("edit_environment", edits=[wrong])
        error = wire.error("manage_processes", action="start", on_failure="restore", timeout=120)
        assert error["code"] == "process_crashed"
        assert "no-such-directive" in str(error)
        assert error["details"]["restored"]["processes"] == {"redis": "ready"}
        assert (here.root / "devenv.nix").read_text() == good
        assert said_by_redis(ports(started)["redis"], "ping") == "PONG"
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}


def test_a_database_is_there_before_the_task_and_the_task_before_the_server(machine: Make) -> None:
    here = machine(r"""
      services.postgres = { enable = true; initialDatabases = [ { name = "app"; } ]; };
      tasks."app:migrate" = {
        exec = "psql -d app -c 'create table made (at text)'; DONE=by-migrate";
        exports = [ "DONE" ];
        after = [ "devenv:processes:postgres" ];
      };
      enterShell = "export HOOK=entered";
      processes.web = {
        exec = "psql -d app -c \"insert into made values ('$DONE $HOOK')\"; exec sleep 600";
        ready = { exec = "test \"$(psql -At -d app -c 'select count(*) from made')\" = 1"; period = 1; };
        after = [ "app:migrate" ];
      };
    """)
    with here.serve() as wire:
        wire.told("apply_environment")
        started = wire.told("manage_processes", action="start", timeout=120)
        assert phases(started) == {"postgres": "ready", "web": "ready"}
        assert query(wire, "select at from made") == "by-migrate entered"
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}


def test_what_only_devenv_runs_is_refused_before_anything_starts_and_hinders_no_other(machine: Make) -> None:
    here = machine("""
      processes.api.exec = "exec sleep 600";
      processes.web = { exec = "exec sleep 600"; watch.paths = [ ./. ]; };
    """)
    with here.serve() as wire:
        error = wire.error("manage_processes", action="start", timeout=120)
        assert (error["code"], error["seen"]) == ("needs_devenv", "processes.web.watch.paths")
        assert error["place"]["file"] == "devenv.nix"
        assert 'names=["api"]' in error["remedy"].replace("'", '"')
        assert not wire.told("read_processes")["running"]
        started = wire.told("manage_processes", action="start", names=["api"], timeout=120)
        assert phases(started) == {"api": "ready"}
        for more in ({"names": ["web"]}, {}):
            again = wire.error("manage_processes", action="start", timeout=120, **more)
            assert (again["code"], again["seen"]) == ("needs_devenv", "processes.web.watch.paths")
        assert phases(wire.told("read_processes")) == {"api": "ready"}
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}


def test_tasks_and_the_test_run_beside_what_is_started(machine: Make) -> None:
    here = machine(f"""
      services.redis = {{ enable = true; port = {free_port()}; }};
      tasks."app:fill" = {{
        exec = "redis-cli -p ${{toString config.processes.redis.ports.main.value}} set key value";
        after = [ "devenv:processes:redis" ];
      }};
      enterTest = "redis-cli -p ${{toString config.processes.redis.ports.main.value}} get key";
    """)
    with here.serve() as wire:
        refused = wire.error("run_command", task="app:fill")
        assert refused["code"] == "process_not_running"
        wire.told("manage_processes", action="start", timeout=120)
        assert wire.told("run_command", task="app:fill")["stdout"] == "OK\n"
        assert wire.told("run_command", task="test")["stdout"] == "value\n"
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}


TESTED = """
  services.redis = { enable = true; port = PORT; };
  tasks."app:whose" = {
    exec = "redis-cli -p ${toString config.processes.redis.ports.main.value} get whose";
    after = [ "devenv:processes:redis" ];
  };
  enterTest = ''
    wait_for_processes
    redis-cli -p ${toString config.processes.redis.ports.main.value} ping
  '';
"""


def test_the_projects_test_has_its_processes_while_it_runs_and_no_longer(machine: Make) -> None:
    here = machine(TESTED.replace("PORT", str(free_port())))
    with here.serve() as wire:
        result = wire.told("run_command", task="test")
        assert (result["exit_code"], result["stdout"]) == (0, "PONG\n")
        assert not wire.told("read_processes")["running"]
    assert here.survivors() == {}


def test_the_command_runs_the_test_in_its_own_terminal_with_the_processes(machine: Make) -> None:
    here = machine(TESTED.replace("PORT", str(free_port())))
    found = here.command("run", "--test")
    assert (found.returncode, found.stdout) == (0, "PONG\n"), found.stderr
    assert here.survivors() == {}


def test_a_person_starts_looks_and_stops_by_the_command(machine: Make) -> None:
    port = free_port()
    here = machine(f"services.redis = {{ enable = true; port = {port}; }};")
    assert "redis" in here.command("up").stdout
    first = process_at(here, "redis-server")
    assert f"main:{port}" in here.command("ps").stdout
    assert "Ready to accept connections" in here.command("logs", "redis").stdout
    assert here.command("restart", "redis").returncode == 0
    assert process_at(here, "redis-server") != first
    assert said_by_redis(port, "ping") == "PONG"
    assert here.command("down").returncode == 0
    assert here.survivors() == {}


def test_two_worktrees_run_the_same_services_on_ports_of_their_own(machine: Make, tmp_path: Path) -> None:
    port = free_port()
    seen = "env.SEEN = toString config.processes.redis.ports.main.value;"
    here = machine(f"{TESTED.replace('PORT', str(port))} {seen}")
    there = here.worktree(tmp_path / "other")
    assert here.command("up").returncode == there.command("up").returncode == 0
    with here.serve() as wire, there.serve() as other:
        taken = ports(wire.told("read_processes"))["redis"], ports(other.told("read_processes"))["redis"]
        assert taken[0] == port != taken[1]
        said_by_redis(taken[0], "set", "whose", "here")
        said_by_redis(taken[1], "set", "whose", "there")
        assert said_by_redis(taken[0], "get", "whose") == "here"
        assert other.told("run_command", task="app:whose")["stdout"] == "there\n"
        other.told("apply_environment")
        assert said(other, "printenv", "SEEN") == str(taken[1])
        other.told("manage_processes", action="stop")
        assert there.survivors() == {}
        assert said_by_redis(taken[0], "ping") == "PONG"
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}
