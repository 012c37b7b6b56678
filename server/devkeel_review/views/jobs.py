"""The jobs: what runs and what ran, in this process and in others, each with its log and what came of it."""

from __future__ import annotations

import os
import re
import socket
from datetime import datetime
from typing import TYPE_CHECKING, Any

from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["JOB", "JOBS", "JOB_ANSWER", "shown"]

# The sign of each state (`badge` of parts.html).
_SIGNS: Mapping[str, str] = {"running": "run", "succeeded": "ok", "failed": "bad", "cancelled": "idle"}
# As `devkeel.nix_cli.progress` says it at the end of a sentence.
_STEPS = re.compile(r"\((?P<begun>\d+) of (?P<whole>\d+)\)$")


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001  (one view, one address)
    rows = [_row(item) for item in review.call(lambda environment: environment.jobs(noted=True)).jobs]
    return {
        "running": [row for row in rows if row["state"] == "running"],
        "ended": [row for row in rows if row["state"] != "running"],
    }


def _read_one(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    return shown(review, query.get("id", ""))


def shown(review: Review, identifier: str) -> dict[str, Any]:
    """Return a job as its fragment shows it; its log is followed beside it. Raises UsageError `unknown_job`."""
    found, every = review.call(lambda environment: (environment.job(identifier), environment.jobs(noted=True)))
    listed: Mapping[str, Any] = next((item for item in every.jobs if item["id"] == identifier), {})
    facts = {name: getattr(found, name) for name in ("id", "kind", "title", "state", "started", "ended", "progress")}
    more = {name: listed.get(name) for name in ("owner", "verdict")}
    row = _row({**facts, "survivors": found.survivors, **more})
    return {"row": row, "job": found, "causes": _causes(found.error, found.result), "own": False}


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    owner = item.get("owner") or {}
    here = not owner or (owner.get("pid") == os.getpid() and owner.get("host") == socket.gethostname())
    elsewhere = "" if owner.get("host") in (None, socket.gethostname()) else f" on {owner['host']}"
    item = {"progress": None, "ended": None, "verdict": None, **item}  # plain data leaves out what there is not
    return {
        **item,
        "sign": _SIGNS.get(item["state"], "info"),
        "steps": _steps(item["state"], item["progress"]),
        "seconds": _seconds(item["started"], item["ended"]),
        "who": "this page" if here else f"process {owner.get('pid')}{elsewhere}",
    }


def _seconds(started: str, ended: str | None) -> float | None:
    """Return how long it took; None where it runs, or a record has no times."""
    if ended is None:
        return None
    try:
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return None


def _causes(error: Mapping[str, Any] | None, result: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401  (of any job)
    """Return the causes that were found when it failed, as they stand in its error or its result."""
    beside = (error or {}).get("details", result)
    found = beside.get("causes") if isinstance(beside, dict) else None
    return [item for item in found or () if isinstance(item, dict)]


def _steps(state: str, progress: str | None) -> tuple[int, int] | None:
    """Return how many of how many steps a running job has begun, where it says both."""
    found = _STEPS.search(progress or "")
    return (int(found["begun"]), int(found["whole"])) if found is not None and state == "running" else None


JOBS = PageView("jobs", "Jobs", ("jobs",), "jobs.html", _read, listed=True)
JOB = PageView("job", "Job", ("jobs",), "job.html", _read_one)
# What an act answers with, which goes on following the job that it began.
JOB_ANSWER = PageView("job-answer", "Job", ("jobs",), "job_answer.html", _read_one)
