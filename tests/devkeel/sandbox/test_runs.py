"""An ordinary run works in a sandbox, and its answer says what it had and what it had not."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.context import InSandbox
from devkeel.errors import Unavailable
from devkeel.policy.permission import ALL, EVERYTHING, Limit
from devkeel.runtime import process_tree
from devkeel.sandbox import ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.environments.run import RunResult
    from devkeel.runtime.jobs import Job

    Without = Callable[..., None]

ALONE, CONNECTED = InSandbox(network=False), InSandbox(network=True)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with an environment of Python, and tests; made once, and run in by every test."""
    root = tmp_path_factory.mktemp("project").resolve()
    (root / "requirements.txt").write_text("")
    (root / "test_it.py").write_text(
        "import os, sqlite3, tempfile, unittest\n"
        "class Case(unittest.TestCase):\n"
        "    def test_home(self): self.assertNotIn('canary', os.listdir(os.path.expanduser('~')))\n"
        "    def test_file(self):\n"
        "        with tempfile.TemporaryDirectory() as folder: open(f'{folder}/x', 'w').close()\n"
        "    def test_base(self): self.assertEqual(sqlite3.connect(':memory:').execute('select 1').fetchone(), (1,))\n"
    )
    environment = Environment(root, actor="test")
    environment.result(waited(environment.apply()))
    environment.close()
    return root


def waited(job: Job) -> Job:
    assert job.wait(120)
    return job


@pytest.fixture(params=("bubblewrap", "namespaces"))
def by(request: pytest.FixtureRequest, without: Without) -> str:
    """Each way to make a sandbox, where this system has it."""
    if request.param == "namespaces":
        without("bubblewrap")
    if ways.way() != request.param:
        pytest.skip("this system gives no such sandbox to this user")
    return str(request.param)


@pytest.fixture
def environment(applied: Path) -> Iterator[Environment]:
    opened = Environment(applied, actor="test")
    yield opened
    opened.close()


def ran(environment: Environment, *argv: str, held: InSandbox | None = ALONE, timeout: float = 60) -> RunResult:
    found: RunResult = environment.result(waited(environment.run(argv, held=held, timeout=timeout)))
    assert isinstance(found.argv, tuple)
    return found


def python(environment: Environment, text: str, held: InSandbox | None = ALONE) -> RunResult:
    return ran(environment, "python", "-c", text, held=held)


def test_a_projects_tests_run_and_leave_what_they_write_in_the_project(
    environment: Environment, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "canary").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    found = ran(environment, "python", "-m", "unittest", "-q")
    assert found.exit_code == 0, found.stderr
    assert found.sandbox is not None
    assert (found.sandbox.by, found.sandbox.network) == (by, False)
    assert python(environment, "open('made', 'w').write('x')").exit_code == 0
    assert (environment.context.project.root / "made").read_text() == "x"
    assert ran(environment, "sh", "-c", "exit 7").exit_code == 7
    assert ran(environment, "sh", "-c", "kill -TERM $$").exit_code == 128 + signal.SIGTERM


def test_what_was_written_beside_the_project_and_where_it_was_stopped_is_said(
    environment: Environment, by: str
) -> None:
    mark = f"left-{secrets.token_hex(8)}"
    text = (
        "import os, socket, sys\n"
        f"open('/tmp/{mark}', 'w').close(); os.mkdir(os.path.expanduser('~/kept'))\n"
        "for place in (('192.0.2.1', 9), ('127.0.0.1', 9)):\n"
        "    try: socket.create_connection(place, timeout=5)\n"
        "    except OSError: pass\n"
        "for path in ('/srv/absent', '/usr/new'):\n"
        "    try: open(path, 'a')\n"
        "    except OSError as error: print(error, file=sys.stderr)\n"
    )
    found = python(environment, text)
    assert found.sandbox is not None
    blocked = "\n".join(found.sandbox.blocked)
    for said in ("another host", "on loopback was refused", mark, "kept/", "/srv/absent"):
        assert said in blocked
    assert any(line.endswith("/usr/new") for line in found.sandbox.blocked)
    assert not Path("/tmp", mark).exists()  # noqa: S108


def test_the_network_is_there_where_it_is_asked_for_and_the_answer_says_how_far(
    environment: Environment, by: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        reach = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5)"
        alone, connected = python(environment, reach), python(environment, reach, CONNECTED)
    assert (alone.exit_code, connected.exit_code) == (1, 0)
    assert connected.sandbox is not None
    assert connected.sandbox.network
    assert any("loopback of this machine are reached" in line for line in connected.sandbox.withheld)


def test_variables_of_the_caller_are_not_seen_and_those_of_the_environment_are(
    environment: Environment, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "canary")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")  # noqa: S108
    monkeypatch.setenv("NIX_CONFIG", "access-tokens = x")
    found = json.loads(python(environment, "import json, os; print(json.dumps(dict(os.environ)))").stdout)
    assert not {"MY_TOKEN", "SSH_AUTH_SOCK", "NIX_CONFIG", "XDG_STATE_HOME", "XDG_CACHE_HOME"} & found.keys()
    assert found["VIRTUAL_ENV"].startswith(str(environment.context.project.root))


def test_who_may_not_reach_the_network_or_has_to_be_held_is_held_without_asking(applied: Path, by: str) -> None:
    for limit, network in (
        (Limit(ALL - {"network"}, "a role"), False),
        (Limit(ALL, "a role", sandbox=True), True),
    ):
        opened = Environment(applied, actor="test", permission=EVERYTHING.within(limit))
        found = ran(opened, "true", held=None)
        assert found.sandbox is not None
        assert (found.sandbox.by, found.sandbox.network) == (by, network)
        assert opened.call(("true",)).argv[0] == sys.executable
        opened.close()


def test_where_there_is_no_sandbox_nothing_is_run(environment: Environment, without: Without) -> None:
    without("namespaces")
    with pytest.raises(Unavailable) as caught:
        environment.run(("sh", "-c", ": > ran"), held=ALONE)
    assert caught.value.code == "not_sandboxed"
    assert not (environment.context.project.root / "ran").exists()


def test_a_home_in_the_project_is_refused(environment: Environment, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(environment.context.project.root))
    job = environment.run(("true",), held=ALONE)
    assert job.wait(60)
    with pytest.raises(Unavailable) as caught:
        environment.result(job)
    assert caught.value.code == "not_sandboxed"


def test_a_deadline_ends_what_left_its_session_too(environment: Environment, by: str) -> None:
    mark = f"{os.getpid()}.{id(by)}"
    script = f"setsid sleep 600{mark} & sleep 600{mark}"
    found = ran(environment, "sh", "-c", script, timeout=2)
    assert found.timed_out
    assert [item for item in process_tree.running() if mark in _command(item.pid)] == []


def test_nothing_goes_on_when_devkeel_is_killed(applied: Path, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    argv = (sys.executable, "-m", "devkeel_cli", "run", "--no-network", "--json", "--", "sh", "-c")
    mark = f"{os.getpid()}{id(by)}"
    ready = applied / f"ready-{by}"
    os.mkfifo(ready)
    with subprocess.Popen([*argv, f"echo > {ready.name}; sleep 600{mark}; :"], cwd=applied) as process:
        ready.read_text()
        found = [
            item.pid for item in process_tree.running() if mark in _command(item.pid) and item.name in ("sh", "sleep")
        ]
        assert found
        ends = [os.pidfd_open(pid) for pid in found]
        process.kill()
        for descriptor in ends:
            assert select.select([descriptor], [], [], 30)[0]
            os.close(descriptor)
    ready.unlink()


def test_a_person_has_the_terminal_and_is_told_what_was_blocked(
    applied: Path, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    argv = (sys.executable, "-m", "devkeel_cli", "run", "--no-network", "--", "sh", "-c")
    found = subprocess.run(
        [*argv, "cat; : > /tmp/left; exit 3"], cwd=applied, input="typed\n", capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (3, "typed\n"), found.stderr
    assert "left" in found.stderr
    with subprocess.Popen(
        [*argv, "trap 'exit 9' INT; echo begun; while :; do sleep 0.1; done"],
        cwd=applied,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 9


@pytest.mark.parametrize("program", ["node", "cargo"])
def test_the_tests_of_other_languages_run(environment: Environment, by: str, program: str) -> None:
    root = environment.context.project.root
    found_at = shutil.which(program, path="/usr/local/bin:/usr/bin:/bin")  # where .ci/run looks too: outside of a home
    if found_at is None:
        pytest.skip(f"{program} is not installed")
    if program == "node":
        (root / "it.test.js").write_text("require('node:test')('it', () => {})\n")
        found = ran(environment, found_at, "--test", "it.test.js")
    else:
        crate = root / "crate"
        (crate / "src").mkdir(parents=True, exist_ok=True)
        (crate / "Cargo.toml").write_text('[package]\nname = "it"\nversion = "0.1.0"\nedition = "2021"\n')
        (crate / "src" / "lib.rs").write_text("#[test]\nfn it() {}\n")
        found = ran(environment, found_at, "test", "--offline", "--manifest-path", "crate/Cargo.toml")
    assert found.exit_code == 0, (found.stdout, found.stderr)


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    return ""
