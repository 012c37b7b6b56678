"""Which rungs run, in which order, and what they say together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.checks import nix_parse, schema, syntax
from devkeel.errors import Diagnostic, Unavailable, UsageError
from devkeel.results import CheckReport, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.checks.subject import Subject

__all__ = ["LEVELS", "added_errors", "available_levels", "run_checks"]

LEVELS = ("syntax", "schema", "evaluation", "build")
_RUNGS: dict[str, Callable[[Subject], list[Diagnostic]]] = {"syntax": syntax.check, "schema": schema.check}
_MISSING = "this version of devkeel does not check it"


def available_levels() -> tuple[str, ...]:
    """Return the rungs that can run on this machine."""
    return tuple(level for level in LEVELS if level in _RUNGS)


def run_checks(subject: Subject, *, level: str | None = None, second_opinion: bool = False) -> CheckReport:
    """Judge a candidate.

    level: the deepest rung to run; None means the deepest up to evaluation that this machine has. Raises
    UsageError `unknown_level`, or Unavailable `check_unavailable` for a level that was asked for and cannot run.
    second_opinion: ask Nix to parse too; where it disagrees, that is a diagnostic.
    """
    if level is not None and level not in LEVELS:
        raise UsageError(
            "unknown_level",
            f"There is no check level {level!r}.",
            seen=level,
            remedy="Use one of the levels.",
            alternatives=LEVELS,
        )
    wanted = LEVELS[: LEVELS.index(level or "evaluation") + 1]
    if level is not None and level not in _RUNGS:
        raise Unavailable(
            "check_unavailable",
            f"The level {level} cannot run: {_MISSING}.",
            seen=level,
            remedy="Ask for a level that can run, or leave the level out.",
            alternatives=available_levels(),
        )
    ran, skipped, found = [], [], list[Diagnostic]()
    for rung in LEVELS:
        if rung in wanted and rung in _RUNGS:
            ran.append(rung)
            found += _RUNGS[rung](subject)
        else:
            skipped.append(Skipped(rung, _MISSING if rung not in _RUNGS else "a lower level was asked for"))
    if second_opinion:
        found += nix_parse.check(subject)
        ran.append("nix-parse")
    ok = not any(item.severity == "error" for item in found)
    return CheckReport(ok, tuple(ran), tuple(skipped), tuple(found))


def added_errors(before: CheckReport, after: CheckReport) -> list[Diagnostic]:
    """Return the errors of a candidate that were not there before; lines may have moved."""
    known = [_identity(item) for item in before.diagnostics]
    added = []
    for item in after.diagnostics:
        if item.severity != "error":
            continue
        if _identity(item) in known:
            known.remove(_identity(item))
        else:
            added.append(item)
    return added


def _identity(item: Diagnostic) -> tuple[str, str, str | None]:
    return item.code, item.message, item.place.file if item.place else None
