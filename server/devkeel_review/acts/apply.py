"""Apply: the declaration becomes an environment, as a job that goes on beside the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel_review.acts.act import Act
from devkeel_review.views.jobs import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.api import Environment
    from devkeel.environments.job_views import JobView
    from devkeel_review.review import Review

__all__ = ["APPLY"]


def _do(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    named = form.get("environment") or None

    def begun(environment: Environment) -> JobView:
        return environment.keep_job(environment.apply(environment=named, reason=form.get("reason") or None))

    return shown(review, review.call(begun).id)


APPLY = Act("apply", "execute", "job_answer.html", _do)
