"""Tasks and processes as a declaration has them, and which waits for which: devenv's rules of `after` and `before`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from devkeel.processes.plan import After, Condition, unsound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["PROCESS", "is_process", "needed", "plain_name", "waits"]

PROCESS = "devenv:processes:"
"""What stands before the name of a process where it is named as a task (devenv, src/modules/processes.nix)."""


def is_process(task: Mapping[str, Any]) -> bool:
    """Return whether a task runs until it is stopped."""
    return task.get("type") == "process"


def plain_name(name: str) -> str:
    """Return what a plan calls a task or a process."""
    return name.removeprefix(PROCESS)


def waits(tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[After, ...]]:
    """Return what each task waits for: what it names in `after`, and what names it in `before`.

    Raises ProjectError `process_plan` for what devenv refuses too: a name that there is not, a condition that the kind
    of the other has not, a process without a probe that somebody wants ready.
    """
    found: dict[str, dict[str, After]] = {name: {} for name in tasks}
    for name, task in tasks.items():
        for text in task.get("after") or ():
            other, condition = _dependency(text, name, tasks)
            found[name][other] = _edge(tasks, name, other, condition)
        for text in task.get("before") or ():
            other, condition = _dependency(text, name, tasks)
            found[other][name] = _edge(tasks, other, name, condition)
    return {name: tuple(edges[other] for other in sorted(edges)) for name, edges in found.items()}


def needed(roots: Iterable[str], waiting: Mapping[str, tuple[After, ...]]) -> set[str]:
    """Return the names of some tasks and of all that they wait for, directly or not."""
    by_plain = {plain_name(name): name for name in waiting}
    found, left = set[str](), list(roots)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [by_plain[item.name] for item in waiting[name]]
    return found


def _dependency(text: str, name: str, tasks: Mapping[str, Any]) -> tuple[str, Condition | None]:
    other, _, condition = text.partition("@")
    if other not in tasks:
        raise unsound(f"{plain_name(name)} names {other} in `after` or `before`, and there is no such task.", text)
    known: dict[str, Condition] = {item: item for item in get_args(Condition)}
    if condition and condition not in known:
        raise unsound(f"{plain_name(name)} names {text} in `after` or `before`, and there is no such condition.", text)
    return other, known.get(condition)


def _edge(tasks: Mapping[str, Mapping[str, Any]], waiting: str, other: str, condition: Condition | None) -> After:
    """Return one edge, the condition of which is that of the kind of the other where none is written."""
    runs = is_process(tasks[other])
    wanted: Condition = condition or ("ready" if runs else "succeeded")
    # devenv, devenv-tasks/src/tasks.rs, `resolve_dependencies`, has these three refusals.
    if wanted == ("succeeded" if runs else "ready"):
        kind = "is a process, which is started, ready or completed" if runs else "is a task, and has no probe"
        raise unsound(f"{plain_name(waiting)} waits for {other}@{wanted}, but {plain_name(other)} {kind}.", other)
    settings = tasks[other].get("process") or {}
    if wanted == "ready" and settings.get("ready") is None and not settings.get("ports"):
        raise unsound(
            f"{plain_name(waiting)} waits until {plain_name(other)} is ready, which has no `ready` and no `ports`.",
            other,
        )
    return After(plain_name(other), wanted)
