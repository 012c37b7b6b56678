"""`devkeel hook`: an agent's plain shell is in the environment that is applied, also after the next apply."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.environments import entry_file
from devkeel.project.root import Project
from devkeel_cli.hooks.registration import SESSIONS

from ..hosts.recordings import RECORDED, placed  # noqa: TID252  (the tests are no installed package)
from .conftest import process_environment

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "import sys; print(sys.prefix)"
# As the hosts sent them; VS Code's by its reference.
STARTED: dict[str, dict[str, Any]] = {
    "vscode": {
        "timestamp": "2026-11-01T10:00:00Z",
        "sessionId": "5f0c",
        "hookEventName": "SessionStart",
        "source": "new",
    }
} | {host: recorded["messages"]["SessionStart"] for host, recorded in RECORDED.items()}

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "it's mine"
    place.mkdir()
    (place / "requirements.txt").write_text("plain\n")
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """The file that the host makes for a session's hook; it need not be there yet."""
    return tmp_path / "sessionstart-hook-0.sh"


def devkeel(*arguments: str) -> None:
    argv = [sys.executable, "-m", "devkeel_cli", *arguments]
    subprocess.run(argv, env=process_environment(), capture_output=True, text=True, check=True)


def send(host: str, root: Path, env_file: Path | None = None, **more: Any) -> str:
    """Run the line that `devkeel install` writes as the host does, and return what the agent reads."""
    (root.parent / "bin").mkdir(exist_ok=True)
    program = root.parent / "bin" / "devkeel"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m devkeel_cli "$@"\n')
    program.chmod(0o755)
    own = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    own |= {} if env_file is None else {"CLAUDE_ENV_FILE": str(env_file)}
    own |= {"CLAUDE_PROJECT_DIR": str(root)} if host == "claude-code" else {}
    message = json.dumps({**placed(STARTED[host], root), "cwd": str(root), **more})
    line = ["/bin/sh", "-c", SESSIONS[host].command]
    done = subprocess.run(
        line, cwd=root, env=process_environment() | own, input=message, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    if done.stdout.strip() in ("", "{}"):
        return ""
    said = json.loads(done.stdout)
    answer = said["hookSpecificOutput"]
    assert said.get("additionalContext", answer["additionalContext"]) == answer["additionalContext"]
    assert ("additionalContext" in said) is (host == "vscode")
    assert answer["hookEventName"] == "SessionStart"
    return str(answer["additionalContext"])


def bash(env_file: Path, command: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as Claude Code's Bash tool does: what hooks have written, and the command, joined by `&&`."""
    script = f"{env_file.read_text().strip()} && eval {shlex.quote(command)}"
    argv = ["bash", "--norc", "-c", script]
    return subprocess.run(argv, cwd=root, env=process_environment(), capture_output=True, text=True, check=False)


def prefix(env_file: Path, root: Path) -> str:
    done = bash(env_file, f"python3 -c {shlex.quote(PREFIX)}", root)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_shell_of_a_session_follows_each_apply(root: Path, env_file: Path) -> None:
    """As a user does it: the session starts before anything is applied, and goes on."""
    said = send("claude-code", root, env_file)
    assert "no environment is applied" in said
    assert "apply_environment" in said
    outside = prefix(env_file, root)
    assert not outside.startswith(str(root))
    devkeel("apply")
    first = prefix(env_file, root)
    assert first.startswith(str(root))
    devkeel("env", "create", "other")
    devkeel("env", "activate", "other")
    second = prefix(env_file, root)
    assert second.startswith(str(root))
    assert second != first
    devkeel("env", "activate")
    assert prefix(env_file, root) == first
    assert send("claude-code", root, env_file, source="resume") == (
        "devkeel: shell commands are in the environment it-s-mine (venv)."
    )
    assert len(env_file.read_text().splitlines()) == 1
    devkeel("purge")
    assert prefix(env_file, root) == outside


@pytest.mark.parametrize("source", ["startup", "resume", "clear", "compact"])
def test_the_line_is_not_appended_twice_and_what_others_wrote_stays(root: Path, env_file: Path, source: str) -> None:
    env_file.write_text("export MINE=1")  # without a newline at its end
    for _ in range(2):
        send("claude-code", root, env_file, source=source)
    lines = env_file.read_text().splitlines()
    assert lines[0] == "export MINE=1"
    assert len(lines) == 2
    assert bash(env_file, "echo $MINE", root).stdout == "1\n"
    assert bash(env_file, "false", root).returncode == 1
    entry = entry_file.path_of(Project(root.resolve()))
    assert entry is not None
    entry.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    entry.write_text("false\n")  # what ends otherwise does not keep a command from running either
    assert bash(env_file, "echo $MINE", root).stdout == "1\n"


def test_who_goes_into_another_project_is_in_its_environment(root: Path, env_file: Path) -> None:
    devkeel("apply")
    send("claude-code", root, env_file)
    inner = root / "service"
    (inner / "src").mkdir(parents=True)
    (inner / "requirements.txt").write_text("plain\n")
    devkeel("--root", str(inner), "apply")
    moved = {"hook_event_name": "CwdChanged", "old_cwd": str(root), "new_cwd": str(inner / "src")}
    assert send("claude-code", root, env_file, **moved) == ""
    assert prefix(env_file, root).startswith(str(inner))
    back = {"hook_event_name": "CwdChanged", "old_cwd": str(inner), "new_cwd": str(root.parent)}
    send("claude-code", root, env_file, **back)
    assert prefix(env_file, root).startswith(f"{root}/.devkeel")


def test_who_goes_into_a_worktree_leaves_the_environment_of_the_main_one(root: Path, env_file: Path) -> None:
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@here"]
    for line in (
        ["init", "-q"],
        ["add", "requirements.txt"],
        ["commit", "-qm", "start"],
        ["worktree", "add", "-q", "w"],
    ):
        subprocess.run([*git, *line], cwd=root, check=True, capture_output=True)
    devkeel("apply")
    send("claude-code", root, env_file)
    cwd_file = env_file.with_name("cwdchanged-hook-0.sh")
    for _ in range(2):
        send("claude-code", root, cwd_file, hook_event_name="CwdChanged", old_cwd=str(root), new_cwd=str(root / "w"))
    both = env_file.with_name("both")
    both.write_text(env_file.read_text() + cwd_file.read_text())
    assert not prefix(both, root).startswith(str(root))
    assert bash(both, "echo ${VIRTUAL_ENV-none}-${DEVKEEL_ENVIRONMENT-none}", root).stdout == "none-none\n"
    assert cwd_file.read_text().count("if [ -r ") == 1
    devkeel("--root", str(root / "w"), "apply")
    assert prefix(both, root).startswith(str(root / "w"))
    # Which is also where a session that is resumed there starts.
    said = send("claude-code", root, env_file.with_name("resumed"), source="resume", cwd=str(root / "w"))
    assert said == "devkeel: shell commands are in the environment w (venv)."


@pytest.mark.parametrize("shell", [name for name in ("bash", "dash", "zsh") if shutil.which(name)])
@pytest.mark.parametrize("event", ["SessionStart", "CwdChanged"])
def test_what_is_appended_suits_each_shell(root: Path, env_file: Path, shell: str, event: str) -> None:
    send("claude-code", root, env_file, hook_event_name=event, new_cwd=str(root))
    script = f"{env_file.read_text().strip()} && echo here"
    for flags in ("-c", "-euc"):
        done = subprocess.run([shell, flags, script], cwd=root, capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("here\n", "")


def test_what_is_declared_above_the_project_is_not_entered(root: Path, env_file: Path) -> None:
    devkeel("apply")
    inner = root / "service"
    inner.mkdir()
    assert send("claude-code", inner, env_file) == ""
    assert not prefix(env_file, inner).startswith(str(root))


@pytest.mark.parametrize("host", [host for host in SESSIONS if host != "claude-code"])
def test_the_agent_of_another_host_is_given_what_enters(root: Path, host: str, env_file: Path) -> None:
    assert "no environment is applied" in send(host, root, env_file)
    devkeel("apply")
    said = send(host, root, env_file)
    assert not env_file.exists()
    assert "it-s-mine (venv) is applied, and shell commands are not in it" in said
    assert "run_command" in said
    assert len(said) < 500
    begin = said.partition("`")[2].partition("`")[0]
    done = subprocess.run(
        ["sh", "-c", f"{begin} python -c {shlex.quote(PREFIX)}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(root))


def test_a_repository_that_brings_records_of_its_own_enters_nothing(root: Path, env_file: Path) -> None:
    hit = root.parent / "hit"
    evil = f"# devkeel: evil (venv)\nif [ -e / ]; then\ntouch {hit}\nfi\n"
    state = root / ".devkeel"
    (state / "entries").mkdir(parents=True)
    name = entry_file.path_of(Project(root.resolve()))
    assert name is not None
    for place in (state / "entry.sh", state / "entries" / name.name, root / ".envrc", root / ".bashrc"):
        place.write_text(evil)
    (state / "active.json").write_text('{"name": "evil"}')
    assert "no environment is applied" in send("claude-code", root, env_file)
    prefix(env_file, root)
    assert not hit.exists()


def test_a_state_directory_inside_of_the_project_is_not_believed(
    root: Path, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
    assert send("claude-code", root, env_file) == ""
    (root / "state" / "devkeel" / "entries").mkdir(parents=True, mode=0o700)
    (root / "state" / "devkeel").chmod(0o700)
    assert send("claude-code", root, env_file) == ""
    assert not env_file.exists()


@pytest.mark.parametrize("message", ["", "{", "[]", "null", '{"hook_event_name": "Stop"}', '{"hook_event_name": 1}'])
def test_what_is_not_understood_is_not_answered(root: Path, env_file: Path, message: str) -> None:
    argv = [sys.executable, "-m", "devkeel_cli", "hook", "--host", "claude-code"]
    own = process_environment() | {"CLAUDE_ENV_FILE": str(env_file)}
    done = subprocess.run(argv, cwd=root, env=own, input=message, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert not env_file.exists()


def test_a_directory_that_declares_nothing_is_not_spoken_of(tmp_path: Path, env_file: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert send("claude-code", empty, env_file) == ""
    assert "entries" in env_file.read_text()  # for what may be applied later


def test_a_pipe_in_the_place_of_the_file_does_not_hold_the_host(root: Path, env_file: Path) -> None:
    os.mkfifo(env_file)
    before = time.monotonic()
    send("claude-code", root, env_file)
    assert time.monotonic() - before < 6
