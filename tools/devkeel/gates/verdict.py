"""Whether a gate passes: figures by the thresholds of a stage, beside how the command ended."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from devkeel.gates.figures import Figures
    from devkeel.project.gates import GateStage

__all__ = ["Doubts", "Ending", "StageVerdict", "Verdict", "judged", "percentages", "shares", "worse"]

Verdict = Literal["passed", "failed", "not_measured"]
_OF = {"coverage": "of the code ran", "passed": "of the tests passed"}


class StageVerdict(Struct, frozen=True):
    """A verdict, and each of its reasons as a sentence."""

    verdict: Verdict
    reasons: tuple[str, ...]


class Ending(Struct, frozen=True):
    """How the command ended. exit_code: None where it did not start, or not end."""

    exit_code: int | None
    started: bool = True


class Doubts(Struct, frozen=True):
    """What reports that are not believed would have said.

    names: the thresholds that they are about. untold: whether one of them is what this run wrote of its tests, so that
    why the command failed is not known.
    """

    names: frozenset[str] = frozenset()
    untold: bool = False


def shares(figures: Figures) -> dict[str, Fraction | None]:
    """Return the figures that thresholds are about, exactly; None for what is not measured."""
    lines, tests = figures.lines, figures.tests
    return {
        "coverage": Fraction(lines.covered, lines.total) if lines is not None and lines.total else None,
        "passed": Fraction(tests.passed, tests.ran) if tests is not None and tests.ran else None,
    }


def percentages(figures: Figures) -> dict[str, float | None]:
    """Return the figures in percent, as answers have them: cut behind the second digit, so that 99.999 is not 100."""
    return {name: None if share is None else int(share * 10_000) / 100 for name, share in shares(figures).items()}


def judged(stage: GateStage, figures: Figures, ending: Ending | None, doubts: Doubts) -> StageVerdict:
    """Return whether a stage's thresholds are met.

    figures: of the reports that are believed. ending: of the command, None where it was not to run. A report that is
    not believed is no reason to pass, and hides no failure that the others have.
    """
    if ending is not None and ending.exit_code is None:
        what = "did not come to its end" if ending.started else "was not started"
        return StageVerdict("not_measured", (f"The command {what}, so that nothing was measured.",))
    found, told = shares(figures), percentages(figures)
    below, missing, met = list[str](), list[str](), list[str]()
    for name in ("coverage", "passed"):
        wanted: float | None = getattr(stage, name)
        share = found[name]
        if wanted is None:
            continue
        if share is None:
            missing.append(f"{_NAMES[name]} was not measured.")
        elif share * 100 < Fraction(str(wanted)):
            below.append(f"{told[name]:g}% {_OF[name]}, and {stage.name} asks for {wanted:g}%.")
        elif name in doubts.names:
            missing.append(f"{_NAMES[name]} was not measured as a whole.")
        else:
            met.append(f"{told[name]:g}% {_OF[name]}; {stage.name} asks for {wanted:g}%.")
    below += _ending(figures, ending.exit_code if ending else None, untold=doubts.untold)
    doubted = ["A report was not believed."] if doubts.names else []
    if below:
        return StageVerdict("failed", (*below, *missing, *doubted))
    if missing or doubted:
        return StageVerdict("not_measured", (*missing, *doubted, *met))
    return StageVerdict("passed", tuple(met))


_NAMES = {"coverage": "The coverage", "passed": "The share of tests that pass"}


def _ending(figures: Figures, exit_code: int | None, *, untold: bool) -> list[str]:
    """Return what the command's end says that its reports do not: it failed, and no test did; or it was killed."""
    if not exit_code:
        return []
    if exit_code < 0:
        return [f"The command was ended by signal {-exit_code}."]
    tests = figures.tests
    if untold or (tests is not None and tests.failed):
        return []
    of = "its reports have no test that failed" if tests is not None else "no report says why"
    return [f"The command failed with exit code {exit_code}, and {of}."]


def worse(now: Figures, before: Figures) -> tuple[str, ...]:
    """Return which figures are below those of before; by nothing more, and exactly."""
    new, old = shares(now), shares(before)
    told, known = percentages(now), percentages(before)
    found = list[str]()
    for name, share in new.items():
        was = old[name]
        if share is not None and was is not None and share < was:
            found.append(f"{told[name]:g}% {_OF[name]}; it was {known[name]:g}%.")
    return tuple(found)
