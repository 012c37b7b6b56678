"""What the guard says of one act of an agent's tool: which project it is about, and what its settings want."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.catalogue import cache
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.guard.question import Patch, Running
from devkeel.guard.redirections import WRITES
from devkeel.project.environment_files import is_material
from devkeel.project.root import DECLARATION, SETTINGS, Project, declared_above
from devkeel.project.settings import Guarding, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.guard import installs, policy, writes
    from devkeel.guard.question import Answer, Question
else:
    installs, writes = Deferred("devkeel.guard.installs"), Deferred("devkeel.guard.writes")
    policy = Deferred("devkeel.guard.policy")

__all__ = ["judge"]


def judge(question: Question, named: Sequence[str] = ()) -> tuple[Path, Answer] | None:
    """Return the root of the project that an act is about and what is to be said of it; None where nothing is decided.

    named: the directories that the host calls the agent's projects. What is neither in one of them nor in the project
    that the agent stands in is not judged.
    """
    try:
        question = question._replace(folder=str(Path(question.folder).resolve()))
        found = _project(question, [Path(item).resolve() for item in named])
        if found is None or not found[0].root.is_dir():
            return None
        project, question = found
        with cache.only_read():
            answer = _answer(project, question)
    except (DevkeelError, OSError, RuntimeError, ValueError):  # a path that no file can have, a circle of links
        return None
    return None if answer is None else (project.root, answer)


def _answer(project: Project, question: Question) -> Answer | None:
    """Return what is wrong, with what the settings make of it: what is only told stays so."""
    guard, act = _guarding(project), question.act
    if guard.files != "off" and (not isinstance(act, Running) or WRITES.search(act.command)):
        answer = writes.judge_write(project, question)
        if answer is not None:
            return answer._replace(decision=guard.files)
    if guard.files != "off" and isinstance(act, Running) and policy.COMMANDS.search(act.command):
        answer = policy.judge_policy_command(project, act.command, question.folder)
        if answer is not None:
            return answer._replace(decision=guard.files)
    if guard.installs != "off" and isinstance(act, Running):
        answer = installs.judge_command(project, act.command, question.folder)
        if answer is not None:
            return answer if answer.decision == "tell" else answer._replace(decision=guard.installs)
    return None


def _guarding(project: Project) -> Guarding:
    """Return what the project's settings want of the guard: those that cannot be read want what is usual."""
    try:
        return read_settings(project).guard if project.exists(SETTINGS) else Guarding()
    except DevkeelError:
        return Guarding()


def _project(question: Question, named: list[Path]) -> tuple[Project, Question] | None:
    """Return the nearest project of an act, and the act with its file's links followed; None outside of the agent's."""
    folder, act = Path(question.folder), question.act
    if isinstance(act, Running | Patch):
        root = _declared(folder, named)
        return (Project(root), question) if root is not None else None
    place = Path(posixpath.join(folder, act.path))
    parent = place.parent.resolve()
    tops = [*named, _declared(folder, named) or folder]
    top = max((item for item in tops if parent.is_relative_to(item)), key=lambda item: len(item.parts), default=None)
    if top is None:
        return None
    question = question._replace(act=act._replace(path=str(parent / place.name)))
    # A manifest in a directory below is a part of the project above; a devenv.nix is a project of its own.
    inner = [item for item in (parent, *parent.parents) if item.is_relative_to(top)]
    if is_material(parent.relative_to(top).as_posix()):
        return None
    own = (item for item in inner if (item / DECLARATION).is_file() or (item == parent and place.name == DECLARATION))
    return Project(next(own, top)), question


def _declared(folder: Path, named: list[Path]) -> Path | None:
    """Return the nearest directory from one upward that declares an environment, no higher than what the host names."""
    top = next((item for item in named if folder.is_relative_to(item)), None)
    found = declared_above(folder)
    return found if found is not None and (top is None or found.is_relative_to(top)) else None
