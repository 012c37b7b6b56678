"""The line that a host gives to a shell before it runs a tool: whatever becomes of devkeel, the host goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from devkeel_cli.hooks.messages import DIALECTS
from devkeel_cli.hooks.registration import HOOKS, SESSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel_cli.hooks.registration import Hooks

    from .conftest import Shell

# What stands on PATH as devkeel. A devkeel from before the guard complains of the verb with exit code 2, which hosts
# take for a refusal.
BROKEN = {
    "missing": None,
    "no program": "",
    "too old": "echo 'There is no verb guard' >&2; exit 2",
    "fails": "echo Traceback >&2; exit 70",
    "killed": "kill -KILL $$",
    "ended by its own alarm": "kill -ALRM $$",
    "deaf": "exec <&-; exit 1",
}
REAL = f'exec {sys.executable} -m devkeel_cli "$@"'


def put(folder: Path, script: str | None) -> None:
    if script is not None:
        program = folder / "devkeel"
        program.write_text(f"#!/bin/sh\n{script}\n" if script else "")
        program.chmod(0o755 if script else 0o644)


def ask(
    folder: Path, host: str, message: bytes, line_of: dict[str, Hooks] = HOOKS
) -> subprocess.CompletedProcess[bytes]:
    """Run a host's line as the host does: by a shell, with the message on standard input."""
    environment = os.environ | {"PATH": f"{folder}:/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("CLAUDE_PROJECT_DIR", None)
    line = ["/bin/sh", "-c", line_of[host].command]
    return subprocess.run(line, input=message, capture_output=True, check=False, timeout=60, env=environment)


@pytest.mark.parametrize("state", BROKEN)
@pytest.mark.parametrize("host", HOOKS)
def test_a_broken_or_missing_devkeel_lets_the_host_go_on(tmp_path: Path, host: str, state: str) -> None:
    put(tmp_path, BROKEN[state])
    done = ask(tmp_path, host, b'{"tool_name": "Bash", "tool_input": {"command": "pip install flask"}}')
    assert done.returncode == 0
    assert done.stdout.decode().strip() == DIALECTS[host].silent
    assert done.stderr == b""


@pytest.mark.parametrize("state", BROKEN)
@pytest.mark.parametrize("host", SESSIONS)
def test_a_session_starts_where_devkeel_is_broken_or_missing(tmp_path: Path, host: str, state: str) -> None:
    put(tmp_path, BROKEN[state])
    done = ask(tmp_path, host, b'{"hook_event_name": "SessionStart", "source": "startup"}', SESSIONS)
    assert done.returncode == 0
    assert done.stdout.decode().strip() == DIALECTS[host].silent
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("host", "hooks"),
    [("claude-code", HOOKS), ("cursor", HOOKS), ("claude-code", SESSIONS), ("gemini-cli", SESSIONS)],
    ids=["claude-code guard", "cursor guard", "claude-code session", "gemini-cli session"],
)
def test_a_message_that_does_not_end_is_given_up(tmp_path: Path, host: str, hooks: dict[str, Hooks]) -> None:
    put(tmp_path, REAL)
    environment = os.environ | {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path)}
    line = ["/bin/sh", "-c", hooks[host].command]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(line, env=environment, **pipes) as process:  # type: ignore[call-overload]
        # The host writes a part and holds its end open: only the program's own alarm ends it.
        process.stdin.write(b'{"tool_name": ')
        process.stdin.flush()
        assert process.wait(timeout=60) == 0
        assert process.stdout.read().decode().strip() == DIALECTS[host].silent


@pytest.mark.parametrize("hooks", [HOOKS, SESSIONS], ids=["guard", "session"])
def test_a_shell_that_the_host_ends_leaves_nothing_that_it_waits_for(tmp_path: Path, hooks: dict[str, Hooks]) -> None:
    """Gemini CLI ends the shell alone, and reads on until nothing has the other end."""
    put(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    environment = os.environ | {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    line = ["/bin/sh", "-c", hooks["gemini-cli"].command]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(line, env=environment, **pipes) as process:  # type: ignore[call-overload]
        pid = tmp_path / "pid"
        while not (pid.exists() and pid.read_text()):
            time.sleep(0.01)
        try:
            process.terminate()
            assert process.communicate(timeout=10) == (b"", b"")
        finally:
            os.kill(int(pid.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("host", HOOKS)
def test_the_line_answers_where_devkeel_works(tmp_path: Path, host: str) -> None:
    put(tmp_path, REAL)
    (tmp_path / "devenv.nix").write_text("{ pkgs, ... }: { packages = [ ]; }\n")
    told = {"cwd": str(tmp_path), "hook_event_name": "PreToolUse", "tool_name": "Bash"}
    told |= {"tool_input": {"command": "pip install flask"}}  # type: ignore[dict-item]
    done = ask(tmp_path, host, json.dumps(told).encode())
    assert done.returncode == 0
    assert "add_library" in done.stdout.decode()


def test_a_host_that_was_installed_into_is_answered_by_what_stands_in_its_file(devkeel: Shell, tmp_path: Path) -> None:
    """As a user does it: install, then the agent writes a slip, reads the answer, and asks devkeel for it."""
    assert devkeel("install", "--host", "claude-code", "--write").code == 0
    hooks = json.loads((devkeel.root / ".claude" / "settings.json").read_text())["hooks"]["PreToolUse"]
    line = hooks[0]["hooks"][0]["command"]
    (tmp_path / "bin").mkdir()
    put(tmp_path / "bin", REAL)
    before = devkeel.declaration.read_text()
    slip = before.replace("services.postgres.enable", "services.postgress.enable").replace("8000", "9000")
    given = {"file_path": str(devkeel.declaration), "content": slip}
    told = {"cwd": str(devkeel.root), "hook_event_name": "PreToolUse", "tool_name": "Write", "tool_input": given}
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        ["/bin/sh", "-c", line], input=json.dumps(told), capture_output=True, check=True, text=True, env=environment
    )
    answer = json.loads(done.stdout)["hookSpecificOutput"]
    assert answer["permissionDecision"] == "deny"
    edits = json.loads(answer["permissionDecisionReason"].partition("edits=")[2].partition("\n")[0])
    assert devkeel.declaration.read_text() == before
    for edit in edits:
        assert devkeel("patch", edit["file"], "--old", edit["old"], "--new", edit["new"], "--level", "schema").code == 0
    assert devkeel.declaration.read_text() == before.replace("8000", "9000")
