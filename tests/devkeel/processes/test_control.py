"""Starting, stopping and restarting: what runs is what is declared, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import DevkeelError
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.state.files import lock, make_directory

from .conftest import LONG, free_port, redis_says, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import World

    Make = Callable[..., World]

pytestmark = pytest.mark.nix


def test_redis_starts_on_its_port_answers_and_leaves_nothing(world: Make) -> None:
    port = free_port()
    here = world(f"services.redis = {{ enable = true; port = {port}; }};")
    started = here.manage("start")
    assert [(item.name, item.phase, item.ports) for item in started.processes] == [
        ("redis", "ready", (f"main:{port}",))
    ]
    assert started.outdated is False
    assert started.revision == here.environment.revision()
    redis_says(port, "set", "key", "value")
    assert redis_says(port, "get", "key") == "value"
    stopped = here.manage("stop")
    assert not stopped.running
    assert here.survivors() == []


def test_what_runs_already_is_left_alone(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    first = here.manage("start")
    again = here.manage("start")
    assert again.manager == first.manager
    assert here.verbs() == ([] if here.own else ["up -d"])
    assert "a ran already." in here.manage("start", "a").notes


def test_a_manager_with_an_older_declaration_is_started_anew(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    first = here.manage("start")
    here.declare("b", LONG)
    seen = here.environment.processes()
    assert seen.outdated
    assert seen.revision == first.revision != seen.declared_revision
    second = here.manage("start", "b")
    assert second.manager != first.manager
    assert {item.name: item.phase for item in second.processes} == {"a": "ready", "b": "ready"}
    assert not second.outdated


def test_what_does_not_evaluate_stops_nothing(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    first = here.manage("start")
    here.edit({"kind": "set", "path": "services.reddis.enable", "value": True})
    with pytest.raises(DevkeelError) as caught:
        here.manage("start")
    assert caught.value.code == "processes_not_started"
    assert "services.reddis" in (caught.value.seen or "")
    assert here.environment.processes().manager == first.manager
    assert here.phases() == {"a": "ready"}


def test_a_misspelt_name_starts_and_stops_nothing(world: Make) -> None:
    here = world(f'processes.worker.exec = "{LONG}";')
    first = here.manage("start")
    for action in ("start", "stop", "restart"):
        with pytest.raises(DevkeelError) as caught:
            here.manage(action, "workr", on_failure="restore")
        assert caught.value.code == "unknown_process"
        assert caught.value.alternatives[0] == "worker"
    here.declare("other", LONG)
    with pytest.raises(DevkeelError) as caught:
        here.manage("start", "workr", on_failure="restore")
    assert caught.value.code == "unknown_process"
    assert caught.value.alternatives[0] == "worker"
    assert here.environment.processes().manager == first.manager


@pytest.mark.parametrize("name", ["--option", "-d", "a\nb", "../x"])
def test_a_name_that_is_none_reaches_no_command_line(world: Make, name: str) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    with pytest.raises(DevkeelError) as caught:
        here.manage("start", name)
    assert caught.value.code == "unknown_process"
    assert here.devenv.calls() == []


def test_one_process_stops_and_starts_beside_the_others(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}"; processes.b.exec = "{LONG}";')
    manager = here.manage("start").manager
    here.manage("stop", "a")
    assert here.phases() == {"a": "stopped", "b": "ready"}
    assert "a did not run." in here.manage("stop", "a").notes
    here.manage("start", "a")
    here.manage("restart", "b")
    assert here.phases() == {"a": "ready", "b": "ready"}
    assert here.environment.processes().manager == manager
    assert here.manage("restart").manager != manager


def test_stopping_ends_what_left_its_session(world: Make) -> None:
    here = world('processes.a.exec = "setsid sleep 601 & echo $! > pid; exec sleep 600";')
    here.manage("start")
    until(lambda: (here.root / "pid").exists() and (here.root / "pid").read_text() != "")
    stopped = here.manage("stop")
    # devenv's manager ends sessions, and leaves the rest to whoever stops it.
    assert [item.partition(" ")[0] for item in stopped.ended] == ([] if here.own else ["sleep"])
    assert here.survivors() == []


def test_stopping_one_process_ends_what_it_left(world: Make) -> None:
    here = world(f'processes.a.exec = "sleep 601 & exec sleep 600"; processes.b.exec = "{LONG}";')
    here.manage("start")
    count = len(here.survivors())
    here.manage("stop", "a")
    assert here.phases()["b"] == "ready"
    assert len(here.survivors()) == count - 2


def test_stopping_where_nothing_runs_is_no_error(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    stopped = here.manage("stop")
    assert not stopped.running
    assert stopped.ended == ()
    assert here.devenv.calls() == []


def test_what_a_killed_manager_left_is_ended_before_a_start(world: Make) -> None:
    port = free_port()
    here = world(f"services.redis = {{ enable = true; port = {port}; }};")
    first = here.manage("start").manager
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: not here.environment.processes().running)
    assert ManagerSocket(here.root).path.exists()
    assert redis_says(port, "ping") == "PONG"
    second = here.manage("start")
    assert [(item.name, item.phase, item.ports) for item in second.processes] == [("redis", "ready", (f"main:{port}",))]
    assert any("redis-server" in note for note in second.notes)
    here.manage("stop")
    assert here.survivors() == []


def test_what_a_killed_manager_left_is_ended_by_a_stop(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    first = here.manage("start").manager
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: not here.environment.processes().running)
    assert here.survivors()
    assert here.manage("stop").ended
    assert here.survivors() == []


def test_a_manager_that_somebody_else_started_is_used_and_not_judged(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}"; processes.b = {{ exec = "{LONG}"; start.enable = false; }};')
    here.devenv.run("up", "-d", root=here.root, check=True)
    seen = here.environment.processes()
    assert seen.running
    assert seen.outdated is None
    assert seen.notes
    manager = here.manage("start", "b").manager
    assert manager == seen.manager
    assert here.phases() == {"a": "ready", "b": "ready"}
    here.declare("c", LONG)
    assert here.manage("start", "c").manager != manager
    assert here.phases() == {"a": "ready", "b": "ready", "c": "ready"}
    here.manage("stop")
    assert here.survivors() == []


def test_without_devenv_and_nix_nothing_is_started(
    world: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    operation = here.declare("b", LONG)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DevkeelError) as caught:
        here.manage("start", on_failure="restore")
    assert caught.value.code == "devenv_missing"
    assert here.environment.history().operations[0].id == operation


@pytest.mark.usefixtures("offline")
def test_a_manager_is_ended_also_where_the_other_kind_is_used_by_now(
    world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    first = here.manage("start").manager
    other = Path(here.devenv.program).parent
    entries = [item for item in os.environ["PATH"].split(os.pathsep) if item != str(other)]
    monkeypatch.setenv("PATH", os.pathsep.join([str(other), *entries] if here.own else entries))
    assert here.manage("start").manager == first
    here.declare("b", LONG)
    assert here.manage("start", "b").manager != first
    assert here.phases() == {"a": "ready", "b": "ready"}
    here.manage("stop")
    assert here.survivors() == []


def test_a_declaration_without_processes_has_nothing_to_start(world: Make) -> None:
    here = world("packages = [ pkgs.jq ];")
    with pytest.raises(DevkeelError) as caught:
        here.manage("start")
    assert caught.value.code == "no_processes"


def test_a_person_who_reads_a_log_is_left_alone(world: Make) -> None:
    here = world('processes.a.exec = "echo hello; exec sleep 600";')
    here.manage("start")
    log = ManagerSocket(here.root).logs / "a.stdout.log"
    with subprocess.Popen(["tail", "-f", log], stdout=subprocess.PIPE, cwd="/") as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        assert here.manage("stop").ended == ()
        assert reader.poll() is None
        reader.kill()


def test_a_manager_that_does_not_answer_can_be_stopped(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    manager = here.manage("start").manager
    assert manager is not None
    os.kill(manager, signal.SIGSTOP)
    monkeypatch.setitem(ManagerSocket.ask.__kwdefaults__, "seconds", 0.2)
    with pytest.raises(DevkeelError) as caught:
        here.environment.processes()
    assert caught.value.code == "manager_unresponsive"
    assert here.manage("stop").ended
    assert here.survivors() == []


def test_processes_are_seen_and_stopped_while_the_declaration_is_broken(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    here.manage("start")
    (here.root / "devenv.nix").write_text("{ broken")
    seen = here.environment.processes("a")
    assert seen.outdated
    assert here.phases() == {"a": "ready"}
    with pytest.raises(DevkeelError) as caught:
        here.manage("start")
    assert caught.value.code == "processes_not_started"
    assert here.phases() == {"a": "ready"}
    here.manage("stop")
    assert here.survivors() == []


def test_a_terminal_of_a_person_is_not_replaced(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    argv = [here.devenv.program, "--no-tui", "up"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, cwd=here.root, stdin=quiet, stdout=quiet, stderr=quiet) as terminal:
        until(lambda: here.environment.processes().running and here.phases() == {"a": "ready"})
        assert here.environment.processes().mode == "foreground"
        assert here.manage("start", "a").notes
        here.declare("b", LONG)
        for action, names in (("restart", ()), ("start", ("b",))):
            with pytest.raises(DevkeelError) as caught:
                here.manage(action, *names)
            assert caught.value.code == "foreground_manager"
        assert terminal.poll() is None
        assert not here.manage("stop").running
        terminal.wait(30)


def test_one_call_at_a_time_starts_or_stops(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(f'processes.a.exec = "{LONG}";', {"devkeel.toml": "lock_timeout = 0.1\n"})
    state = here.environment.project.state
    with lock(make_directory(state) / "processes.lock"), pytest.raises(DevkeelError) as caught:
        here.manage("start")
    assert caught.value.code == "processes_busy"
    assert here.devenv.calls() == []
