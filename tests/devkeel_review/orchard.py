"""A project as people have one: an agent and a person change it, something goes past devkeel, an attempt is refused.

It is the same each time but for the moment: names, reasons and figures are written here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.devkeel_mcp.wire import Wire

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DECLARATION", "FILES", "RUNS", "grow", "newest"]

# What runs while one looks, as a job.
RUNS = ["sh", "try.sh"]
DECLARATION = """{ pkgs, ... }:
{
  # What the service is built and tried with.
  packages = [
    pkgs.git
  ];

  env.ORCHARD_PORT = "8080";

  processes.web = {
    exec = "echo 'listening on 127.0.0.1:8080'; exec sleep 600";
  };
  processes.worker = {
    exec = "echo 'connected to the queue'; echo 'waiting for work'; exec sleep 600";
  };
}
"""
_TESTS = """cat > report.xml <<'END'
<testsuite name="orchard" tests="40" failures="{failures}">{cases}</testsuite>
END
cat > lcov.info <<'END'
SF:orchard.py
{lines}
end_of_record
END
"""
FILES = {
    "devkeel.toml": """protected = ["services.postgres"]

[gates]
stage = "growth"
command = ["sh", "tests.sh"]
reports = ["report.xml", "lcov.info"]
""",
    "try.sh": "echo '40 tests collected'; echo 'test_import ... ok'; echo 'test_queue ...'; exec sleep 600\n",
    ".gitignore": "report.xml\nlcov.info\n.devenv/\n",
}


def grow(root: Path, variables: dict[str, str]) -> None:
    """Let all of it happen. variables: of the environment of each program."""

    def person(*words: str, fails: bool = False) -> None:
        line = [sys.executable, "-m", "devkeel_cli", "--root", str(root), *words]
        done = subprocess.run(line, env=variables, capture_output=True, text=True, check=False, timeout=300)
        assert fails or done.returncode == 0, (words, done.stdout, done.stderr)

    def tests(passed: int, covered: int) -> None:
        cases = "".join(f'<testcase name="t{n}">{"" if n < passed else "<failure/>"}</testcase>' for n in range(40))
        lines = "\n".join(f"DA:{n},{int(n < covered)}" for n in range(100))
        (root / "tests.sh").write_text(_TESTS.format(failures=40 - passed, cases=cases, lines=lines))

    lock = json.loads((root / "devenv.lock").read_text())
    for name, days in (("devenv", 18), ("nixpkgs", 45)):
        lock["nodes"][name]["locked"]["lastModified"] = int(time.time()) - days * 86_400
    (root / "devenv.lock").write_text(json.dumps(lock, indent=2) + "\n")
    person("set", "env.ORCHARD_LOG", "info", "--reason", "The log was silent in the last incident")
    with Wire(root, client="claude-code") as agent:
        agent.told("add_packages", names=["jq"], reason="The import script reads JSON")
        agent.told("add_packages", names=["redis"], reason="The queue of the worker")
    person("apply")
    for passed, covered in ((30, 71), (36, 78), (38, 84)):
        tests(passed, covered)
        person("gate", fails=True)
    text = (root / "devenv.nix").read_text()
    (root / "devenv.nix").write_text(text.replace("8080", "8090").replace('"info"', '"debug"'))
    with Wire(root, client="codex") as agent:
        edits = [{"kind": "set", "path": "services.postgres.enable", "value": True}]
        refused, _ = agent.asked("edit_environment", edits=edits, reason="The service wants a database")
        assert refused
        agent.told("add_packages", names=["sqlite"], reason="A database without a server")
    person("up")


def newest(root: Path, variables: dict[str, str]) -> int:
    """Return the number of the newest operation."""
    line = [sys.executable, "-m", "devkeel_cli", "--root", str(root), "history", "--json"]
    done = subprocess.run(line, env=variables, capture_output=True, text=True, check=True, timeout=60)
    number: int = json.loads(done.stdout)["operations"][0]["id"]
    return number
