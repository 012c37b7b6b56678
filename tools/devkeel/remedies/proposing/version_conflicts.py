"""Versions of Python libraries that do not go together: the bound that is known, else a search for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from devkeel.libraries.declared import PYTHON
from devkeel.libraries.manifests import conda_file, pyproject
from devkeel.libraries.manifests.requirement import canonicalize_name, tolerant, written
from devkeel.libraries.manifests.requirements_file import requirements_in
from devkeel.remedies.fix import Fix
from devkeel.remedies.repairing.series import above, bounded
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the bound that the text or a known change gives, then the search that tries what it finds."""
    manifests = [name for name in (*PYTHON, *conda_file.NAMES) if situation.read(name) is not None]
    if not manifests:
        return
    wanted = _wanted(cause)
    declared = _declared(situation, manifests).get(canonicalize_name(wanted.name)) if wanted is not None else None
    if wanted is not None and _may_be_written(declared, wanted, cause):
        text = _amended(declared, wanted)
        edit: dict[str, Any] = {"kind": "add_library", "language": "python", "names": [text]}
        searched = f"It was not installed and imported: {do('repair_libraries')} does that."
        yield Fix(f"Declares {text}.", (edit,), uncertain=searched)
    if any(name in PYTHON for name in manifests):
        yield Fix(
            "Searches for the smallest change of requirements with which all of it resolves and imports.",
            call=do("repair_libraries"),
        )


def _wanted(cause: Cause) -> Requirement | None:
    """Return the requirement that a cause gives, as what PEP 508 takes for one."""
    text = cause.facts.get("requirement", "")
    if "newest" in cause.facts:
        text = f"{cause.subject}<{above(cause.facts['newest'])}"
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return None
    found.extras = set()
    epochs = any("!" in item.version for item in found.specifier)
    return found if found.url is None and found.marker is None and not epochs else None


def _may_be_written(declared: Requirement | None, wanted: Requirement, cause: Cause) -> bool:
    """Return whether a bound may be declared: of a distribution that the project names, and with what it says of it.

    A bound of the own table may be declared of a distribution that another one brings, too: no text says it. What is
    declared as one version stays: the search says which one goes.
    """
    if declared is None:
        return cause.said_by.startswith("break.") or "newest" in cause.facts
    return _go_together(declared.specifier, wanted.specifier)


def _go_together(one: SpecifierSet, other: SpecifierSet) -> bool:
    """Return whether a version meets both: one of those that they name, one after one of these, or the first of all."""
    named = [item.version.removesuffix(".*") for item in (*one, *other)]
    both = one & other
    return any(both.contains(version, prereleases=True) for name in named for version in (name, f"{name}.1", "0"))


def _declared(situation: Situation, manifests: list[str]) -> dict[str, Requirement]:
    """Return what the project declares itself, by normalised name."""
    found = dict[str, Requirement]()
    for name in manifests:
        data = situation.read(name) or b""
        try:
            texts = pyproject.requirements_of(data) if name.endswith(".toml") else requirements_in(data)
        except ValueError:
            continue
        for item in map(tolerant, texts if name in PYTHON else ()):
            if item is not None:
                found.setdefault(canonicalize_name(item.name), item)
    return found


def _amended(declared: Requirement | None, wanted: Requirement) -> str:
    """Return a requirement with what a declared one says that goes with it."""
    bounds = [*wanted.specifier]
    if declared is not None and len(bounds) == 1 and bounds[0].operator == "<":
        return bounded(declared, wanted.name, bounds[0].version)
    if declared is not None:
        low = any(item.operator in _LEAST for item in bounds)
        kept = [str(item) for item in declared.specifier if not (low and item.operator in _LEAST)]
        wanted.specifier = SpecifierSet(",".join([*kept, *map(str, bounds)]))
        wanted.marker = declared.marker
    return written(wanted)


_LEAST = frozenset({">=", ">"})
