"""What is declared, checked, applied and running, as one picture: where these differ, and what mends that."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.errors import DevkeelError
from devkeel.inspection.status import standing
from devkeel_review.views.course import COURSE
from devkeel_review.views.gates import GATES
from devkeel_review.views.locks import LOCKS
from devkeel_review.views.view import PageView
from devkeel_words import lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.api import Environment
    from devkeel.environments.measurements import Measurement
    from devkeel.errors import Diagnostic, ProjectError
    from devkeel.inspection.status import Stages
    from devkeel.processes.state import ProcessState
    from devkeel_review.checked import PageCheck
    from devkeel_review.review import Review

__all__ = ["NOW", "PARTS", "Sign", "signs"]

PARTS = (LOCKS, GATES, COURSE)
"""What is read apart, since it takes longer."""

_MADE = 50
_SAME, _OTHER = "as declared", "not as declared"


class Sign(Struct, frozen=True):
    """How one of the four is. state: as painted. word: the same in a word. gap: how it is beside what is declared."""

    state: str
    word: str
    gap: str = ""


def signs(
    stages: Stages,
    problems: tuple[Diagnostic, ...],
    processes: tuple[ProcessState, ...] = (),
    checked: PageCheck | None = None,
) -> dict[str, Sign]:
    """Return how declared, checked, applied and running are. checked: on the page, of what is declared."""
    errors = sum(item.severity == "error" for item in problems)
    gap = _OTHER if "checked" in stages.behind else _SAME
    found = max(errors, checked.errors if checked else 0)
    passed = Sign("ok", "passed", gap) if gap == _SAME else Sign("warn", "not checked", gap)
    return {
        "declared": Sign("bad", _wrong(errors)) if errors else Sign("ok", "no error"),
        "checked": Sign("bad", _wrong(found), gap) if found else passed,
        "applied": _applied(stages),
        "running": _running(stages, processes),
    }


def _wrong(errors: int) -> str:
    return f"{errors} error{'s' * (errors != 1)}"


def _applied(stages: Stages) -> Sign:
    if stages.applied is None:
        return Sign("idle", "never", "nothing applied")
    if "applied" in stages.behind:
        return Sign("warn", "behind", _OTHER)
    return Sign("ok", "in part" if stages.partial else "current", _SAME)


def _running(stages: Stages, processes: tuple[ProcessState, ...]) -> Sign:
    if stages.running is None:
        return Sign("idle", "nothing", "nothing runs")
    if stages.running == "unknown":
        gap, state, word = "not known", "warn", "not known"
    elif "running" in stages.behind:
        gap, state, word = _OTHER, "warn", "older"
    else:
        gap, state, word = _SAME, "run", "current"
    lost = sum(item.phase == "gave_up" for item in processes)
    return Sign("bad", f"{lost} gave up", gap) if lost else Sign(state, word, gap)


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    """Return it as it is. query: `act` is the one whose button is meant."""
    try:
        found = review.call(partial(_looked, review.checked.last))
        # Only now are its reasons in the words of the page.
        here = lines.checks_here(found["levels"], found["skipped"])
        return {"error": None, "parts": PARTS, "act": query.get("act"), "here": f"{here[0].upper()}{here[1:]}", **found}
    except DevkeelError as error:  # nothing is declared, or cannot be read: the view stays, and sees when that changes
        told = review.disclosure.error(error)
        return {"error": told, "parts": PARTS, "act": None, **review.call(partial(_standing, error.code))}


def _looked(last: PageCheck | None, environment: Environment) -> dict[str, Any]:
    found = environment.inspect()
    stages = found.stages
    assert stages is not None  # noqa: S101  (an inspection that succeeds has them)
    checked = last if last is not None and last.is_of((found.revision, found.lock_revision)) else None
    checked = checked if checked is not None and _says_more(checked, stages) else None
    if checked is not None:
        stages = stages.checked_by(checked.ran)
    processes = _processes(environment) if stages.running is not None else ()
    jobs = environment.jobs().jobs
    applies = [item for item in jobs if item["kind"] == "apply"]
    return {
        "backend": found.backend,
        "files": found.files,
        "checked": {"time": checked.time} if checked else None,
        "changed_since": found.changed_since,
        "environment": next((item.name for item in found.environments if item.active), None),
        "last": found.last_operation,
        "levels": found.levels,
        "notes": found.notes,
        "problems": found.problems,
        "failed": [item for item in applies[:1] if item["state"] == "failed"],
        "jobs": [item for item in jobs if item["state"] == "running"],
        "processes": processes,
        "recovery_pending": found.recovery_pending,
        "revision": found.revision,
        "signs": signs(stages, found.problems, processes, checked),
        "size": _size(environment, stages),
        "skipped": found.skipped,
        "stages": stages,
        "unread": _told(environment.unread),
    }


def _standing(code: str, environment: Environment) -> dict[str, Any]:
    """Return what is there where nothing is declared, or it cannot be read."""
    good = environment.environments().good()
    stages = standing(environment.project, good)
    processes = _processes(environment) if stages.running is not None else ()
    return {
        "backend": good.applied.backend if good else None,
        "checked": None,
        "environment": good.name if good else None,
        "files": (),
        "last": None,
        "processes": processes,
        "signs": _apart(stages, processes, "nothing" if code == "missing_file" else "not readable"),
        "size": _size(environment, stages),
        "stages": stages,
    }


def _apart(stages: Stages, processes: tuple[ProcessState, ...], declared: str) -> dict[str, Sign]:
    """Return how the four are where there is no declaration that the others could be as."""
    applied, running = _applied(stages), _running(stages, processes)
    return {
        "declared": Sign("bad", declared),
        "checked": Sign("idle", "nothing"),
        "applied": replace(applied, word="there") if applied.state == "warn" else applied,
        "running": replace(running, word="there") if running.gap == _OTHER and running.state == "warn" else running,
    }


def _says_more(checked: PageCheck, stages: Stages) -> bool:
    """Return whether a check of what is declared found an error, or went as far as the one that published it."""
    return bool(checked.ran) and (checked.errors > 0 or set(checked.ran) >= set(stages.checked or ()))


def _told(error: ProjectError | None) -> dict[str, Any] | None:
    """Return why the settings could not be used, where the project was looked at nevertheless."""
    if error is None:
        return None
    return {"code": error.code, "message": error.message, "place": str(error.place or ""), "remedy": error.remedy}


def _processes(environment: Environment) -> tuple[ProcessState, ...]:
    with suppress(DevkeelError):  # that they do not answer is said where they are
        return environment.processes().processes
    return ()


def _size(environment: Environment, stages: Stages) -> Measurement | None:
    """Return what was measured of the environment that is in use."""
    made = environment.course(limit=_MADE).made
    return next((item for item in reversed(made) if item.time == stages.time), None)


NOW = PageView(
    "now",
    "Now",
    ("declaration", "history", "environments", "jobs", "processes", "checks"),
    "now.html",
    _read,
    listed=True,
)
