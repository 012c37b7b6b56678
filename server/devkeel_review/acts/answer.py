"""Answer: what a person says to what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel_review.acts.act import Act

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["ANSWER"]

_ANSWERS = {"yes": True, "no": False}


def _do(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    said = _ANSWERS.get(form.get("answer", ""))
    if said is None:
        raise UsageError(
            "bad_answer",
            "An answer is yes or no.",
            seen=form.get("answer", "")[:80],
            remedy="Press one of the two buttons.",
        )
    identifier, seen = form.get("id", ""), form.get("seen", "")
    return {"item": review.call(lambda environment: environment.answer_proposal(identifier, agrees=said, seen=seen))}


ANSWER = Act("answer", "write", "answered.html", _do)
