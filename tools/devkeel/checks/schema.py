"""The `schema` rung: what the text of a declaration shows, in process, in milliseconds.

Each check is a module of its own and a row here; CONTRIBUTING.md has the recipe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.checks.conflicts import check_conflicts
from devkeel.checks.content_rules import check_rules
from devkeel.checks.heads import check_functions, check_heads
from devkeel.checks.input_needs import check_needed_inputs
from devkeel.checks.inputs import check_inputs
from devkeel.checks.modules import World
from devkeel.checks.options import check_options
from devkeel.checks.packages import check_packages
from devkeel.checks.passed_arguments import check_passed_arguments
from devkeel.checks.references import check_references
from devkeel.checks.requirements import check_requirements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devkeel.candidate.candidate import Candidate
    from devkeel.errors import Diagnostic

__all__ = ["check"]

# Each takes what is judged and the modules in it, and yields what it finds.
_CHECKS: tuple[Callable[[Candidate, World], Iterable[Diagnostic]], ...] = (
    check_heads,
    check_functions,
    check_options,
    check_conflicts,
    check_needed_inputs,
    check_packages,
    check_inputs,
    check_passed_arguments,
    check_references,
    check_rules,
    check_requirements,
)


def check(subject: Candidate) -> list[Diagnostic]:
    """Return what the checks of text say of a declaration."""
    world = World.of(subject)
    return [found for each in _CHECKS for found in each(subject, world)]
