"""devkeel's own supervisor: order, readiness, restarts, ends; real processes, plans as they are."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from devkeel.errors import DevkeelError
from devkeel.processes import own_up
from devkeel.processes.devenv_up import MARK
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.own_up import OwnRunner
from devkeel.processes.plan import (
    After,
    Beyond,
    HttpGet,
    OnlyDevenv,
    Plan,
    PlannedProcess,
    PlannedTask,
    Readiness,
    Restart,
    Shutdown,
    Watchdog,
)
from devkeel.project.root import Project
from devkeel.runtime import process_tree
from devkeel.runtime.programs import executing

from .conftest import free_port, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LONG = "exec sleep 600"
PYTHON = (sys.executable, "-c")


@dataclass
class Place:
    """A project whose plan is given by the test."""

    root: Path
    socket: ManagerSocket
    plan: Plan
    made: list[dict[tuple[str, str], int]]

    @property
    def runner(self) -> OwnRunner:
        return OwnRunner(Project(self.root), self.socket, self._make)

    def _make(self, ports: Mapping[tuple[str, str], int], asked: Sequence[str] | None = None) -> Plan:
        del asked  # what a plan leaves out is the runner's to refuse too
        self.made.append(dict(ports))
        found = []
        for item in self.plan.processes:
            numbers = {name: ports.get((item.name, name), number) for name, number in item.ports.items()}
            found.append(PlannedProcess(**{**as_dict(item), "ports": numbers}))
        return replace(self.plan, processes=tuple(found))

    def up(self, *processes: PlannedProcess, tasks: tuple[PlannedTask, ...] = (), names: tuple[str, ...] = ()) -> None:
        self.plan = Plan(processes, tasks, {"PLAN": "seen", "PATH": os.environ["PATH"]})
        with executing():
            self.runner.up(names)

    def phases(self) -> dict[str, str]:
        return {item.name: item.phase for item in self.socket.list()}

    def come(self, **phases: str) -> None:
        until(lambda: self.phases() == phases)

    def process(self, name: str, script: str, **more: Any) -> PlannedProcess:
        return PlannedProcess(name, ("sh", "-c", script), str(self.root), **more)

    def task(self, name: str, script: str, **more: Any) -> PlannedTask:
        return PlannedTask(name, ("sh", "-c", script), str(self.root), **more)

    def log(self, name: str, stream: str = "stderr") -> str:
        return (self.socket.logs / f"{name}.{stream}.log").read_text()

    def left(self) -> list[process_tree.ProcessInfo]:
        return process_tree.marked(MARK, str(self.root))


def as_dict(item: PlannedProcess) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__struct_fields__}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    root = tmp_path / "project"
    root.mkdir()
    with tempfile.TemporaryDirectory(prefix="dv-") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        found = Place(root, ManagerSocket(root), Plan(()), [])
        yield found
        pid = found.socket.pid()
        if pid is not None:
            found.runner.down(pid)
        assert found.left() == []


def after(name: str, condition: Any = "ready") -> tuple[After, ...]:
    return (After(name, condition),)


# Order and readiness


def test_a_process_sees_the_variables_of_its_plan_and_none_of_ours(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "x")
    place.up(place.process("a", "env; echo wrong >&2; " + LONG, variables={"OWN": "1"}))
    place.come(a="ready")
    until(lambda: "wrong" in place.log("a"))
    seen = dict(line.split("=", 1) for line in place.log("a", "stdout").splitlines() if "=" in line)
    assert (seen["PLAN"], seen["OWN"]) == ("seen", "1")
    assert "SECRET_OF_THE_CALLER" not in seen


def test_a_process_starts_when_its_dependency_is_ready(place: Place) -> None:
    gated = Readiness(exec=("test", "-e", "gate"), period=0.1)
    place.up(place.process("db", LONG, ready=gated), place.process("web", LONG, after=after("db")))
    place.come(db="starting", web="waiting")
    (place.root / "gate").touch()
    place.come(db="ready", web="ready")


LATE = """
import runpy, time
from devkeel.processes.supervisor.schedule import Schedule
start = Schedule.start
def late(self, names):
    time.sleep(0.3)
    return start(self, names)
Schedule.start = late
runpy.run_module("devkeel.processes.supervisor", run_name="__main__")
"""


def test_who_waits_as_soon_as_it_listens_waits_for_what_starts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_up, "isolated_python", lambda _: (*PYTHON, LATE))
    place.up(place.process("a", LONG))
    assert place.socket.ask("wait")["status"] == "ready"
    assert place.phases() == {"a": "ready"}


def test_each_condition_is_met_in_its_time(place: Place) -> None:
    never = Readiness(exec=("false",), period=0.1)
    once = Restart(on="never")
    place.up(
        place.process("slow", LONG, ready=never),
        place.process("done", "exit 3", restart=once),
        place.process("well", "exit 0", restart=once),
        place.process("on-start", LONG, after=after("slow", "started")),
        place.process("on-ready", LONG, after=after("slow")),
        place.process("on-end", LONG, after=after("done", "completed")),
        place.process("on-success", LONG, after=after("well", "succeeded")),
        place.process("on-wrong-end", LONG, after=after("done", "succeeded")),
    )
    expected = {"slow": "starting", "done": "exited", "well": "exited", "on-start": "ready", "on-ready": "waiting"}
    expected |= {"on-end": "ready", "on-success": "ready", "on-wrong-end": "stopped"}
    until(lambda: place.phases() == expected)


def test_what_waits_for_a_start_is_woken_by_it_and_by_nothing_else(place: Place) -> None:
    never = Readiness(exec=("false",), period=0.1)
    place.up(place.process("slow", LONG, ready=never), place.process("a", LONG, after=after("slow", "started")))
    place.come(slow="starting", a="ready")


def test_http_tcp_and_exec_say_when_a_process_is_ready(place: Place) -> None:
    one, two = free_port(), free_port()
    server = "import http.server, sys; http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]))"
    web = PlannedProcess("web", (*PYTHON, server, str(one)), str(place.root), ready=Readiness(http=HttpGet(one)))
    lost = HttpGet(two, path="/not-there")
    other = PlannedProcess(
        "other", (*PYTHON, server, str(two)), str(place.root), ready=Readiness(http=lost, period=0.1)
    )
    tcp = PlannedProcess(
        "tcp",
        ("sh", "-c", LONG),
        str(place.root),
        ready=Readiness(tcp=(f"127.0.0.1:{two}", f"[::1]:{two}")),
    )
    place.up(web, other, tcp)
    place.come(web="ready", other="starting", tcp="ready")
    (place.root / "not-there").touch()
    place.come(web="ready", other="ready", tcp="ready")


NOTIFYING = """
import os, socket, sys, time
said = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
said.connect(os.environ["NOTIFY_SOCKET"])
while not os.path.exists("gate"): time.sleep(0.02)
said.send(b"STATUS=up\\nREADY=1")
while os.path.exists("gate"):
    said.send(b"WATCHDOG=1")
    time.sleep(0.05)
time.sleep(600)
"""


def test_a_process_says_itself_that_it_is_ready(place: Place) -> None:
    process = PlannedProcess("a", (*PYTHON, NOTIFYING), str(place.root), ready=Readiness(notify=True))
    place.up(process)
    place.come(a="starting")
    (place.root / "gate").touch()
    place.come(a="ready")


def test_a_process_that_falls_silent_before_its_watchdog_is_started_again(place: Place) -> None:
    (place.root / "gate").touch()
    ready = Readiness(notify=True)
    process = PlannedProcess(
        "a", (*PYTHON, NOTIFYING), str(place.root), ready=ready, watchdog=Watchdog(1.5), restart=Restart(max=1)
    )
    place.up(process)
    place.come(a="ready")
    (place.root / "gate").unlink()
    until(lambda: place.socket.list()[0].restart_count == 1)
    assert "watchdog" in place.log("a")


def test_what_is_not_ready_in_its_own_time_gives_up(place: Place) -> None:
    ready = Readiness(exec=("false",), period=0.1, timeout=0.3)
    place.up(place.process("a", LONG, ready=ready, restart=Restart(max=1)))
    place.come(a="gave_up")
    assert place.socket.list()[0].restart_count == 1
    assert "ready.timeout" in place.log("a")


# Tasks


def test_a_task_runs_before_what_waits_for_it_and_hands_its_variables_on(place: Place) -> None:
    script = "printf 'FOUND\\0%s\\0' $(printf there | base64) > $DEVENV_TASK_EXPORTS_FILE; echo x >> ran"
    place.up(
        place.process("a", f"echo $FOUND; {LONG}", after=after("setup", "succeeded")),
        place.process("b", LONG, after=after("setup", "succeeded")),
        tasks=(place.task("setup", script), place.task("unasked", "touch unasked")),
    )
    place.come(a="ready", b="ready")
    until(lambda: place.log("a", "stdout") == "there\n")
    assert (place.root / "ran").read_text() == "x\n"
    assert not (place.root / "unasked").exists()


def test_a_task_that_has_nothing_to_do_is_not_run(place: Place) -> None:
    place.up(
        place.process("a", LONG, after=after("setup", "succeeded")),
        tasks=(place.task("setup", "touch ran", status=("true",)),),
    )
    place.come(a="ready")
    assert not (place.root / "ran").exists()


def test_what_waits_for_a_failed_task_says_what_the_task_said(place: Place) -> None:
    place.up(
        place.process("a", LONG, after=after("second", "succeeded")),
        place.process("b", LONG, after=after("first", "completed")),
        tasks=(
            place.task("first", "echo no database >&2; exit 4"),
            place.task("second", "true", after=after("first", "succeeded")),
        ),
    )
    place.come(a="gave_up", b="ready")
    assert "first" in place.log("a")
    assert "no database" in (place.socket.folder / "daemon.log").read_text()


@pytest.mark.parametrize("exported", [r"NAME\0x\0", r"A=B\0eA==\0", r"NAME\0eAB4\0"])
def test_what_waits_for_a_task_that_exports_no_variable_gives_up_and_says_so(place: Place, exported: str) -> None:
    place.up(
        place.process("a", LONG, after=after("setup", "succeeded")),
        tasks=(place.task("setup", f"printf '{exported}' > $DEVENV_TASK_EXPORTS_FILE"),),
    )
    place.come(a="gave_up")
    assert "exports" in place.log("a")


def test_what_gave_up_for_a_failed_task_starts_when_the_task_does_not_fail_any_more(place: Place) -> None:
    names = tuple(f"p{number}" for number in range(9))
    place.up(
        *(place.process(name, LONG, after=after("setup", "succeeded")) for name in names),
        tasks=(place.task("setup", "test -e gate"),),
    )
    place.come(**dict.fromkeys(names, "gave_up"))
    (place.root / "gate").touch()
    assert place.socket.start(names)["scheduled"] == names
    place.come(**dict.fromkeys(names, "ready"))


# Restarts and ends


def test_a_crash_starts_it_again_and_a_crash_loop_gives_up(place: Place) -> None:
    place.up(
        place.process("loop", "echo again; exit 3", restart=Restart(max=2)),
        place.process("once", "exit 3", restart=Restart(on="never")),
        place.process("fine", "exit 0"),
        place.process("eager", "exit 0", restart=Restart(on="always", max=1)),
        place.process("none", "exit 3", restart=Restart(max=0)),
    )
    place.come(loop="gave_up", once="exited", fine="exited", eager="gave_up", none="gave_up")
    assert {item.name: item.restart_count for item in place.socket.list()} == {
        "loop": 2,
        "once": 0,
        "fine": 0,
        "eager": 1,
        "none": 0,
    }
    assert place.log("loop", "stdout").count("again") == 3


def test_a_killed_process_is_started_again(place: Place) -> None:
    place.up(place.process("a", f"echo $$ > pid; {LONG}"))
    until(lambda: (place.root / "pid").exists() and (place.root / "pid").read_text() != "")
    first = int((place.root / "pid").read_text())
    os.kill(first, signal.SIGKILL)
    until(lambda: place.socket.list()[0].restart_count == 1 and place.phases() == {"a": "ready"})


def test_a_variable_that_no_program_can_have_is_said_and_gives_up(place: Place) -> None:
    place.up(place.process("a", LONG, variables={"A=B": "x"}))
    place.come(a="gave_up")
    assert "could not be started" in place.log("a")


def test_a_program_that_there_is_not_gives_up_with_the_reason(place: Place) -> None:
    place.up(PlannedProcess("a", ("no-such-program",), str(place.root)), place.process("b", LONG))
    place.come(a="gave_up", b="ready")
    assert "no-such-program" in place.log("a")


def test_stopping_sends_the_signal_that_is_declared_and_waits(place: Place) -> None:
    script = "trap 'echo asked; exit 0' INT; trap '' TERM; while :; do sleep 0.05; done"
    place.up(place.process("a", script, shutdown=Shutdown(signal=signal.SIGINT, grace=20)))
    place.come(a="ready")
    begun = time.monotonic()
    place.socket.stop("a")
    assert time.monotonic() - begun < 10
    assert place.phases() == {"a": "stopped"}
    assert "asked" in place.log("a", "stdout")


def test_a_process_that_ignores_its_signal_is_killed_with_all_its_children(place: Place) -> None:
    script = "trap '' TERM; setsid sleep 601 & sleep 602 & while :; do sleep 0.05; done"
    place.up(place.process("a", script, shutdown=Shutdown(grace=0.3)), place.process("b", LONG))
    place.come(a="ready", b="ready")
    until(lambda: len([item for item in place.left() if item.name == "sleep"]) >= 3)
    place.socket.stop("a")
    assert place.phases() == {"a": "stopped", "b": "ready"}
    assert [item.name for item in place.left()].count("sleep") == 1


def test_what_a_process_leaves_when_it_ends_is_ended(place: Place) -> None:
    place.up(place.process("a", "sleep 601 & exit 0"))
    place.come(a="exited")
    assert [item.name for item in place.left() if item.name == "sleep"] == []


def test_the_end_reaches_what_left_its_session_and_its_parent(place: Place) -> None:
    daemon = (
        "import os; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)\nimport time; time.sleep(600)"
    )
    process = PlannedProcess("a", ("sh", "-c", f'"{sys.executable}" -c "$0"; {LONG}', daemon), str(place.root))
    place.up(process)
    place.come(a="ready")
    pid = place.socket.pid()
    assert pid is not None
    until(lambda: any(item.name.startswith("python") and item.parent == pid for item in place.left()))
    os.kill(pid, signal.SIGTERM)
    until(lambda: place.left() == [])
    assert not place.socket.path.exists()


@pytest.mark.usefixtures("each_system")
def test_everything_ends_at_once_whatever_it_is_at(place: Place) -> None:
    place.up(
        place.process("runs", f"setsid sleep 601 & {LONG}"),
        place.process("waits", LONG, after=after("slow", "succeeded")),
        place.process("probed", LONG, ready=Readiness(exec=("sleep", "603"), probe_timeout=600)),
        place.process("crashes", "exit 3", restart=Restart(max=99)),
        tasks=(place.task("slow", "sleep 602"),),
    )
    until(lambda: len({item.name for item in place.left()} & {"sleep"}) == 1 and place.phases()["runs"] == "ready")
    until(lambda: sum(item.name == "sleep" for item in place.left()) >= 4)
    until(lambda: any(item.restart_count > 2 for item in place.socket.list()))
    pid = place.socket.pid()
    assert pid is not None
    begun = time.monotonic()
    place.runner.down(pid)
    assert time.monotonic() - begun < 4
    assert place.left() == []


@pytest.mark.usefixtures("each_system")
def test_a_process_lives_its_life_on_each_system(place: Place) -> None:
    script = "test -e ran || { touch ran; exit 3; }; touch up; exec sleep 600"
    ready = Readiness(exec=("test", "-e", "up"), period=0.1)
    place.up(place.process("a", script, ready=ready))
    place.come(a="ready")
    assert place.socket.list()[0].restart_count == 1
    place.socket.restart("a")
    place.come(a="ready")
    place.socket.stop("a")
    assert place.phases() == {"a": "stopped"}


def test_a_second_supervisor_does_not_take_the_place_of_the_first(place: Place) -> None:
    place.up(place.process("a", f"echo mine; {LONG}"))
    first = place.socket.pid()
    until(lambda: place.log("a", "stdout") == "mine\n")
    with pytest.raises(DevkeelError) as caught:
        place.up(place.process("a", LONG), place.process("b", LONG))
    assert caught.value.code == "processes_not_started"
    assert str(place.socket.path) in str(caught.value.seen)
    assert "Traceback" not in str(caught.value.seen)
    assert place.socket.pid() == first
    assert place.phases() == {"a": "ready"}
    assert place.log("a", "stdout") == "mine\n"


def test_a_supervisor_ends_where_there_is_no_proc_to_see_it_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.up(place.process("a", LONG))
    pid = place.socket.pid()
    assert pid is not None
    with monkeypatch.context() as system:
        system.setattr(process_tree, "can_tell", lambda: False)
        system.setattr(process_tree, "look", lambda _: None)
        place.runner.down(pid)
    assert place.left() == []


def test_a_supervisor_that_does_not_answer_in_time_does_not_come_up_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_up, "_STARTING", -1.0)
    with pytest.raises(DevkeelError) as caught:
        place.up(place.process("a", LONG))
    assert caught.value.code == "processes_not_started"
    assert place.left() == []
    assert place.socket.pid() is None


def test_a_directory_that_only_leads_to_another_is_not_listened_in(place: Place, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    place.socket.folder.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DevkeelError) as caught:
        place.up(place.process("a", LONG))
    assert caught.value.code == "runtime_directory_foreign"
    assert list((tmp_path / "elsewhere").iterdir()) == []
    place.socket.folder.parent.unlink()


# Requests


def test_processes_start_stop_and_restart_one_by_one(place: Place) -> None:
    place.up(
        place.process("a", LONG),
        place.process("b", LONG, starts=False),
        place.process("c", LONG, after=after("b"), starts=False),
    )
    place.come(a="ready", b="not_started", c="not_started")
    outcome = place.socket.start(["a", "c", "x"])
    assert outcome == {"scheduled": ("c",), "skipped": ("a",), "unknown": ("x",), "failed": ()}
    place.come(a="ready", b="ready", c="ready")
    place.socket.stop("a")
    with pytest.raises(DevkeelError) as caught:
        place.socket.stop("a")
    assert caught.value.code == "process_refused"
    place.socket.restart("a")
    place.socket.restart("b")
    place.come(a="ready", b="ready", c="ready")


def test_only_what_is_named_starts_with_what_it_waits_for(place: Place) -> None:
    place.up(
        place.process("a", LONG, after=after("b")), place.process("b", LONG), place.process("c", LONG), names=("a",)
    )
    place.come(a="ready", b="ready", c="not_started")


def test_a_process_that_waits_can_be_stopped(place: Place) -> None:
    place.up(
        place.process("a", LONG, ready=Readiness(exec=("false",), period=0.1)),
        place.process("b", LONG, after=after("a")),
    )
    place.come(a="starting", b="waiting")
    place.socket.stop("b")
    place.come(a="starting", b="stopped")


def test_what_is_no_request_gets_an_error_and_harms_nothing(place: Place) -> None:
    place.up(place.process("a", LONG))
    for request in (b"", b"\n", b"[1]\n", b'{"command": 3}\n', b'{"command": "start", "names": "a"}\n', b"\xff" * 99):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(place.socket.path))
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answers:
                assert b'"error"' in answers.readline()
    place.come(a="ready")


# Ports


@contextmanager
def held() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def test_a_port_that_is_taken_is_moved_and_the_plan_made_with_it(place: Place) -> None:
    with held() as port:
        place.up(place.process("a", LONG, ports={"main": port}), place.process("b", LONG, ports={"main": port}))
        numbers = [int(item.ports[0].removeprefix("main:")) for item in place.socket.list()]
    assert port < numbers[0] < numbers[1]
    assert place.made == [{}, {("a", "main"): numbers[0], ("b", "main"): numbers[1]}]


def test_a_strict_port_that_is_taken_is_refused_with_its_holder(place: Place) -> None:
    with held() as port:
        place.plan = Plan((place.process("a", LONG, ports={"main": port}),), strict_ports=True)
        with pytest.raises(DevkeelError) as caught:
            place.runner.up(())
    assert caught.value.code == "port_held"
    assert caught.value.details["port"] == port
    assert str(os.getpid()) in caught.value.details["held_by"]


# Its own start


def test_a_plan_that_names_nothing_or_what_there_is_not_starts_no_supervisor(place: Place) -> None:
    beyond = {"c": Beyond((OnlyDevenv("processes.c.listen", "", "devenv.nix"),), starts=False)}
    for plan, names, code in (
        (Plan(()), (), "no_processes"),
        # One that is declared and is not started by itself.
        (Plan((), beyond=beyond), (), "needs_devenv"),
        (Plan((place.process("a", LONG),)), ("b",), "unknown_process"),
        (Plan((place.process("a", LONG, after=after("b")),)), (), "process_plan"),
    ):
        place.plan = plan
        with pytest.raises(DevkeelError) as caught:
            place.runner.up(names)
        assert caught.value.code == code
    assert place.socket.pid() is None


def test_a_socket_that_would_have_too_long_a_path_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("x" * 120)))
    far = ManagerSocket(place.root)
    with pytest.raises(DevkeelError) as caught:
        OwnRunner(Project(place.root), far, lambda *_: Plan((place.process("a", LONG),))).up(())
    assert caught.value.code == "processes_not_started"
    assert "XDG_RUNTIME_DIR" in caught.value.message


def test_the_supervisor_outlives_the_process_that_started_it(place: Place) -> None:
    place.up(place.process("a", LONG))
    pid = place.socket.pid()
    assert pid is not None
    manager = process_tree.look(pid)
    assert manager is not None
    assert manager.session == pid
