"""A start that fails: what it says, and the way back to what ran before."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import DevkeelError

from .conftest import LONG, free_port, redis_says

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import World

    Make = Callable[..., World]

pytestmark = pytest.mark.nix


@pytest.fixture
def held_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def failure(here: World, *names: str, **options: Any) -> DevkeelError:
    with pytest.raises(DevkeelError) as caught:
        here.manage("start", *names, **options)
    return caught.value


def redis(port: int) -> dict[str, Any]:
    return {"kind": "enable", "name": "redis", "settings": {"port": port}}


def test_a_port_that_is_taken_is_moved_and_the_answer_says_who_has_it(world: Make, held_port: int) -> None:
    here = world(f"services.redis = {{ enable = true; port = {held_port}; }};")
    started = here.manage("start")
    real = int(started.processes[0].ports[0].removeprefix("main:"))
    assert real != held_port
    assert redis_says(real, "ping") == "PONG"
    assert any(str(held_port) in note for note in started.notes)


def test_redis_with_a_held_port_gives_way_to_what_ran_before(world: Make, held_port: int) -> None:
    here = world(f'processes.a.exec = "{LONG}";', {"devenv.local.yaml": "strict_ports: true\n"})
    good = here.manage("start")
    before = (here.root / "devenv.nix").read_bytes()
    here.edit(redis(held_port))
    error = failure(here, on_failure="restore")
    assert error.code == "port_held"
    assert error.details["port"] == held_port
    assert error.details["restored"]["declaration"] == "put back"
    assert (here.root / "devenv.nix").read_bytes() == before
    now = here.environment.processes()
    assert {item.name: item.phase for item in now.processes} == {"a": "ready"}
    assert now.revision == good.revision == now.declared_revision
    newest = here.environment.history().operations[0]
    assert (newest.kind, newest.id) == ("restore", error.details["restored"]["operation"])
    here.manage("stop")
    assert here.survivors() == []


def test_a_log_that_says_the_port_is_taken_names_who_has_it(world: Make, held_port: int) -> None:
    here = world(f"processes.web.exec = \"exec redis-server --port {held_port} --bind 127.0.0.1 --save ''\";")
    error = failure(here)
    assert error.code == "port_held"
    assert error.details["port"] == held_port
    assert error.details["held_by"]


def test_redis_with_a_bad_configuration_gives_way_to_what_ran_before(world: Make) -> None:
    port = free_port()
    here = world(f"services.redis = {{ enable = true; port = {port}; }};")
    here.manage("start")
    before = (here.root / "devenv.nix").read_bytes()
    here.edit({"kind": "set", "path": "services.redis.extraConfig", "value": "no-such-directive yes"})
    here.declare("worker", LONG)
    error = failure(here, on_failure="restore")
    assert error.code == "process_crashed"
    assert error.details["process"] == "redis"
    assert "no-such-directive" in error.details["log"]
    assert error.details["phases"]["redis"] == "gave_up"
    assert (here.root / "devenv.nix").read_bytes() == before
    assert error.details["restored"]["processes"] == {"redis": "ready"}
    assert redis_says(port, "ping") == "PONG"
    here.manage("stop")
    assert here.survivors() == []


def test_a_restore_can_be_undone(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    here.manage("start")
    here.declare("b", "exit 3")
    edited = (here.root / "devenv.nix").read_bytes()
    error = failure(here, on_failure="restore")
    assert (here.root / "devenv.nix").read_bytes() != edited
    here.environment.undo(error.details["restored"]["operation"])
    assert (here.root / "devenv.nix").read_bytes() == edited


def test_without_restore_a_failed_start_is_only_told(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    here.manage("start")
    here.declare("b", "echo out; echo wrong >&2; exit 3")
    edited = (here.root / "devenv.nix").read_bytes()
    error = failure(here)
    assert error.code == "process_crashed"
    assert "restored" not in error.details
    assert "wrong" in error.details["log"]
    assert (here.root / "devenv.nix").read_bytes() == edited
    assert here.phases() == {"a": "ready", "b": "gave_up"}


def test_what_a_person_edited_meanwhile_is_not_overwritten(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    here.manage("start")
    here.declare("b", "exit 3")
    declaration = here.root / "devenv.nix"
    mine = declaration.read_text().replace("{ pkgs", "# mine\n{ pkgs")
    declaration.write_text(mine)
    error = failure(here, on_failure="restore")
    assert error.code == "process_crashed"
    restored = error.details["restored"]
    assert restored["conflict"]["code"] == "restore_conflict"
    assert "# mine" in restored["conflict"]["details"]["by_hand"]
    assert declaration.read_text() == mine


def test_what_a_person_edited_before_the_operations_stays(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    here.manage("start")
    declaration = here.root / "devenv.nix"
    mine = declaration.read_text().replace("{ pkgs", "# mine\n{ pkgs")
    declaration.write_text(mine)
    here.declare("b", "exit 3")
    error = failure(here, on_failure="restore")
    assert declaration.read_text() == mine
    assert error.details["restored"]["differs"]
    assert here.phases() == {"a": "ready"}


def test_a_declaration_that_does_not_evaluate_is_put_back_and_nothing_was_stopped(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    manager = here.manage("start").manager
    before = (here.root / "devenv.nix").read_bytes()
    here.edit({"kind": "set", "path": "services.reddis.enable", "value": True})
    assert failure(here, on_failure="restore").code == "processes_not_started"
    assert (here.root / "devenv.nix").read_bytes() == before
    now = here.environment.processes()
    assert (now.manager, now.outdated) == (manager, False)


# The stand-in for devenv does not look for circles.
@pytest.mark.parametrize("runner", ["own"], indirect=True)
def test_processes_that_wait_for_each_other_are_put_back_and_nothing_was_stopped(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    manager = here.manage("start").manager
    before = (here.root / "devenv.nix").read_bytes()
    for name, other in (("b", "c"), ("c", "b")):
        body = f'{{ exec = "{LONG}"; after = [ "devenv:processes:{other}" ]; }}'
        here.edit({"kind": "set", "path": f"processes.{name}", "expression": body})
    assert failure(here, on_failure="restore").code == "process_plan"
    assert (here.root / "devenv.nix").read_bytes() == before
    now = here.environment.processes()
    assert (now.manager, now.outdated) == (manager, False)


def test_the_first_start_that_fails_has_nothing_to_go_back_to(world: Make) -> None:
    here = world('processes.a.exec = "exit 3";')
    here.edit({"kind": "set", "path": "env.A", "value": "1"})
    before = (here.root / "devenv.nix").read_bytes()
    error = failure(here, on_failure="restore")
    assert error.code == "process_crashed"
    assert (here.root / "devenv.nix").read_bytes() == before
    assert not here.environment.processes().running
    assert here.survivors() == []


def test_what_is_not_ready_in_time_is_stopped_and_put_back(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    here.manage("start")
    slow = '{ exec = "exec sleep 600"; ready = { exec = "false"; period = 1; }; }'
    here.edit({"kind": "set", "path": "processes.slow", "expression": slow})
    error = failure(here, timeout=1.0, on_failure="restore")
    assert error.code == "process_not_ready"
    assert error.details["phases"]["slow"] == "starting"
    assert here.phases() == {"a": "ready"}


def test_a_process_that_fails_beside_others_leaves_them_running(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}"; processes.b = {{ exec = "exit 3"; start.enable = false; }};')
    manager = here.manage("start").manager
    assert failure(here, "b", on_failure="restore").code == "process_crashed"
    now = here.environment.processes()
    assert now.manager == manager
    assert now.processes[0].phase == "ready"


def test_a_task_that_ends_by_itself_is_no_failure(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}"; processes.once.exec = "true";')
    started = here.manage("start", on_failure="restore")
    assert {item.name: item.phase for item in started.processes} == {"a": "ready", "once": "exited"}
    assert any("once" in note for note in started.notes)
