"""The processes: what is declared and what runs, phases, ports and restarts, with the log of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["PROCESSES"]

# What each phase means, and the sign that it has (`badge` of parts.html).
PHASES: Mapping[str, tuple[str, str]] = {
    "ready": ("ready", "ok"),
    "starting": ("starting, not ready yet", "run"),
    "waiting": ("waits for another process", "wait"),
    "stopping": ("stopping", "run"),
    "exited": ("ended by itself", "idle"),
    "stopped": ("stopped", "idle"),
    "not_started": ("not started", "idle"),
    "gave_up": ("gave up: it ended too often", "bad"),
}
_RUNS = ("ready", "starting", "waiting", "stopping")


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    """Return all of them; the log of the one that is asked for is open."""
    found, named = review.call(lambda environment: (environment.processes(), environment.named_processes()))
    places = {item.name: f"{item.file}{f':{item.line}' if item.line else ''}" for item in named}
    rows = [_row(item.name, item.phase, item.ports, item.restart_count, places) for item in found.processes]
    known = {row["name"] for row in rows}
    rows += [_row(item.name, "not_started", (), 0, places) for item in named if item.name not in known]
    last = {log.name: log for log in found.logs}
    return {"found": found, "rows": rows, "last": last, "asked": query.get("name", "")}


def _row(name: str, phase: str, ports: tuple[str, ...], restarts: int, places: Mapping[str, str]) -> dict[str, Any]:
    words, sign = PHASES.get(phase, (phase, "info"))
    runs = phase in _RUNS
    return {
        "name": name,
        "phase": phase,
        "words": words,
        "sign": sign,
        "runs": runs,
        "ports": [_port(item) for item in ports],
        "restarts": restarts,
        "place": places.get(name),
    }


def _port(written: str) -> dict[str, str]:
    name, _, number = written.rpartition(":")
    return {"name": name, "number": number}


PROCESSES = PageView("processes", "Processes", ("processes", "declaration"), "processes.html", _read, listed=True)
