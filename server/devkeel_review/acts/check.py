"""Check: the ladder on the files as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import PolicyRefused
from devkeel_review.acts.act import Act
from devkeel_review.checked import revisions
from devkeel_review.views.checked import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["CHECK"]

# What reads text alone; what goes deeper evaluates, or builds.
_TEXT = frozenset({"syntax", "schema"})


def _do(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    level = form.get("level") or None
    if level not in _TEXT and "execute" not in review.may:
        raise PolicyRefused(
            "not_offered",
            "The page was started without --execute, and this check evaluates.",
            seen=level,
            remedy="Check the text alone, or start the page with --execute.",
        )
    with review.environment() as environment:
        before = revisions(environment)
        report = environment.check(level=level)
        same = before == revisions(environment)
    review.checked.keep(before if same else None, review.disclosure.data(report))
    return shown(review)


CHECK = Act("check", None, "checked.html", _do)
