"""The views of the page: a row each, the first one is what it begins with."""

from __future__ import annotations

from devkeel_review.views.checked import CHECKED
from devkeel_review.views.course import COURSE
from devkeel_review.views.frame import FRAME
from devkeel_review.views.gates import GATES
from devkeel_review.views.history import HISTORY
from devkeel_review.views.history import PART as HISTORY_PART
from devkeel_review.views.jobs import JOB, JOB_ANSWER, JOBS
from devkeel_review.views.locks import LOCKS
from devkeel_review.views.now import NOW
from devkeel_review.views.operation import OPERATION, WORKING
from devkeel_review.views.processes import PROCESSES
from devkeel_review.views.proposals import ASKED, PROPOSALS, WAITING
from devkeel_review.views.view import PageView

__all__ = ["VIEWS", "PageView"]

# The order is that of the navigation.
VIEWS: dict[str, PageView] = {
    view.name: view
    for view in (
        NOW,
        CHECKED,
        HISTORY,
        HISTORY_PART,
        OPERATION,
        WORKING,
        PROCESSES,
        JOBS,
        JOB,
        JOB_ANSWER,
        PROPOSALS,
        ASKED,
        WAITING,
        FRAME,
        LOCKS,
        GATES,
        COURSE,
    )
}
