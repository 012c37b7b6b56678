"""What a program that drives devenv relies on, asserted of the stand-in and of the real command where it is on PATH."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.processes.declared_plan import DeclaredPlan
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.own_up import OwnRunner
from devkeel.project.root import Project
from devkeel.runtime.programs import executing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.nix
REAL = shutil.which("devenv")


@dataclass
class Command:
    """One command under contract, and a way to make projects for it."""

    program: str
    make: Callable[..., Path]

    def __call__(self, root: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        argv = [self.program, "--no-tui", "--quiet", *arguments]
        found = subprocess.run(
            argv,
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert found.returncode == code, found.stderr
        if code:
            assert found.stdout == ""
        return found


COMMANDS = ["stand-in", "real"] if REAL else ["stand-in"]


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Command]:
    if request.param == "own":
        request.getfixturevalue("offline")
        held = request.getfixturevalue("devenv")
        yield OwnCommand(held.program, request.getfixturevalue("pinned_project"))
        return
    if request.param == "stand-in":
        held = request.getfixturevalue("devenv")
        yield Command(held.program, request.getfixturevalue("pinned_project"))
        return
    assert REAL is not None
    roots: list[Path] = []

    def make(text: str, files: dict[str, str] | None = None) -> Path:
        root = tmp_path.resolve() / "project"
        root.mkdir()
        module = text if text.lstrip().startswith("{") else f"{{ pkgs, lib, config, ... }}:\n{{\n  {text}\n}}\n"
        for name, content in {"devenv.nix": module, **(files or {})}.items():
            (root / name).write_text(content)
        roots.append(root)
        return root

    yield Command(REAL, make)
    for root in roots:
        subprocess.run([REAL, "processes", "down"], cwd=root, capture_output=True, check=False)


def last_error(text: str) -> str:
    """Return what went wrong: from the last `error:` on, the frames before it left out."""
    return text[text.rindex("error:") :] if "error:" in text else text


SHAPES: dict[str, tuple[str, list[str]]] = {
    "syntax": ("packages = [ ]\n  env.A = 1;", ["error: syntax error, unexpected", "devenv.nix:4:9"]),
    "unknown option": (
        "services.rediss.enable = true;",
        ["error: The option `services.rediss' does not exist. Definition values:", "- In `", "devenv.nix'"],
    ),
    "wrong type": (
        'services.redis.enable = "yes";',
        [
            "error: A definition for option `services.redis.enable' is not of type `boolean'. Definition values:",
            'devenv.nix\': "yes"',
        ],
    ),
    "conflict": (
        "services.redis = lib.mkMerge [ { enable = true; port = 1; } { port = 2; } ];",
        [
            "error: The option `services.redis.port' has conflicting definition values:",
            "devenv.nix': 1",
            "devenv.nix': 2",
        ],
    ),
    "duplicate attribute": (
        'env.A = "1"; env.A = "2";',
        ["error: attribute 'env.A' already defined at", "devenv.nix:3:3"],
    ),
    "unknown package": (
        "packages = [ pkgs.gti ];",
        ["error: attribute 'gti' missing", "devenv.nix:3:16", "Did you mean"],
    ),
    "undefined variable": ("packages = [ gti ];", ["error: undefined variable 'gti'", "devenv.nix:3:16"]),
    "assertions": (
        (
            'assertions = [ { assertion = false; message = "first\\nof two lines"; }'
            ' { assertion = false; message = "second"; } ];'
        ),
        ["error: Failed assertions:", "- first", "of two lines", "- second"],
    ),
    "missing input": (
        'languages.rust = { enable = true; channel = "nightly"; };',
        ["languages.rust.channel", "$ devenv inputs add rust-overlay github:oxalica/rust-overlay --follows nixpkgs"],
    ),
    "missing input of an assertion": (
        "git-hooks.hooks.shellcheck.enable = true;",
        ["Failed assertions:", "$ devenv inputs add git-hooks github:cachix/git-hooks.nix --follows nixpkgs"],
    ),
    "unfree": ("packages = [ pkgs.vscode ];", ["package 'vscode' has an unfree license", "allow_unfree: true"]),
    "outside an enumeration": (
        'languages.rust = { enable = true; channel = "newest"; };',
        ["error: A definition for option `languages.rust.channel' is not of type `one of ", 'devenv.nix\': "newest"'],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_says_what_is_wrong_below_the_frames(command: Command, shape: str) -> None:
    text, expected = SHAPES[shape]
    found = command(command.make(text), "print-dev-env", code=1)
    for part in expected:
        assert part in last_error(found.stderr)


def test_prints_its_version(command: Command) -> None:
    name, number, system = command(command.make(""), "version").stdout.split()
    assert name == "devenv"
    assert len(number.split(".")) == 3
    assert system.startswith("(")


def test_a_usage_error_exits_with_2(command: Command) -> None:
    root = command.make("")
    command(root, "no-such-command", code=2)
    command(root, "eval", "--no-such-flag", code=2)


def test_without_a_devenv_nix_it_names_the_way_to_begin(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    assert "$ devenv init" in command(folder, "print-dev-env", code=1).stderr


def test_eval_prints_json_by_attribute(command: Command) -> None:
    root = command.make('name = "mine"; env.A = "x";')
    found = json.loads(command(root, "eval", "name", "env.A").stdout)
    assert found == {"name": "mine", "env.A": "x"}


def test_eval_proves_only_what_the_attribute_forces(command: Command) -> None:
    root = command.make('name = "mine"; packages = [ pkgs.no-such-package ];')
    assert json.loads(command(root, "eval", "name").stdout) == {"name": "mine"}
    command(root, "eval", "packages", code=1)


def test_info_hides_an_error(command: Command) -> None:
    root = command.make("packages = [ pkgs.no-such-package ];")
    assert "Inputs:" in command(root, "info").stdout


def test_print_dev_env_builds_the_shell_and_runs_nothing(command: Command) -> None:
    root = command.make('packages = [ pkgs.jq ]; env.GREETING = "it\'s"; enterShell = "touch entered";')
    variables = json.loads(command(root, "print-dev-env", "--json").stdout)["variables"]
    assert variables["GREETING"] == {"type": "exported", "value": "it's"}
    assert variables["DEVENV_ROOT"]["value"] == str(root)
    assert Path(variables["DEVENV_PROFILE"]["value"], "bin", "jq").exists()
    script = command(root, "print-dev-env").stdout
    assert not (root / "entered").exists()
    found = subprocess.run(
        ["bash", "-c", f'{script}\nprintf %s "$GREETING"'], cwd=root, capture_output=True, text=True, check=True
    )
    assert found.stdout.endswith("it's")


def test_shell_exits_with_the_code_of_its_command(command: Command) -> None:
    root = command.make('env.A = "from the shell";')
    argv = [
        command.program,
        "--no-tui",
        "--quiet",
        "shell",
        "--",
        "bash",
        "-c",
        'printf %s "$A$1"; exit 7',
        "_",
        "; a b",
    ]
    found = subprocess.run(argv, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (7, "from the shell; a b")


def test_a_profile_is_judged_only_when_it_is_active(command: Command) -> None:
    root = command.make(
        'env.A = "plain"; profiles.other.module.env.A = "profile"; profiles.bad.module.services.rediss.enable = true;'
    )
    assert json.loads(command(root, "eval", "env.A").stdout) == {"env.A": "plain"}
    assert json.loads(command(root, "--profile", "other", "eval", "env.A").stdout) == {"env.A": "profile"}
    assert "services.rediss" in last_error(command(root, "--profile", "bad", "print-dev-env", code=1).stderr)
    assert "Profile 'none' not found" in command(root, "--profile", "none", "print-dev-env", code=1).stderr


def test_local_files_and_options_of_the_command_line_come_last(command: Command) -> None:
    root = command.make(
        'name = "a";', {"devenv.local.nix": '{ lib, ... }: { name = lib.mkForce "b"; env.LOCAL = "1"; }'}
    )
    assert json.loads(command(root, "eval", "name", "env.LOCAL").stdout) == {"name": "b", "env.LOCAL": "1"}
    root.joinpath("devenv.local.nix").unlink()
    assert json.loads(command(root, "-O", "name:string", "c", "eval", "name").stdout) == {"name": "c"}


def test_any_command_that_evaluates_writes_the_lock(command: Command) -> None:
    root = command.make("", {"devenv.yaml": "inputs: {}\n"})
    (root / "devenv.lock").unlink(missing_ok=True)
    command(root, "eval", "name")
    lock = json.loads((root / "devenv.lock").read_text())
    assert lock["version"] in (5, 6, 7)
    assert {"devenv", "nixpkgs"} <= set(lock["nodes"][lock["root"]]["inputs"])
    before = (root / "devenv.lock").read_bytes()
    command(root, "eval", "name")
    assert (root / "devenv.lock").read_bytes() == before


def test_adding_an_input_writes_the_yaml_anew(command: Command) -> None:
    root = command.make("")
    path = root / "devenv.yaml"
    path.write_text("# a comment\n" + (path.read_text() if path.exists() else "inputs: {}\n"))
    command(root, "inputs", "add", "rust-overlay", "github:oxalica/rust-overlay", "--follows", "nixpkgs")
    text = path.read_text()
    assert "github:oxalica/rust-overlay" in text
    assert "# a comment" not in text


def test_a_build_that_fails_exits_with_1_and_names_the_derivation(command: Command) -> None:
    root = command.make(
        'packages = [ (derivation { name = "no-good"; system = pkgs.stdenv.hostPlatform.system; builder = "/bin/sh"; '
        'args = [ "-c" "echo about to fail; exit 3" ]; }) ];'
    )
    found = command(root, "print-dev-env", code=1).stderr
    assert "no-good" in found
    assert "exit code 3" in found


def test_tasks_run_after_what_they_need_and_give_json(command: Command) -> None:
    root = command.make(
        'tasks."app:first".exec = "echo first >> order";'
        "tasks.\"app:second\".exec = ''echo second >> order; echo '{\"n\": 1}' > $DEVENV_TASK_OUTPUT_FILE'';"
        'tasks."app:second".after = [ "app:first" ];'
        'tasks."app:broken".exec = "exit 4";'
    )
    assert json.loads(command(root, "tasks", "run", "app:second").stdout)["app:second"] == {"n": 1}
    assert (root / "order").read_text().split() == ["first", "second"]
    listed = {task["name"]: task for task in json.loads(command(root, "tasks", "list", "--json").stdout)}
    assert listed["app:second"]["after"] == ["app:first"]
    assert listed["app:second"]["has_exec"]
    command(root, "tasks", "run", "app:broken", code=1)
    assert "Task does not exist: app:none" in command(root, "tasks", "run", "app:none", code=1).stderr


def test_test_runs_enter_test_in_the_shell(command: Command) -> None:
    root = command.make("env.A = \"x\"; enterTest = ''test \"$A\" = x'';")
    command(root, "test")
    (root / "devenv.nix").write_text('{ enterTest = "false"; }')
    assert "Tests failed" in command(root, "test", code=1).stderr


# The process manager


class OwnCommand(Command):
    """devkeel's own supervisor by the words of devenv's command: its socket is under the same contract."""

    def __call__(self, root: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        manager = ManagerSocket(root)
        runner = OwnRunner(Project(root), manager, DeclaredPlan(Environment(root, actor="test").context))
        with executing():
            if arguments == ("up", "-d"):
                runner.up(())
            elif arguments == ("processes", "down"):
                runner.down(manager.pid() or 0)
            else:  # what devenv's command asks a manager, it asks this one too
                return super().__call__(root, *arguments, code=code)
        return subprocess.CompletedProcess(arguments, 0, "", "")


MANAGERS = pytest.mark.parametrize("command", ["own", *COMMANDS], indirect=True)


def socket_of(root: Path) -> Path:
    """Return where a project's process manager listens."""
    base = os.environ.get("XDG_RUNTIME_DIR") or "/tmp"  # noqa: S108  (devenv's own rule)
    return Path(
        base, f"devenv-{hashlib.sha256(str(root / '.devenv').encode()).hexdigest()[:7]}", "processes", "native.sock"
    )


def ask(root: Path, **request: Any) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(socket_of(root)))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as answers:
            return json.loads(answers.readline())


def phases(root: Path) -> dict[str, str]:
    return {process["name"]: process["phase"] for process in ask(root, command="list")["processes"]}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: Command, text: str) -> Path:
    root = command.make(text)
    command(root, "up", "-d")
    return root


@MANAGERS
def test_processes_answer_on_the_socket(command: Command) -> None:
    root = started(command, 'processes.talker.exec = "echo out; echo err >&2; exec sleep 600";')
    command(root, "processes", "wait")
    told = ask(root, command="list")
    assert told["status"] == "process_list"
    assert told["processes"] == [{"name": "talker", "phase": "ready", "restart_count": 0, "ports": []}]
    until(lambda: "err" in ask(root, command="logs", name="talker", lines=5)["stderr"])
    assert ask(root, command="logs", name="talker", lines=5)["stdout"].strip() == "out"
    assert (socket_of(root).parent / "logs" / "talker.stdout.log").read_text() == "out\n"
    assert ask(root, command="status", name="talker")["info"]["phase"] == "ready"
    assert ask(root, command="mode") == {"status": "mode", "mode": "daemon"}
    assert ask(root, command="ports") == {"status": "port_allocations", "ports": []}
    assert ask(root, command="status", name="nobody")["status"] == "error"
    assert ask(root, command="no-such-command")["status"] == "error"
    assert "talker" in command(root, "processes", "list").stdout
    assert int((socket_of(root).parent / "native-manager.pid").read_text()) > 0
    assert socket_of(root).parent.parent.stat().st_mode & 0o777 == 0o700


@MANAGERS
def test_processes_start_stop_and_restart_one_by_one(command: Command) -> None:
    root = started(
        command,
        'processes.a.exec = "exec sleep 600"; processes.b = { exec = "exec sleep 600"; start.enable = false; };',
    )
    assert ask(root, command="wait") == {"status": "ready"}
    assert phases(root) == {"a": "ready", "b": "not_started"}
    outcome = ask(root, command="start", names=["a", "b", "c"])["outcome"]
    assert outcome == {"scheduled": ["b"], "skipped": ["a"], "unknown": ["c"], "failed": []}
    until(lambda: phases(root)["b"] == "ready")
    assert ask(root, command="stop", name="a") == {"status": "ok"}
    assert phases(root)["a"] == "stopped"
    assert ask(root, command="stop", name="a")["status"] == "error"
    assert ask(root, command="restart", name="a") == {"status": "ok"}
    until(lambda: phases(root)["a"] == "ready")


@MANAGERS
def test_wait_succeeds_when_a_process_has_crashed(command: Command) -> None:
    root = started(command, 'processes.crash = { exec = "exit 3"; restart.max = 2; }; processes.done.exec = "true";')
    command(root, "processes", "wait")
    until(lambda: phases(root) == {"crash": "gave_up", "done": "exited"})
    assert ask(root, command="status", name="crash")["info"]["restart_count"] == 2
    assert ask(root, command="wait") == {"status": "ready"}


@MANAGERS
def test_a_process_is_starting_until_its_probe_succeeds(command: Command) -> None:
    root = started(
        command, 'processes.slow = { exec = "exec sleep 600"; ready = { exec = "test -e gate"; period = 1; }; };'
    )
    until(lambda: phases(root) == {"slow": "starting"})
    (root / "gate").touch()
    command(root, "processes", "wait")
    assert phases(root) == {"slow": "ready"}


def test_a_running_manager_keeps_the_configuration_that_it_started_with(command: Command) -> None:
    root = started(command, 'processes.a.exec = "exec sleep 600";')
    (root / "devenv.nix").write_text('{ processes.a.exec = "exit 1"; processes.b.exec = "exec sleep 600"; }')
    command(root, "up", "-d")
    assert phases(root) == {"a": "ready"}
    command(root, "processes", "down")
    command(root, "up", "-d")
    assert set(phases(root)) == {"a", "b"}


def test_processes_can_be_managed_while_the_declaration_is_broken(command: Command) -> None:
    root = started(command, 'processes.a.exec = "exec sleep 600";')
    (root / "devenv.nix").write_text("{ broken")
    assert "a" in command(root, "processes", "list").stdout
    command(root, "processes", "stop", "a")
    command(root, "up", "-d", code=1)
    command(root, "tasks", "run", "devenv:enterShell", code=1)
    command(root, "processes", "down")
    assert not socket_of(root).exists()
    assert "No process manager is running" in command(root, "processes", "list", code=1).stderr


@MANAGERS
def test_a_port_that_is_taken_is_moved(command: Command) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        program = f"{sys.executable} -m http.server --bind 127.0.0.1"
        root = started(
            command,
            f"processes.web = {{ ports.http.allocate = {taken};"
            f' exec = "exec {program} ${{toString config.processes.web.ports.http.value}}"; }};',
        )
        command(root, "processes", "wait")
        (port,) = ask(root, command="ports")["ports"]
    assert (port["process_name"], port["port_name"]) == ("web", "http")
    assert port["port"] > taken
    assert ask(root, command="list")["processes"][0]["ports"] == [f"http:{port['port']}"]
    assert phases(root) == {"web": "ready"}


@MANAGERS
def test_down_leaves_nothing_even_of_a_process_that_ignores_sigterm(command: Command) -> None:
    root = started(
        command,
        'processes.stubborn.exec = "trap true TERM; echo $$ > pid; while :; do sleep 0.1; done";'
        " processes.stubborn.shutdown.grace = 1;",
    )
    until(lambda: (root / "pid").exists() and (root / "pid").read_text() != "")
    pid = int((root / "pid").read_text())
    command(root, "processes", "down")
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text()


@MANAGERS
def test_attach_streams_a_snapshot_and_what_follows(command: Command) -> None:
    root = started(command, 'processes.a.exec = "exec sleep 600";')
    ask(root, command="wait")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(socket_of(root)))
        connection.sendall(b'{"command":"attach"}\n')
        with connection.makefile("rb") as events:
            first = json.loads(events.readline())
            ask(root, command="stop", name="a")
            later = [json.loads(events.readline()) for _ in range(1)]
    assert first["event"] == "snapshot"
    assert later[0]["event"] == "status"
    assert later[0]["info"]["name"] == "a"


def test_up_in_the_foreground_ends_with_its_signal(command: Command) -> None:
    root = command.make('processes.a.exec = "exec sleep 600";')
    argv = [command.program, "--no-tui", "up"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, cwd=root, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        until((socket_of(root).parent / "native-manager.pid").exists)
        assert ask(root, command="mode") == {"status": "mode", "mode": "foreground"}
        assert "foreground" in command(root, "up", "-d", code=1).stderr
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert not (socket_of(root).parent / "native-manager.pid").exists()


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@needs("direnv")
def test_direnv_has_the_shell_and_loses_it_with_a_broken_edit(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    root = command.make('env.A = "from the shell";', {".envrc": 'eval "$(devenv direnvrc)"\nuse devenv\n'})
    subprocess.run(["direnv", "allow"], cwd=root, capture_output=True, check=True)
    argv = ["direnv", "exec", str(root), "sh", "-c", 'printf %s "$A"']
    assert subprocess.run(argv, cwd=root, capture_output=True, text=True, check=True).stdout == "from the shell"
    (root / "devenv.nix").write_text("{ broken")
    assert subprocess.run(argv, cwd=root, capture_output=True, text=True, check=True).stdout == ""


@MANAGERS
@needs("redis-server")
def test_redis_is_a_real_service(command: Command) -> None:
    port = free_port()
    root = started(command, f"services.redis = {{ enable = true; port = {port}; }};")
    command(root, "processes", "wait")
    assert phases(root) == {"redis": "ready"}
    assert ask(root, command="list")["processes"][0]["ports"] == [f"main:{port}"]
    script = f"redis-cli -p {port} set key value > /dev/null; redis-cli -p {port} get key"
    assert command(root, "shell", "--", "bash", "-c", script).stdout.strip() == "value"
    command(root, "processes", "down")
