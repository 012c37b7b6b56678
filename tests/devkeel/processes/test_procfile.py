"""A project without Nix: its Procfile, read as foreman and honcho do, run inside of its environment."""

from __future__ import annotations

import json
import socket
import tempfile
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from devkeel.api import Environment
from devkeel.errors import DevkeelError, ProjectError
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.procfile import ProcfilePlan, dotenv, procfile
from devkeel.project.root import Project

from .conftest import free_port, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devkeel.processes.state import ProcessesResult


def test_a_line_is_a_name_and_a_command() -> None:
    text = (
        b"# what runs\n\nweb: python -m http.server $PORT # all of it is the command\r\nwork-er_2:  a: b\n   # more\n"
    )
    assert procfile(text) == {"web": "python -m http.server $PORT # all of it is the command", "work-er_2": "a: b"}
    assert procfile(b"\xef\xbb\xbfweb: x") == {"web": "x"}
    assert procfile(b"") == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"web: a\nworker python b\n", 2),
        (b"web: a\n\nweb: b\n", 3),
        (b"web:\n", 1),
        (b"web: \t\n", 1),
        (b"my web: a\n", 1),
        (b"-: a\nw.eb: a\n", 2),
        (b" web: a\n", 1),
        (b"web: a\nworker: \xff\n", 2),
    ],
)
def test_a_line_that_says_something_else_is_refused_with_its_place(text: bytes, line: int) -> None:
    with pytest.raises(ProjectError) as refused:
        procfile(text)
    assert refused.value.code == "bad_procfile"
    assert refused.value.place is not None
    assert (refused.value.place.file, refused.value.place.line) == ("Procfile", line)


def test_variables_come_from_beside_it() -> None:
    text = b'# a\nA=1\nexport B = two words \nC=\'sin\\ngle\'\nD="dou\\nble \\"x\\""\nE=\nF=a#b=c\n'
    assert dotenv(text) == {
        "A": "1",
        "B": "two words",
        "C": "sin\\ngle",
        "D": 'dou\nble "x"',
        "E": "",
        "F": "a#b=c",
    }


def test_a_variable_that_cannot_be_read_is_refused_and_no_value_is_shown() -> None:
    with pytest.raises(ProjectError) as refused:
        dotenv(b"A=1\nthe secret\n")
    assert refused.value.code == "bad_procfile"
    assert str(refused.value.place) == ".env:2"
    assert "the secret" not in json.dumps(refused.value.as_data())


def test_each_process_has_a_port_of_its_own_and_shows_it_where_it_uses_it(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: serve ${PORT}\nworker: work $PORTS\napi: serve -p $PORT\n")
    make = ProcfilePlan(Project(tmp_path), {"PATH": "/bin"})
    found = make({("api", "main"): 5999}).processes
    assert [(item.name, item.variables["PORT"], item.ports, item.ready is not None) for item in found] == [
        ("web", "5000", {"main": 5000}, True),
        ("worker", "5100", {}, False),
        ("api", "5999", {"main": 5999}, True),
    ]
    (tmp_path / ".env").write_text("PORT=7000\n")
    assert [item.variables["PORT"] for item in make({}).processes] == ["7000", "7100", "7200"]


# Inside of an environment


@pytest.fixture(params=["venv"])
def environment(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_index: object
) -> Iterator[Environment]:
    del own_index
    root = tmp_path / "project"
    root.mkdir()
    if request.param == "venv":
        (root / "requirements.txt").write_text("plain\n")
    else:
        channel = request.getfixturevalue("channel")
        (root / "environment.yml").write_text(
            f"name: demo\nchannels:\n  - {channel.as_uri()}\ndependencies:\n  - python\n  - plain=1\n"
        )
    with tempfile.TemporaryDirectory(prefix="dv-") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        opened = Environment(root, actor="test")
        yield opened
        opened.manage("stop").wait(60)
        opened.close()


def manage(environment: Environment, action: Any, *names: str, **options: Any) -> ProcessesResult:
    job = environment.manage(action, names, **options)
    assert job.wait(60)
    result: ProcessesResult = job.value()
    return result


def applied(environment: Environment) -> str:
    job = environment.apply()
    assert job.wait(120)
    return str(job.value().prefix)


def answer(port: int) -> bytes:
    with urlopen(f"http://127.0.0.1:{port}/") as found:
        return bytes(found.read())


@pytest.mark.parametrize("environment", ["venv", "conda"], indirect=True)
def test_its_processes_run_in_the_environment_that_is_applied(environment: Environment) -> None:
    root, port = environment.project.root, free_port()
    (root / "Procfile").write_text(
        "web: python -m http.server --bind 127.0.0.1 $PORT\n"
        "worker: python -c 'import os, plain, sys; print(sys.prefix, os.environ[\"WORD\"], flush=True)'; sleep 600\n"
    )
    (root / ".env").write_text(f"WORD=spoken\nPORT={port}\n")
    with pytest.raises(DevkeelError) as caught:
        manage(environment, "start")
    assert caught.value.code == "not_applied"
    prefix = applied(environment)

    started = manage(environment, "start")

    assert {item.name: (item.phase, item.ports) for item in started.processes} == {
        "web": ("ready", (f"main:{port}",)),
        "worker": ("ready", ()),
    }
    assert b"Procfile" in answer(port)
    until(lambda: environment.processes("worker").logs[0].stdout.split() == [prefix, "spoken"])
    assert started.outdated is False
    assert manage(environment, "start", "web").manager == started.manager
    (root / "Procfile").write_text("web: python -m http.server --bind 127.0.0.1 $PORT\n")
    assert environment.processes().outdated
    again = manage(environment, "start")
    assert again.manager != started.manager
    assert [item.name for item in again.processes] == ["web"]
    assert not manage(environment, "stop").running
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_that_is_taken_is_moved_and_the_process_sees_the_other(environment: Environment) -> None:
    root = environment.project.root
    applied(environment)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        (root / ".env").write_text(f"PORT={taken}\n")
        (root / "Procfile").write_text("web: python -m http.server --bind 127.0.0.1 $PORT\n")
        started = manage(environment, "start")
    port = int(started.processes[0].ports[0].removeprefix("main:"))
    assert port > taken
    assert any(str(taken) in note and str(port) in note for note in started.notes)
    assert b"Procfile" in answer(port)


def test_what_is_said_names_the_procfile_and_no_option(environment: Environment) -> None:
    applied(environment)
    for text, code in (("", "no_processes"), ("crash: exit 3\n", "process_crashed")):
        (environment.project.root / "Procfile").write_text(text)
        with pytest.raises(DevkeelError) as caught:
            manage(environment, "start")
        assert caught.value.code == code
        assert "Procfile" in f"{caught.value.message} {caught.value.remedy}"
        assert "processes." not in caught.value.remedy
    manage(environment, "stop")


def test_a_manager_whose_socket_was_cleaned_away_is_still_known_and_ended(environment: Environment) -> None:
    applied(environment)
    (environment.project.root / "Procfile").write_text("worker: sleep 600\n")
    manager = manage(environment, "start").manager
    ManagerSocket(environment.project.root).path.unlink()
    seen = environment.processes()
    assert (seen.running, seen.manager) == (False, manager)
    assert any(f"PID {manager}" in note for note in seen.notes)
    assert any(str(manager) in item for item in manage(environment, "stop").ended)
    assert environment.processes().notes == ()


def test_a_line_that_cannot_be_read_starts_nothing(environment: Environment) -> None:
    root = environment.project.root
    applied(environment)
    (root / "Procfile").write_text("web: sleep 600\nworker python work.py\n")
    with pytest.raises(DevkeelError) as caught:
        manage(environment, "start")
    assert (caught.value.code, str(caught.value.place)) == ("bad_procfile", "Procfile:2")
    assert not environment.processes().running
    (root / "Procfile").write_text("# nothing yet\n")
    with pytest.raises(DevkeelError) as caught:
        manage(environment, "start")
    assert caught.value.code == "no_processes"


def test_without_either_file_there_is_nothing_to_start(environment: Environment) -> None:
    with pytest.raises(DevkeelError) as caught:
        manage(environment, "start")
    assert caught.value.code == "backend_cannot"
    assert not manage(environment, "stop").running
