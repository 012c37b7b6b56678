"""Processes are started, stopped and started anew, as a job that the page then shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from devkeel.errors import UsageError
from devkeel_review.acts.act import Act
from devkeel_review.views.jobs import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.api import Environment
    from devkeel_review.review import Review

__all__ = ["MANAGE"]

_ACTIONS = ("start", "stop", "restart")
_BRIEF = 0.4  # seconds that the answer waits, so that what is done at once is said as done


def _do(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    action = form.get("action", "")
    if action not in _ACTIONS:
        raise UsageError(
            "unknown_action",
            "Processes are started, stopped or restarted.",
            seen=action[:80],
            remedy="Take one of these.",
            alternatives=_ACTIONS,
        )
    names = (form["name"],) if form.get("name") else ()

    def begin(environment: Environment) -> str:
        job = environment.manage(cast("Literal['start', 'stop', 'restart']", action), names)
        job.wait(_BRIEF)
        return environment.keep_job(job).id

    return {**shown(review, review.call(begin)), "own": False}


MANAGE = Act("processes", "execute", "job_answer.html", _do)
