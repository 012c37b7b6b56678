"""What the checks of an operation said and took, as its report kept it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.transaction import Operation

__all__ = ["KeptChecks", "checked"]


class KeptChecks(Struct, frozen=True):
    """The checks of one operation.

    ran: the levels that ran. ok: whether they found no error, None where nothing is kept of that. seconds: of all, None
    where that is not kept; rungs: of each that ran.
    """

    ran: tuple[str, ...]
    ok: bool | None
    seconds: float | None
    rungs: dict[str, float]


def checked(operation: Operation) -> KeptChecks:
    """Return what is kept; what makes no sense is not there."""
    report = operation.report
    ran, ok = report.get("ran"), report.get("ok")
    levels = tuple(str(name) for name in ran) if isinstance(ran, list) else ()
    taken = _seconds(report.get("seconds"))
    # One that could not run took its time too, to find that out.
    rungs = {name: seconds for name, seconds in taken.items() if name in levels}
    return KeptChecks(levels, ok if isinstance(ok, bool) else None, taken.get("total"), rungs)


def _seconds(found: object) -> Mapping[str, float]:
    items = found.items() if isinstance(found, dict) else ()
    return {
        str(name): float(value)
        for name, value in items
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
