"""What a declaration runs beside its shell, by Nix alone: the settings of processes and tasks, and their programs.

The settings are those that devenv's own runner reads (devenv, src/modules/tasks.nix, `tasksJSON`), with each task the
derivations that it refers to. Evaluating builds nothing; `build` does, and only for the tasks that are to run.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.nix_cli.build_log import failures
from devkeel.nix_cli.derivations import realise, with_imports
from devkeel.nix_cli.devenv import runtime_directory
from devkeel.nix_cli.evaluate import ask_nix, or_not_fetched, require_fetched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devkeel.candidate.candidate import Candidate
    from devkeel.candidate.stage import Stage
    from devkeel.errors import Diagnostic
    from devkeel.runtime import Completed

__all__ = ["DeclaredTasks", "Ports", "Told", "build", "declared_tasks"]

Ports = dict[str, dict[str, int]]
"""Numbers of ports: by the name of their process and their own."""

_FLAGS = ("--read-write-mode", "--eval", "--strict", "--json")


class Told(Struct, frozen=True):
    """Settings as Nix told them. needs: what has to be there to run it, as `nix-store --realise` takes it."""

    value: Any
    needs: tuple[str, ...]


class DeclaredTasks(Struct, frozen=True):
    """What a declaration runs.

    implementation: of its process manager, None where the modules know none. tasks: by name, processes among them.
    wanted: the ports that it wishes for. test: the script of the project's test, where it was asked for.
    """

    implementation: str | None
    tasks: dict[str, Told]
    wanted: Ports
    test: Told | None


def declared_tasks(
    subject: Candidate,
    stage: Stage,
    home: Path,
    timeout: float,
    *,
    ports: Mapping[str, Mapping[str, int]],
    test: bool = False,
) -> tuple[DeclaredTasks | None, list[Diagnostic]]:
    """Return what a declaration runs, or None and why that cannot be known.

    home: the project where it is. ports: numbers to give in place of those that are wished for. test: its script too.
    """
    deadline = time.monotonic() + timeout
    places = {"home": str(home), "runtime": str(runtime_directory(home))}

    def ask(more: tuple[str, ...]) -> Completed:
        left = deadline - time.monotonic()
        return ask_nix(subject, stage, (*_FLAGS, *more), left, plan=True, test=test, ports=ports, **places)

    found = with_imports(ask, deadline)
    if found.returncode:
        require_fetched(subject, found)
        findings = failures(subject.files, str(stage.root), found, evaluated=stage)
        return None, [item for finding in findings for item in or_not_fetched(subject, finding)]
    # Where the stage is a copy, what the text itself names by a relative path is there.
    data = json.loads(found.stdout.decode().replace(str(stage.root), str(home)))
    tasks = map(_told, data["tasks"])
    test_script = _told(data["test"]) if data["test"] else None
    return DeclaredTasks(
        data["implementation"], {item.value["name"]: item for item in tasks}, data["wanted"], test_script
    ), []


def build(wanted: Iterable[Told], timeout: float, root: Path) -> Completed | None:
    """Build what is needed to run some of them, kept from being collected by links named after `root`.

    Returns how it ended; None where there is nothing to build.
    """
    needs = sorted({need for item in wanted for need in item.needs})
    return realise(needs, timeout, root) if needs else None


def _told(data: dict[str, Any]) -> Told:
    needs = (place for path, wants in data["needs"].items() for place in _places(path, wants))
    return Told(json.loads(data["text"]), tuple(needs))


def _places(path: str, wants: dict[str, Any]) -> Iterable[str]:
    """Return what to realise for one element of a string's context (Nix manual, `builtins.getContext`)."""
    outputs = wants.get("outputs", ())
    return [f"{path}!{output}" for output in outputs] if outputs else [path]
