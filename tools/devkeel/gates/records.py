"""What gates came to: a small record in `.devkeel`, the newest results of it. Reading it makes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.gates.figures import Figures  # noqa: TC001  (msgspec asks for it by its name)
from devkeel.gates.verdict import Verdict  # noqa: TC001  (as above)
from devkeel.state.series import RecordSeries

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GateHistory", "GateRecord", "history", "keep", "kept"]


class GateRecord(Struct, frozen=True):
    """A gate that was run. thresholds, percent: by name, None for what is not asked for, or not measured.

    figures: what the percentages are of. mode: as it was then. operation: id of the newest one then. revision: of the
    declaration, None where it changed meanwhile. environment: by its name. time: UTC, ISO 8601. seconds: of the
    command. token: of that operation, which stays its own where another has its number. taken_back: the operation that
    took back what made it fail. failing: the first of the tests that failed.
    """

    stage: str
    mode: str
    verdict: Verdict
    thresholds: dict[str, float | None]
    percent: dict[str, float | None]
    figures: Figures
    time: str
    seconds: float
    operation: int | None = None
    revision: str | None = None
    environment: str | None = None
    taken_back: int | None = None
    token: str | None = None
    failing: tuple[str, ...] = ()


class GateHistory(Struct, frozen=True):
    """The results that are kept, newest first."""

    results: tuple[GateRecord, ...]


_RUN = RecordSeries("gates", "results", GateRecord)


def kept(state: Path) -> list[GateRecord]:
    """Return the results that are kept, the oldest first; nothing where there are none of this user's."""
    return _RUN.kept(state)


def history(state: Path, limit: int) -> GateHistory:
    """Return the newest results, newest first."""
    return GateHistory(tuple(reversed(kept(state)))[:limit])


def keep(state: Path, record: GateRecord) -> None:
    """Keep a result beside the newest of the others. Raises StateError."""
    _RUN.keep(state, record)
