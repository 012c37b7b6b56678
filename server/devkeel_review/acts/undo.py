"""Undo: an operation is taken back as a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel_review.acts.act import Act

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["UNDO"]


def _do(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    number = form.get("operation", "")
    operation = int(number) if number.isdigit() else None
    reason, revision = form.get("reason") or None, form.get("revision") or None
    return {
        "result": review.call(
            lambda environment: environment.undo(operation, reason=reason, expected_revision=revision, agreed=True)
        )
    }


UNDO = Act("undo", "write", "undone.html", _do)
