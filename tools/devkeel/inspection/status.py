"""How far the declaration has come: declared, checked, applied, running, and where these differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.environments.applied import is_there
from devkeel.environments.coverage import left_out
from devkeel.processes.manager_state import glance
from devkeel.text.actions import do
from devkeel.transaction import EXTERNAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.environments.applied import Good
    from devkeel.processes.manager_state import Sight
    from devkeel.project.root import Project
    from devkeel.transaction import Operation

__all__ = ["Stages", "stages_of", "standing"]


def stages_of(
    project: Project,
    files: Mapping[str, bytes],
    revisions: tuple[str, str | None],
    newest: Operation | None,
    good: Good | None,
    *,
    unsealed: bool = False,
) -> Stages:
    """Return how far these files have come. Nothing is made, and no process is waited for.

    revisions: of the declaration and of the lock files. newest: the newest operation. good: the active environment.
    unsealed: an older devkeel made it, and it has no seal.
    """
    revision = revisions[0]
    own = newest is not None and newest.kind != EXTERNAL and newest.revision_after == revision
    checked = tuple(newest.report.get("ran", ())) if newest and own else None
    sight = glance(project)
    same = good is not None and good.is_of(revisions, project)
    alive = good is not None and is_there(project, good)
    missing = left_out(good.applied.backend, files) if good is not None else ()
    apart = {
        "checked": (*_unchecked(checked),),
        "applied": (*_unapplied(good, same=same, alive=alive, unsealed=unsealed),),
        "running": (*_outdated(sight),),
    }
    differs = tuple(sentence for sentences in apart.values() for sentence in sentences)
    if good is not None and missing:
        differs += (
            f"What is applied is of the {good.applied.backend} backend, which leaves out {', '.join(missing)}.",
        )
    return Stages(
        declared=revision,
        checked=checked,
        current=same and alive and not missing,
        **_there(good, sight),
        differs=differs,
        partial=missing or None,
        behind=tuple(stage for stage, sentences in apart.items() if sentences),
    )


def standing(project: Project, good: Good | None) -> Stages:
    """Return what is applied and what runs where nothing is declared, or it cannot be read: neither is as declared."""
    sight = glance(project)
    return Stages(
        declared="",
        checked=None,
        current=False,
        **_there(good, sight),
        behind=tuple(name for name, there in (("applied", good), ("running", sight)) if there is not None),
    )


def _there(good: Good | None, sight: Sight | None) -> dict[str, Any]:
    """Return what is applied and what runs, whatever is declared."""
    return {
        "applied": good.revision if good else None,
        "operation": good.operation if good else None,
        "time": good.time if good else None,
        "prefix": good.applied.prefix if good else None,
        "running": sight.revision or "unknown" if sight else None,
        "manager": sight.pid if sight else None,
    }


def _unchecked(checked: tuple[str, ...] | None) -> Iterator[str]:
    if checked is None:
        yield f"What is declared was not published by devkeel, so it counts as not checked: {do('check')}."


def _unapplied(good: Good | None, *, same: bool, alive: bool, unsealed: bool) -> Iterator[str]:
    if good is None and unsealed:
        yield f"What an older devkeel applied, or another user's, has no seal: {do('apply')} makes it again."
    elif good is None:
        yield f"Nothing was applied yet: {do('apply')}."
    elif not alive:
        yield f"What was applied is no longer there for this project: {do('apply')} builds it again."
    elif good.applied.overridden:
        yield f"What is applied {good.unlike()}: {do('apply')} makes it of the files alone."
    elif not same:
        yield f"What is applied {good.unlike()}: {do('apply')}."


def _outdated(sight: Sight | None) -> Iterator[str]:
    if sight is None:
        return
    if sight.outdated is None:
        yield "devkeel did not start the processes that run, so it cannot tell whether they run what is declared."
    elif sight.outdated:
        yield f"The processes that run were started before the declaration changed: {do('start')}."


class Stages(Struct, frozen=True):
    """How far the declaration has come: declared, checked, applied, running.

    checked: the rungs that ran when devkeel published what is there now; None where another program changed it.
    applied: the revision that was applied last, None for never; operation, time and prefix are of that. current:
    whether that is what is declared, lock files included, and still there. running: the revision that the processes
    were started with, `unknown` where devkeel does not know, None where none run; manager: the PID of their manager.
    differs: a sentence for each of these that is not what is declared, with what to do. partial: what devenv.nix
    declares and the backend that was applied does not realise, None where that is nothing. behind: which of `checked`,
    `applied` and `running` are of something else than what is declared, or of nobody knows what.
    """

    declared: str
    checked: tuple[str, ...] | None
    applied: str | None
    current: bool
    operation: int | None = None
    time: str | None = None
    prefix: str | None = None
    running: str | None = None
    manager: int | None = None
    differs: tuple[str, ...] = ()
    partial: tuple[str, ...] | None = None
    behind: tuple[str, ...] = ()

    def checked_by(self, ran: tuple[str, ...]) -> Stages:
        """Return the same where exactly this was checked since. ran: the rungs."""
        said = tuple(_unchecked(None))
        return replace(
            self,
            checked=ran,
            differs=tuple(sentence for sentence in self.differs if sentence not in said),
            behind=tuple(stage for stage in self.behind if stage != "checked"),
        )
