"""A job is ended, and one that failed is looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.edits import vocabulary
from devkeel.errors import UsageError
from devkeel_review.acts.act import Act
from devkeel_review.code import diff_of
from devkeel_review.views.jobs import shown
from devkeel_words import cause_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult
    from devkeel.remedies.diagnose import Diagnosis
    from devkeel_review.review import Review

__all__ = ["DIAGNOSE", "END_JOB", "MEND"]


def _end(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    identifier = form.get("job", "")
    review.call(lambda environment: environment.end_job(identifier))
    return {**shown(review, identifier), "own": form.get("own") == "yes"}


def _diagnose(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    found: Diagnosis = review.call(lambda environment: environment.diagnose(job=form.get("job", "")))
    fixes = [(fix, diff_of(fix.diff or "")) for fix in cause_lines.fixes(found)]
    return {"job": form.get("job", ""), "found": found, "fixes": fixes}


def _mend(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    """Publish one of the fixes that a diagnosis of the job has, found anew so that nothing of the form is an edit."""
    identifier, number = form.get("job", ""), form.get("number", "")

    def publish(environment: Environment) -> ChangeResult:
        fixes = cause_lines.fixes(environment.diagnose(job=identifier))
        fix = fixes[int(number) - 1] if number.isdigit() and 0 < int(number) <= len(fixes) else None
        if fix is None or not fix.edits or review.disclosure.data(fix).sentence != form.get("sentence"):
            raise UsageError(
                "unknown_fix",
                "What mends it is no longer what it was.",
                seen=number[:20],
                remedy="Look for what made it fail again.",
            )
        reason = f"mends the job {identifier}: {fix.sentence}"
        return environment.change(vocabulary.parse_edits(list(fix.edits)), create=fix.create, reason=reason)

    return {"result": review.call(publish)}


END_JOB = Act("end-job", "execute", "job_answer.html", _end)
DIAGNOSE = Act("diagnose", None, "diagnosis.html", _diagnose)
MEND = Act("mend", "write", "mended.html", _mend)
