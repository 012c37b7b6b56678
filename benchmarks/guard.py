"""What `devkeel guard` costs before each call of an agent's tools, and what becomes of a host whose devkeel is broken.

    .venv/bin/python -m benchmarks.guard [ROUNDS]

Each message is answered by a process of its own, beside a bare Python that imports the same modules and does nothing;
they take turns, and the figures are medians. Then the line that is written for Claude Code is given to a shell, as the
host does, where devkeel is missing, fails, is killed, or hangs.
"""

from __future__ import annotations

import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from devkeel_cli.hooks.registration import HOOKS

HOLD, MOST = 2.0, 0.150
DECLARATION = """\
{ pkgs, ... }:
{
  packages = [
    pkgs.git
    pkgs.jq
  ];
  languages.python.enable = true;
  services.postgres.enable = true;
}
"""
INPUTS = "inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n"
OURS = "import sys; sys.argv = ['devkeel', 'guard', '--host', 'claude-code']; from devkeel_cli import main; main()"
LOADED = """\
import json, sys
from devkeel_cli.hooks.answering import answered
answered(sys.stdin.buffer.read())
print(json.dumps([name for name, module in sys.modules.items() if getattr(module, "__spec__", None)]))
"""


def messages(root: str) -> dict[str, dict[str, Any]]:
    """Return what an agent's tools are about to do."""
    common = {"session_id": "s", "cwd": root, "hook_event_name": "PreToolUse"}
    file = {"file_path": f"{root}/devenv.nix"}
    wrong = DECLARATION.replace("python.enable", "python.enabel")

    def made(tool: str, **given: str) -> dict[str, Any]:
        return common | {"tool_name": tool, "tool_input": given}

    return {
        "a command": made("Bash", command="git status && ls -la | head"),
        "a file of code": made("Write", file_path=f"{root}/app.py", content="x = 1\n"),
        "an install": made("Bash", command="cd web && sudo npm install -g typescript"),
        "a fine write": made("Write", **file, content=DECLARATION.replace("pkgs.jq", "pkgs.curl")),
        "a wrong write": made("Write", **file, content=wrong.replace("pkgs.jq", "pkgs.curl")),
    }


def clocked(line: list[str], data: bytes) -> tuple[float, float]:
    """Return the seconds that a process takes, and those of the processor."""
    begun = time.perf_counter()
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(data)
    process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, line
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime


def bare(data: bytes) -> list[str]:
    """Return a Python that imports what the guard has loaded after a message."""
    done = subprocess.run([sys.executable, "-c", LOADED], input=data, capture_output=True, check=True)
    names = json.loads(done.stdout)
    return [sys.executable, "-c", f"import importlib\nfor name in {names}: importlib.import_module(name)"]


def speed(rounds: int) -> int:
    """Print what messages cost; 1 where one costs more than it may."""
    worst = 0
    with tempfile.TemporaryDirectory(prefix="devkeel-guard-") as folder:
        (Path(folder) / "devenv.nix").write_text(DECLARATION)
        (Path(folder) / "devenv.yaml").write_text(INPUTS)
        (Path(folder) / "devkeel.toml").write_text('guard = "deny"\n')
        for name, message in messages(folder).items():
            data = json.dumps(message).encode()
            lines = [[sys.executable, "-c", OURS], bare(data)]
            times: list[list[tuple[float, float]]] = [[], []]
            for number in range(rounds + 1):
                for line, found in zip(lines, times, strict=True):
                    took = clocked(line, data)
                    if number:  # the first round fills the caches
                        found.append(took)
            (wall, used), (_, beside) = (
                [statistics.median(item[kind] for item in found) for kind in (0, 1)] for found in times
            )
            print(
                f"{name:15} {wall * 1000:4.0f} ms (hold: {MOST * 1000:.0f}), of the processor {used * 1000:4.0f} ms, "
                f"{used / beside:.2f} of a bare Python (hold: {HOLD:g})"
            )
            worst |= used > HOLD * beside or used > MOST
    return worst


BROKEN = {
    "missing": None,
    "fails": "exit 2",
    "killed": "kill -9 $$",
    "hangs": "exec sleep 60",
}


def broken() -> None:
    """Print what the host sees of a devkeel that does not work."""
    hooks = HOOKS["claude-code"]
    limit = hooks.entries["hooks", "PreToolUse"]["hooks"][0]["timeout"]
    for name, script in BROKEN.items():
        with tempfile.TemporaryDirectory(prefix="devkeel-guard-") as folder:
            if script is not None:
                (Path(folder) / "devkeel").write_text(f"#!/bin/sh\n{script}\n")
                (Path(folder) / "devkeel").chmod(0o755)
            begun = time.perf_counter()
            line = f"PATH={shlex.quote(folder)}:/usr/bin:/bin; {hooks.command}"
            try:
                done = subprocess.run(
                    ["/bin/sh", "-c", line], input=b"{}", capture_output=True, check=False, timeout=limit
                )
                told = f"exit {done.returncode}, said {done.stdout + done.stderr!r}"
            except subprocess.TimeoutExpired:
                told = f"ended by the host after its {limit} s"
            print(f"{name:15} {told}, {time.perf_counter() - begun:.2f} s")


def main(rounds: int) -> int:
    """Print all figures."""
    os.environ |= {"PYTHONPATH": os.pathsep.join(item for item in sys.path if item)}
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    worst = speed(rounds)
    broken()
    return worst


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 20))
