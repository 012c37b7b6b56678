"""What is wrong with the lock of a backend whose lock no rung of the ladder judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from devkeel.errors import Diagnostic, Place

if TYPE_CHECKING:
    from devkeel.context import Context

__all__ = ["lock_findings"]


def lock_findings(context: Context) -> tuple[Diagnostic, ...]:
    """Return that the lock of the project's backend is stale, or missing, where that is so."""
    status = context.active().lock_status(context.project)
    if status.state not in ("stale", "missing") or status.file is None:
        return ()
    message = f"{status.file} is {status.state}" + (f": {status.reason}" if status.reason else "")
    code = "lock_stale" if status.state == "stale" else "lock_missing"
    severity: Literal["info", "warning"] = "warning" if status.state == "stale" else "info"
    return (Diagnostic(code, severity, message, "lock", Place(status.file)),)
