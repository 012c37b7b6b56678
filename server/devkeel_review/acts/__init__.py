"""The acts of the page: a row each."""

from __future__ import annotations

from devkeel_review.acts.act import Act
from devkeel_review.acts.answer import ANSWER
from devkeel_review.acts.apply import APPLY
from devkeel_review.acts.check import CHECK
from devkeel_review.acts.jobs import DIAGNOSE, END_JOB, MEND
from devkeel_review.acts.processes import MANAGE
from devkeel_review.acts.undo import PREVIEW, REDO, RESTORE, UNDO

__all__ = ["ACTS", "Act"]

ACTS: dict[str, Act] = {
    act.name: act
    for act in (
        PREVIEW,
        UNDO,
        REDO,
        RESTORE,
        CHECK,
        APPLY,
        ANSWER,
        MANAGE,
        END_JOB,
        DIAGNOSE,
        MEND,
    )
}
