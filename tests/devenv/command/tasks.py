"""Tasks: what they are, in which order they run, what came of them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from failure import Failure
from nix import build

if TYPE_CHECKING:
    from project import Project

__all__ = ["listed", "load", "read", "run", "schedule"]

Task = dict[str, Any]


def read(project: Project, path: str) -> dict[str, Task]:
    """Return the tasks in a built configuration, by name."""
    tasks = {task["name"]: task for task in json.loads(Path(path).read_text())}
    (project.dotfile / "task-names.txt").write_text("\n".join(tasks))
    return tasks


def load(project: Project, request: Path) -> dict[str, Task]:
    """Return the tasks of a project by name, their scripts built."""
    root = project.dotfile / "gc" / "task-config"
    (path,) = build(request, ["tasks"], root, "Failed to build attribute: devenv.config.task.config")
    return read(project, path)


def listed(tasks: dict[str, Task]) -> str:
    """Return the tasks as `tasks list --json` prints them."""
    plain = ("name", "type", "description", "after", "before", "cwd", "exec_if_modified")
    items = [
        {
            **{key: task[key] for key in plain},
            "has_exec": task["command"] is not None,
            "has_status": task["status"] is not None,
        }
        for task in tasks.values()
    ]
    return json.dumps(items, indent=2)


def needs(tasks: dict[str, Task], name: str) -> list[str]:
    """Return the names that come before a task."""
    after = [each.partition("@")[0] for each in tasks[name]["after"]]
    missing = [each for each in after if each not in tasks]
    if missing:
        raise Failure(f"Task dependencies not found: {name} is depending on non-existent {missing[0]}")
    return after + [
        other for other, task in tasks.items() if name in {each.partition("@")[0] for each in task["before"]}
    ]


def schedule(tasks: dict[str, Task], roots: list[str], mode: str) -> list[str]:
    """Return the names of the tasks to run, in order.

    A root also names every task below it (`a` is `a:b` as well). mode: `single`, `before`, `after` or `all`.
    """
    chosen: list[str] = []
    for root in roots:
        found = [name for name in tasks if name == root or name.startswith(f"{root}:")]
        if not found:
            raise Failure(f"Task does not exist: {root}")
        chosen += found
    order: list[str] = []
    open_names: list[str] = []

    def visit(name: str) -> None:
        if name in open_names:
            raise Failure(f"Cycle detected at task: {name}")
        if name in order:
            return
        open_names.append(name)
        for other in needs(tasks, name) if mode in ("before", "all") else []:
            visit(other)
        open_names.remove(name)
        order.append(name)

    for name in chosen:
        visit(name)
    return order


def run(tasks: dict[str, Task], order: list[str], environment: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Run tasks one after the other; return the output of each that gave one, and the names of those that failed."""
    outputs: dict[str, Any] = {}
    failed: list[str] = []
    for name in order:
        task = tasks[name]
        if task["type"] == "process" or task["command"] is None:
            continue
        if any(other.partition("@")[0] in failed and "@completed" not in other for other in task["after"]):
            failed.append(name)
            sys.stderr.write(f"Skipped {name}: a dependency failed\n")
            continue
        output, code = _run_one(task, environment)
        if output is not None:
            outputs[name] = output
        if code:
            failed.append(name)
            sys.stderr.write(f"Task {name} failed with exit code {code}\n")
    return outputs, failed


def _run_one(task: Task, environment: dict[str, str]) -> tuple[Any, int]:
    with tempfile.TemporaryDirectory(prefix="devenv-task") as folder:
        answer = Path(folder) / "output.json"
        given = {**environment, **task["env"], "DEVENV_TASK_OUTPUT_FILE": str(answer)}
        given["DEVENV_TASK_INPUT"] = json.dumps(task["input"])
        where = task["cwd"] or environment.get("DEVENV_ROOT") or str(Path.cwd())
        quiet = subprocess.DEVNULL
        if (
            task["status"]
            and not subprocess.run(
                [task["status"]], env=given, cwd=where, stdin=quiet, stdout=quiet, stderr=quiet, check=False
            ).returncode
        ):
            return None, 0
        # A task's output goes to stderr: stdout is for the command's result.
        found = subprocess.run(
            [task["command"]], env=given, cwd=where, stdin=quiet, stdout=sys.stderr.fileno(), check=False
        )
        text = answer.read_text() if answer.exists() else ""
    return (json.loads(text) if text else None), found.returncode
