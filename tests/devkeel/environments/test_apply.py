"""From a declaration to an environment, and back when it fails: real Nix builds it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import Busy, CheckFailed, Conflict, DevkeelError, Unavailable, UsageError
from devkeel.events.event import Event
from devkeel.nix_cli import build_log
from devkeel.nix_cli.derivations import realise
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.change.result import ChangeResult
    from devkeel.environments.apply import ApplyResult
    from devkeel.environments.run import RunResult
    from devkeel.runtime.jobs import Job

    Make = Callable[..., Path]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]
LONG = 120.0
# Of this run of the tests alone: what runs is looked for in /proc.
MARK = f"/bin/sleep 98{os.getpid()}"
HANGS = f"while :; do {MARK}; done"


def building(script: str) -> str:
    """Return a declaration with a package that is built by a script."""
    attributes = f'name = "slow"; system = pkgs.system; builder = "/bin/sh"; args = [ "-c" "{script}" ];'
    return f"packages = [ (builtins.derivation {{ {attributes} }}) ];"


@pytest.fixture
def opened(pinned_project: Make) -> Iterator[Callable[..., Environment]]:
    found: list[Environment] = []

    def make(text: str = "packages = [ pkgs.hello ];", files: dict[str, str] | None = None) -> Environment:
        root = pinned_project(text, files)
        found.append(Environment(root, actor="test"))
        return found[-1]

    yield make
    for environment in found:
        environment.context.jobs.close()
        environment.close()


def ended(environment: Environment, job: Job) -> Any:
    assert job.wait(LONG)
    return environment.result(job)


def applied(environment: Environment, **arguments: Any) -> ApplyResult:
    found: ApplyResult = ended(environment, environment.apply(**arguments))
    return found


def ran(environment: Environment, *argv: str, **arguments: Any) -> RunResult:
    found: RunResult = ended(environment, environment.run(argv, **arguments))
    return found


def add(environment: Environment, *names: str) -> ChangeResult:
    return environment.change(parse_edits([{"kind": "add_packages", "names": list(names)}]), level="schema")


def broken(environment: Environment, **arguments: Any) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        applied(environment, **arguments)
    return caught.value


def processes_with(text: str) -> list[int]:
    """Return the living processes whose command line has a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and text in (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " "):
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def gone(text: str) -> bool:
    deadline = time.monotonic() + 20
    while processes_with(text) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return not processes_with(text)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        threading.Event().wait(0.02)


def generations(environment: Environment) -> list[Path]:
    return list(environment.project.state.glob("envs/*/g-*"))


# Applying


def test_what_is_applied_is_held_and_commands_run_in_it(opened: Callable[..., Environment]) -> None:
    environment = opened('packages = [ pkgs.hello ];\n  env.GREETING = "a \\"b\\" $c";')
    result = applied(environment)
    assert (result.applied, result.changed, result.backend, result.judge) == (True, True, "devenv", "nix")
    roots = subprocess.run(
        ["nix-store", "--query", "--roots", result.prefix], capture_output=True, text=True, check=True
    )
    assert str(environment.project.state / "envs" / environment.environments().default) in roots.stdout
    assert ran(environment, "hello").stdout == "Hello, world!\n"
    found = ran(environment, "sh", "-c", 'printf %s "$GREETING|$DEVENV_ROOT|$(pwd)"; exit 3')
    root = environment.project.root
    assert (found.exit_code, found.stdout) == (3, f'a "b" $c|{root}|{root}')


def test_applying_again_lets_go_of_what_was_before(opened: Callable[..., Environment]) -> None:
    environment = opened()
    first = applied(environment)
    assert not applied(environment).changed
    add(environment, "jq")
    second = applied(environment)
    assert second.changed
    assert second.prefix != first.prefix
    assert len(generations(environment)) == 1


def test_applying_notes_what_went_past_devkeel_and_trying_does_not(opened: Callable[..., Environment]) -> None:
    environment = opened()
    add(environment, "jq")
    declaration = environment.project.root / "devenv.nix"
    declaration.write_text(f"# by hand\n{declaration.read_text()}")
    applied(environment, dry_run=True)
    assert environment.history(external=True).operations == ()
    result = applied(environment)
    [noted] = environment.history(external=True).operations
    assert (result.operation, noted.files) == (noted.id, ("devenv.nix",))


def test_what_the_shell_does_on_entering_is_in_the_environment(opened: Callable[..., Environment]) -> None:
    environment = opened('enterShell = "export FROM_HOOK=1; echo noise; PATH=/from/hook:$PATH";')
    assert applied(environment).notes == ()
    found = ran(environment, "sh", "-c", "echo $FROM_HOOK; echo $PATH")
    assert found.stdout.startswith("1\n/from/hook:/nix/store/")


def test_a_failing_hook_costs_what_it_would_have_set_and_is_told(opened: Callable[..., Environment]) -> None:
    environment = opened('enterShell = "export FROM_HOOK=1; exit 4"; env.A = "b";')
    assert "exit code 4" in applied(environment).notes[0]
    assert ran(environment, "sh", "-c", "echo $A$FROM_HOOK").stdout == "b\n"


def test_devenv_applies_where_nix_alone_cannot(
    opened: Callable[..., Environment], devenv: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise Unavailable("check_unavailable", "The evaluation cannot run: this test says so.")

    environment = opened('packages = [ pkgs.hello ];\n  env.A = "b";')
    monkeypatch.setattr("devkeel.nix_cli.evaluate.locate_inputs", cannot)
    before = (environment.project.root / "devenv.lock").read_bytes()
    result = applied(environment)
    assert result.judge == "devenv"
    assert any("print-dev-env" in call for call in devenv.calls())
    assert (environment.project.root / "devenv.lock").read_bytes() == before
    assert ran(environment, "sh", "-c", "hello; echo $A").stdout == "Hello, world!\nb\n"


def test_a_dry_run_builds_and_keeps_nothing(opened: Callable[..., Environment]) -> None:
    environment = opened()
    result = applied(environment, dry_run=True)
    assert (result.applied, result.dry_run) == (False, True)
    assert os.path.lexists(result.prefix)
    assert environment.environments().all() == ()
    assert not (environment.project.state / "envs").exists()
    with pytest.raises(Unavailable) as caught:
        ran(environment, "hello")
    assert caught.value.code == "not_applied"


def test_inspecting_tells_what_is_declared_checked_and_applied(opened: Callable[..., Environment]) -> None:
    environment = opened()
    stages = environment.inspect().stages
    assert stages is not None
    assert (stages.applied, stages.current, stages.checked) == (None, False, None)
    told = zip(stages.differs, ("check", "apply"), strict=True)
    assert all(sentence.endswith(f" {do(action)}.") for sentence, action in told)
    result = applied(environment)
    stages = environment.inspect().stages
    assert stages is not None
    assert (stages.applied, stages.current, stages.prefix) == (stages.declared, True, result.prefix)
    changed = add(environment, "jq")
    stages = environment.inspect().stages
    assert stages is not None
    assert (stages.declared, stages.applied, stages.current) == (changed.revision, result.revision, False)
    assert stages.checked == ("syntax", "schema")
    assert [result.revision in sentence for sentence in stages.differs] == [True]
    assert "has changed since" in ran(environment, "true").notes[0]
    applied(environment)
    stages = environment.inspect().stages
    assert stages is not None
    assert stages.differs == ()


def test_an_environment_that_was_collected_is_applied_again(opened: Callable[..., Environment]) -> None:
    environment = opened('name = "collected-by-a-test";')
    result = applied(environment)
    for folder in generations(environment):
        for link in folder.iterdir():
            if link.is_symlink():
                link.unlink()
    found = subprocess.run(["nix-store", "--delete", result.prefix], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    with pytest.raises(Unavailable) as caught:
        ran(environment, "true")
    assert caught.value.code == "not_applied"
    assert applied(environment).prefix == result.prefix
    assert ran(environment, "true").exit_code == 0


def test_only_one_applies_at_a_time(opened: Callable[..., Environment]) -> None:
    environment = opened(building(HANGS))
    first = environment.apply()
    wait_for(lambda: "building slow" in (first.progress or ""))
    other = Environment(environment.project.root, actor="other")
    with pytest.raises(Busy) as caught:
        applied(other)
    assert caught.value.code == "apply_busy"
    assert first.cancel()
    other.close()


# Failing


def test_a_failed_build_names_the_derivation_and_the_end_of_its_log(opened: Callable[..., Environment]) -> None:
    environment = opened("packages = [ pkgs.build-fails ];")
    error = broken(environment)
    assert (error.code, error.seen) == ("build_failed", "build-fails-1.0")
    assert "widget.c:3: error: expected ;" in error.message
    assert environment.environments().all() == ()
    assert generations(environment) == []


def test_a_licence_that_nobody_accepted_is_told_with_the_edit_that_accepts_it(
    opened: Callable[..., Environment],
) -> None:
    environment = opened("packages = [ pkgs.vscode ];")
    error = broken(environment)
    assert (error.code, error.seen) == ("unfree_package", "vscode")
    environment.change(parse_edits(list(error.diagnostics[0].suggestions)), level="schema")
    assert applied(environment).applied


def fetched(builder: str) -> str:
    """Return a declaration with a package whose content is known before it is fetched."""
    known = 'outputHashMode = "flat"; outputHashAlgo = "sha256"; '
    known += f'outputHash = "{"0" * 52}"; preferLocalBuild = true;'
    name = 'name = "widget-1.0.tar.gz"; system = pkgs.system; PATH = "/usr/bin:/bin";'
    return f"packages = [ (builtins.derivation {{ {name} {builder} {known} }}) ];"


CLOSED = "http://127.0.0.1:1/widget.tar.gz"
CURL = f'builder = "/bin/sh"; args = [ "-c" "curl -fsS {CLOSED} -o $out" ];'


@pytest.mark.parametrize(
    "builder", [f'builder = "builtin:fetchurl"; url = "{CLOSED}";', CURL], ids=["by Nix", "by curl"]
)
def test_a_host_that_is_not_reached_is_no_fault_of_the_declaration(
    opened: Callable[..., Environment], builder: str
) -> None:
    with pytest.raises(Unavailable) as caught:
        applied(opened(fetched(builder)))
    error = caught.value
    assert (error.code, error.details) == ("check_network_failed", {"derivation": "widget-1.0.tar.gz"})
    assert "127.0.0.1" in (error.seen or "")


def test_only_what_is_fetched_can_fail_for_the_network(opened: Callable[..., Environment]) -> None:
    script = "echo 'its own test said: Connection refused' >&2; exit 1"
    assert broken(opened(building(script))).code == "build_failed"


def test_a_binary_cache_that_is_not_reached_is_no_fault_of_the_declaration(
    opened: Callable[..., Environment], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "cached"
    folder.mkdir()
    (folder / "nix.conf").write_text("substituters = http://127.0.0.1:1\ndownload-attempts = 1\n")
    monkeypatch.setenv("NIX_CONF_DIR", str(folder))
    found = realise(f"/nix/store/{'0' * 32}-only-in-a-cache", LONG)
    with pytest.raises(Unavailable) as caught:
        build_log.failures({}, "/project", found)
    assert caught.value.code == "check_network_failed"


def test_what_was_fetched_and_is_something_else_is_told_with_both_hashes(opened: Callable[..., Environment]) -> None:
    error = broken(opened(fetched('builder = "/bin/sh"; args = [ "-c" "echo other > $out" ];')))
    assert (error.code, error.seen) == ("build_failed", "widget-1.0.tar.gz")
    assert error.message.count("sha256-") == 2


def test_a_daemon_that_does_not_answer_is_no_fault_of_the_declaration(
    opened: Callable[..., Environment], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = opened(building("echo > $out"))
    monkeypatch.setenv("NIX_REMOTE", "unix:///nonexistent")
    with pytest.raises(Unavailable) as caught:
        applied(environment)
    assert caught.value.code == "nix_daemon"
    assert "daemon" in (caught.value.remedy or "")
    with pytest.raises(Unavailable) as caught:
        environment.check(level="evaluation")
    assert caught.value.code == "nix_daemon"
    judged = environment.check()
    assert ("evaluation" in {item.level for item in judged.skipped}, judged.diagnostics) == (True, ())


def test_settings_of_the_user_are_in_force(
    opened: Callable[..., Environment], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho > {tmp_path}/fired\n")
    hook.chmod(0o755)
    monkeypatch.setenv("NIX_CONFIG", f"post-build-hook = {hook}")
    applied(opened(building(f"echo {tmp_path} > $out")))
    assert (tmp_path / "fired").exists()


def test_a_full_disk_is_no_fault_of_the_declaration(opened: Callable[..., Environment]) -> None:
    # The kernel's own ENOSPC.
    with pytest.raises(Unavailable) as caught:
        applied(opened(building("/usr/bin/head -c 9 /dev/zero > /dev/full")))
    assert (caught.value.code, caught.value.details) == ("check_disk_full", {"derivation": "slow"})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4M", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_a_build_fills_is_told_by_nix(
    opened: Callable[..., Environment], small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = opened(building("set -e; /usr/bin/head -c 9000000 /dev/zero > zeros 2>/dev/null"))
    monkeypatch.setenv("TMPDIR", str(small_disk))
    monkeypatch.setenv("NIX_CONFIG", f"build-dir = {small_disk}")  # of Nix 2.30 and later
    with pytest.raises(Unavailable) as caught:
        applied(environment)
    assert caught.value.code == "check_disk_full"


def test_a_failure_takes_back_what_devkeel_did_since_the_last_good_one(opened: Callable[..., Environment]) -> None:
    environment = opened("packages = [\n    pkgs.hello\n  ];")
    good = applied(environment)
    text = (environment.project.root / "devenv.nix").read_bytes()
    first, second = add(environment, "jq"), add(environment, "build-fails")
    error = broken(environment, on_failure="restore", reason="because")
    assert (environment.project.root / "devenv.nix").read_bytes() == text
    restored = environment.history(limit=1).operations[0]
    assert (restored.kind, restored.id, restored.reason) == ("restore", error.details["restored_operation"], "because")
    assert f"({second.operation}, {first.operation})" in error.details["restored"]
    assert restored.revision_after == good.revision
    assert ran(environment, "hello").notes == ()


def test_without_being_asked_the_declaration_stays(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    changed = add(environment, "build-fails")
    assert "restored" not in broken(environment).details
    assert environment.revision() == changed.revision


def test_a_human_s_change_in_between_is_a_conflict_with_three_views(opened: Callable[..., Environment]) -> None:
    environment = opened("packages = [\n    pkgs.hello\n  ];")
    applied(environment)
    add(environment, "jq")
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("pkgs.hello", "pkgs.hello # mine"))
    add(environment, "build-fails")
    text = path.read_bytes()
    error = broken(environment, on_failure="restore")
    assert path.read_bytes() == text
    conflict = error.details["restore_error"]
    assert conflict["code"] == "restore_conflict"
    assert "+    pkgs.hello # mine" in conflict["details"]["by_hand"]
    assert "+    pkgs.jq" in conflict["details"]["last_good_to_now"]


def test_a_change_by_hand_after_devkeel_s_own_is_a_conflict(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    add(environment, "build-fails")
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text() + "# mine\n")
    text = path.read_bytes()
    error = broken(environment, on_failure="restore")
    assert (error.details["restore_error"]["code"], path.read_bytes()) == ("restore_conflict", text)


def test_nothing_is_taken_back_before_anything_was_applied(opened: Callable[..., Environment]) -> None:
    environment = opened("packages = [\n  ];")
    changed = add(environment, "build-fails")
    assert "nothing was applied yet" in broken(environment, on_failure="restore").details["restored"]
    assert environment.revision() == changed.revision


def test_files_that_change_while_they_are_applied_are_not_remembered(
    opened: Callable[..., Environment], tmp_path: Path
) -> None:
    go = tmp_path / "go"
    environment = opened(f'enterShell = "touch {go}; while [ -e {go} ]; do sleep 0.02; done";')
    path = environment.project.root / "devenv.nix"
    job = environment.apply(on_failure="restore")
    wait_for(go.exists)
    text = path.read_text() + "# mine\n"
    path.write_text(text)
    go.unlink()
    with pytest.raises(Conflict):
        ended(environment, job)
    assert path.read_text() == text
    assert environment.environments().all() == ()


def test_a_build_that_is_killed_from_outside_says_nothing_about_the_files(opened: Callable[..., Environment]) -> None:
    environment = opened(building(HANGS))
    job = environment.apply()
    wait_for(lambda: processes_with(MARK))
    # The shell may have started another one since it was looked for, which would hold the build's log open.
    while found := processes_with(MARK):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    with pytest.raises(Unavailable) as caught:
        ended(environment, job)
    assert caught.value.code == "check_crashed"


def test_a_build_that_hangs_ends_at_its_deadline(opened: Callable[..., Environment]) -> None:
    environment = opened(building(HANGS))
    with pytest.raises(Unavailable) as caught:
        applied(environment, timeout=3.0)
    assert caught.value.code == "build_timeout"
    assert gone(MARK)


def test_a_build_that_leaves_its_session_is_ended_with_its_job(opened: Callable[..., Environment]) -> None:
    environment = opened(building(f"/usr/bin/setsid /bin/sh -c '{HANGS}' & wait"))
    job = environment.apply()
    wait_for(lambda: processes_with(MARK))
    assert job.cancel()
    assert (job.state, job.survivors) == ("cancelled", ())
    assert gone(MARK)


def test_a_build_that_floods_its_log_costs_little_memory(opened: Callable[..., Environment]) -> None:
    environment = opened("packages = [ (pkgs.floods 8) ];")
    job = environment.apply()
    with pytest.raises(CheckFailed) as caught:
        ended(environment, job)
    assert caught.value.seen == "build-floods-1.0"
    assert len(caught.value.message) < 3000


# Commands


def test_a_command_sees_no_secret_of_ours_no_terminal_and_no_input(
    opened: Callable[..., Environment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    environment = opened()
    applied(environment)
    found = ran(environment, "sh", "-c", "cat; test -t 0 || test -t 1 || test -t 2 || echo none; env")
    assert found.stdout.startswith("none\n")
    assert "SECRET_TOKEN" not in found.stdout


def test_secrets_of_the_environment_are_masked_in_answers(opened: Callable[..., Environment]) -> None:
    environment = opened('env.API_TOKEN = "hunter2-hunter2";')
    applied(environment)
    assert ran(environment, "sh", "-c", 'echo "$API_TOKEN"; test "$API_TOKEN" = hunter2-hunter2').stdout == "***\n"


def test_output_keeps_its_head_and_its_tail(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    found = ran(environment, "sh", "-c", "echo first; seq 100000; echo last")
    assert found.stdout.startswith("first\n1\n2\n")
    assert found.stdout.endswith("100000\nlast\n")
    assert f"{found.omitted_stdout} bytes left out" in found.stdout
    assert len(found.stdout) < 30_000


def test_a_deadline_ends_a_command_and_tells_what_it_printed(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    found = ran(environment, "sh", "-c", f"echo begun; {MARK}", timeout=1.0)
    assert (found.exit_code, found.timed_out, found.stdout) == (None, True, "begun\n")
    assert gone(MARK)


def test_what_a_command_leaves_behind_is_ended_and_named(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    found = ran(environment, "sh", "-c", f"setsid {MARK} >/dev/null 2>&1 & echo done")
    assert found.stdout == "done\n"
    assert len(found.ended_too) == 1
    assert gone(MARK)


def test_what_holds_the_output_open_is_not_waited_for(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    found = ran(environment, "sh", "-c", f"setsid {MARK} & echo done")
    assert (found.exit_code, found.stdout) == (0, "done\n")
    assert gone(MARK)


def test_a_task_and_the_test_run_by_name(opened: Callable[..., Environment], devenv: Any) -> None:
    environment = opened('tasks."app:greet".exec = "echo hi from the task";')
    assert "hi from the task" in ran(environment, task="app:greet").stderr
    assert ran(environment, task="app:missing").exit_code == 1
    assert ran(environment, test=True).exit_code == 0
    assert [call[-1] for call in devenv.calls()] == ["app:greet", "app:missing", "test"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "bad_command"),
        ({"argv": ("true",), "task": "a"}, "bad_command"),
        ({"argv": ("",)}, "bad_command"),
        ({"argv": ("a\0b",)}, "bad_command"),
        ({"argv": ("true", "\ud800")}, "bad_command"),
        ({"task": "--help"}, "bad_command"),
        ({"argv": ("true",), "timeout": 0}, "bad_timeout"),
        ({"argv": ("true",), "cwd": "../.."}, "outside_root"),
        ({"argv": ("true",), "cwd": "none"}, "missing_directory"),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused(
    opened: Callable[..., Environment], arguments: dict[str, Any], code: str
) -> None:
    environment = opened()
    applied(environment)
    with pytest.raises(DevkeelError) as caught:
        environment.run(**arguments)
    assert caught.value.code == code


def test_a_program_that_is_not_there_is_named(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    with pytest.raises(Unavailable) as caught:
        ran(environment, "devkeel-no-such-program")
    assert (caught.value.code, caught.value.seen) == ("program_missing", "devkeel-no-such-program")


def test_a_command_line_may_be_long_and_not_endless(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    assert ran(environment, "sh", "-c", "echo $#", *["x"] * 100_000).stdout == "99999\n"
    with pytest.raises(UsageError) as caught:
        ran(environment, "true", "x" * 10_000_000)
    assert caught.value.code == "bad_command"


def test_the_shortest_deadline_is_one(opened: Callable[..., Environment]) -> None:
    environment = opened()
    with pytest.raises(Unavailable) as caught:
        applied(environment, timeout=0.001)
    assert caught.value.code == "build_timeout"
    applied(environment)
    assert ran(environment, "sleep", "600", timeout=0.001).timed_out


def test_a_secret_and_a_letter_at_the_end_of_a_page_stay_whole(opened: Callable[..., Environment]) -> None:
    environment = opened('env.API_TOKEN = "hunter2-hunter2";')
    applied(environment)
    script = "printf '%015995d' 0; printf '\\344%s' \"$API_TOKEN\"; printf '%015988d\\303\\244' 0"
    job = environment.run(("sh", "-c", script))
    ended(environment, job)
    pages, cursor = list[str](), 0
    while (page := environment.job(job.id, cursor=cursor)).log:
        pages.append(page.log)
        cursor = page.cursor
    text = "".join(pages)
    assert len(pages) == 3
    assert "hunter" not in text
    assert "nter2" not in environment.job(job.id, cursor=15998).log
    assert (text.count("ä"), text.count("\ufffd"), text.count("*")) == (1, 1, 15)


def test_on_failure_takes_two_words(opened: Callable[..., Environment]) -> None:
    with pytest.raises(UsageError) as caught:
        opened().apply(on_failure="revert")
    assert caught.value.alternatives == ("keep", "restore")


def test_captured_variables_are_readable_by_their_owner_alone(opened: Callable[..., Environment]) -> None:
    environment = opened()
    applied(environment)
    (path,) = environment.project.state.glob("envs/*/current.json")
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["applied"]["backend"] == "devenv"


def test_a_job_emits_how_it_began_what_was_applied_and_why_it_failed(opened: Callable[..., Environment]) -> None:
    environment, told = opened(), list[Event]()
    environment.subscribe(told.append)
    applied(environment)
    assert ran(environment, "false").exit_code == 1
    text = (environment.project.root / "devenv.nix").read_text()
    broken = text.replace("[ pkgs.hello ]", building("exit 3").removeprefix("packages = ").removesuffix(";"))
    edits = [{"kind": "replace_text", "file": "devenv.nix", "old": text, "new": broken}]
    published = environment.change(parse_edits(edits), level="schema", reason="to try it")
    with pytest.raises(CheckFailed) as caught:
        applied(environment, on_failure="restore")
    environment.close()
    assert [event.kind for event in told] == [
        *("started", "applied", "started", "failed", "proposed", "checked", "published"),
        *("started", "proposed", "checked", "restored", "diagnosed", "failed"),
    ]
    made, failed, cause = told[1], told[3], told[-2]
    assert (made.action, made.files[0], made.details["backend"]) == ("apply", "devenv.nix", "devenv")
    assert made.seconds is not None
    assert (failed.action, failed.details["exit_code"]) == ("run", 1)
    assert cause.code == told[-1].code == caught.value.code
    assert cause.details["causes"]
    assert {event.operation for event in told if event.kind == "published"} == {published.operation}
