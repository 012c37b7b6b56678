"""What the guard says of one act of an agent's tool: which project it is about, and what its settings want."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.guard.question import Patch, Running
from devkeel.guard.redirections import WRITES
from devkeel.project.root import DECLARATION, SETTINGS, Project, declared_above
from devkeel.project.settings import read_settings

if TYPE_CHECKING:
    from devkeel.guard import installs, writes
    from devkeel.guard.question import Answer, Question
else:
    installs, writes = Deferred("devkeel.guard.installs"), Deferred("devkeel.guard.writes")

__all__ = ["judge"]


def judge(question: Question, session: str) -> tuple[Path, Answer] | None:
    """Return the root of the project that an act is about and what is to be said of it; None where nothing is decided.

    session: the directory that the agent works in. What is outside of its project is not judged.
    """
    try:
        project = _project(question, Path(session).resolve())
        if project is None or not project.root.is_dir():
            return None
        wanted = _wanted(project, question)
        if wanted == "off":
            return None
        answer = _answer(project, question)
    except (DevkeelError, OSError, RuntimeError, ValueError):  # a path that no file can have, a circle of links
        return None
    if answer is None:
        return None
    if wanted in ("ask", "tell") and answer.decision == "deny":
        answer = answer._replace(decision=wanted)
    return project.root, answer


def _answer(project: Project, question: Question) -> Answer | None:
    act = question.act
    if not isinstance(act, Running):
        return writes.judge_write(project, question)
    if WRITES in act.command:
        written = writes.judge_write(project, question)
        if written is not None:
            return written
    return installs.judge_command(project, act.command, question.folder)


def _project(question: Question, session: Path) -> Project | None:
    """Return the project of an act: the nearest one that declares an environment, within the agent's own."""
    top = declared_above(session) or session
    act = question.act
    if isinstance(act, Running | Patch):
        folder = Path(question.folder).resolve()
        root = declared_above(folder if folder.is_relative_to(top) else top)
        return Project(root) if root is not None else None
    path = Path(posixpath.join(question.folder, act.path))
    parent = path.parent.resolve()
    if not parent.is_relative_to(top):
        return None
    # A manifest in a directory below is a part of the project above; a devenv.nix is a project of its own.
    for folder in (parent, *parent.parents):
        if not folder.is_relative_to(top):
            break
        if (folder / DECLARATION).is_file() or (folder == parent and path.name == DECLARATION):
            return Project(folder)
    return Project(top)


def _wanted(project: Project, question: Question) -> Literal["deny", "ask", "tell", "off"]:
    """Return what the project's settings want of the guard: settings that cannot be read want what is usual."""
    if not project.exists(SETTINGS):
        return "deny"
    try:
        guard = read_settings(project).guard
    except DevkeelError:
        return "deny"
    return guard.installs if isinstance(question.act, Running) else guard.files
