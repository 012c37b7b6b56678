"""What reports say, as plain data: cases of tests, lines or statements that ran; those of one run are added up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Case", "Counts", "Figures", "Lines", "TestReport", "Unit", "added_up", "join", "without_places"]

Outcome = Literal["passed", "failed", "skipped"]
# What a test came to that two reports have: one of them failing is enough.
_COVERED, _MISSING = "#covered", "#missing"
_WEIGHT: dict[Outcome, int] = {"skipped": 0, "passed": 1, "failed": 2}


class Case(NamedTuple):
    """A test that ran, or was skipped. suite: what holds it, as its report names that."""

    suite: str
    name: str
    outcome: Outcome

    @property
    def title(self) -> str:
        """What names it to a person: what holds it most closely, and its own name."""
        held, _, rest = self.suite.partition("\0")
        return " ".join(part for part in (rest.partition("\0")[0] or held, self.name) if part)


class Unit(NamedTuple):
    """A line, or a block of statements. weight: how many of these."""

    weight: int
    covered: bool


class TestReport(Struct, frozen=True):
    """What one report says, and adds up to.

    cases: None where the format has none. coverage: units by their place, by file; None where the format has none.
    written: the latest moment, in seconds of the epoch, at which it says that it was made; None where it says nothing.
    shares: percentages that the tests said of their packages, which the coverage of another report has to have.
    """

    format: str
    cases: tuple[Case, ...] | None = None
    coverage: Mapping[str, Mapping[str, Unit]] | None = None
    written: float | None = None
    shares: Mapping[str, float] = {}
    notes: tuple[str, ...] = ()


class Counts(Struct, frozen=True):
    """How many tests passed, failed, and were skipped, which is neither."""

    passed: int
    failed: int
    skipped: int

    @property
    def ran(self) -> int:
        """How many passed or failed."""
        return self.passed + self.failed


class Lines(Struct, frozen=True):
    """How many lines (or statements, as the report counts) there are, and how many of them ran."""

    covered: int
    total: int


class Figures(Struct, frozen=True):
    """What a run comes to. None where no report says it, or says it of nothing."""

    tests: Counts | None = None
    lines: Lines | None = None


def added_up(reports: Sequence[TestReport]) -> Figures:
    """Return what reports of one run come to together; what several of them have is counted once."""
    return Figures(_tests(reports), _lines(reports))


def _tests(reports: Sequence[TestReport]) -> Counts | None:
    # A test that has its name twice in one report is two tests; in two reports it is the same one.
    by_format: dict[str, dict[tuple[str, str, int], Outcome]] = {}
    for report in reports:
        if report.cases is None:
            continue
        found, seen = by_format.setdefault(report.format, {}), Counter[tuple[str, str]]()
        for suite, name, outcome in report.cases:
            key = (suite, name, seen[suite, name])
            seen[suite, name] += 1
            before = found.get(key)
            if before is None or _WEIGHT[outcome] > _WEIGHT[before]:
                found[key] = outcome
    counted = _distinct(by_format.values())
    passed, failed, skipped = (counted[outcome] for outcome in ("passed", "failed", "skipped"))
    return Counts(passed, failed, skipped) if passed + failed else None


def _distinct(formats: Iterable[Mapping[tuple[str, str, int], Outcome]]) -> Counter[Outcome]:
    """Return how many tests of each outcome there are.

    Formats name what holds a test each in its own way: one whose tests are all in another, by name and outcome, is
    the same tests once more.
    """
    kept: list[Counter[tuple[str, Outcome]]] = []
    for found in sorted(formats, key=len, reverse=True):
        named = Counter((name, outcome) for (_, name, _), outcome in found.items())
        if named and not any(named <= other for other in kept):
            kept.append(named)
    total = Counter[Outcome]()
    for named in kept:
        for (_, outcome), number in named.items():
            total[outcome] += number
    return total


def without_places(covered: int, total: int) -> dict[str, Unit]:
    """Return the units of a file of which a report says how many there are, and not which."""
    return {_COVERED: Unit(covered, covered=True), _MISSING: Unit(total - covered, covered=False)}


def join(known: dict[str, Unit], units: Mapping[str, Unit]) -> None:
    """Add units of a file to those that are known of it: what both have counts once, and ran where it ran in one.

    Lines and statements of one file are not added, nor figures without places: what comes first says it.
    """
    if known and (_kind(known) != _kind(units) or _kind(units) == "figures"):
        return
    for place, unit in units.items():
        before = known.get(place)
        known[place] = unit if before is None else Unit(unit.weight, unit.covered or before.covered)


def _kind(units: Mapping[str, Unit]) -> str:
    """Return what the units of a file are: lines, blocks of statements, or figures without places."""
    if _COVERED in units:
        return "figures"
    return "blocks" if any("," in place for place in units) else "lines"


def _lines(reports: Sequence[TestReport]) -> Lines | None:
    files: dict[str, dict[str, Unit]] = {}
    for report in reports:
        for name, units in (report.coverage or {}).items():
            join(files.setdefault(name, {}), units)
    every = [unit for units in files.values() for unit in units.values()]
    total = sum(unit.weight for unit in every)
    return Lines(sum(unit.weight for unit in every if unit.covered), total) if total else None
