"""Relaxing requirements that do not go together: the fewest of them that change, each to the nearest version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.remedies.repairing.declared import asked_for, merged
from devkeel.remedies.repairing.series import distance, release, respecified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from devkeel.libraries.manifests.requirement import Requirement
    from devkeel.remedies.repairing.trials import Edits, Outcome, Trials

__all__ = ["Relaxed", "relaxed"]

_OFFERED = 3
_LOOKED = 12  # requirements that are relaxed
_PINNING = ("==", "===", "~=", "<=", "<")


class Relaxed(Struct, frozen=True):
    """Requirements that were changed so that all resolve and import. changed: each as it was, and as it is."""

    edits: Edits
    changed: Mapping[str, str]
    outcome: Outcome


class _Move(Struct, frozen=True):
    """A declared requirement with a version at which all resolve."""

    key: str
    old: Requirement
    version: str

    @property
    def new(self) -> str:
        return respecified(self.old, self.version)

    def cost(self, asked: frozenset[str]) -> tuple[int, int, int, int]:
        """Return how great a change it is: what the caller asks for itself is the last to change."""
        major, down, minor = distance(_version_of(self.old), self.version)
        return int(self.key in asked), major, down, minor


def relaxed(trials: Trials, reason: str, allowed: frozenset[str], only: Sequence[str] = ()) -> Iterator[Relaxed]:
    """Yield changes of requirements with which all resolve and import, the smallest first. Raises Spent.

    reason: what the resolver says. allowed: what may stay broken. only: the requirements that may change, all without.
    """
    declared = trials.declared()
    asked = asked_for(trials.given)
    pinned = {key: item for key, item in declared.items() if item.specifier and (not only or key in only)}
    # A resolver names all that a conflict is made of: the rest does not stand in the way.
    named = [key for key in pinned if _is_named(key, reason)] or [*pinned]
    ordered = sorted(named, key=lambda key: key in asked)[:_LOOKED]
    moves = [move for key in ordered if (move := _single(trials, key, pinned[key])) is not None]
    found = 0
    for move in sorted(moves, key=lambda item: item.cost(asked)):
        made = _tried(trials, (move,), allowed)
        if made is not None:
            yield made
            trials.hurry()
            found += 1
        if found >= _OFFERED:
            return
    if not found and len(ordered) > 1 and not only:
        several = _several(trials, ordered, pinned)
        made = _tried(trials, several, allowed) if several else None
        if made is not None:
            yield made


def _is_named(key: str, reason: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", reason.lower().replace("_", "-")) is not None


def _version_of(requirement: Requirement) -> str:
    """Return the version that a requirement is about: the one that it pins, else its bound."""
    ordered = sorted(requirement.specifier, key=lambda item: item.operator not in _PINNING)
    return ordered[0].version.removesuffix(".*") if ordered else "0"


def _forms(requirement: Requirement) -> Iterator[str]:
    """Yield what a requirement may become: newer in its major, older, newer than that."""
    version, name = _version_of(requirement), _name(requirement)
    pins = any(item.operator in _PINNING for item in requirement.specifier)
    if pins:
        yield f"{name}>={version},<{release(version)[0] + 1}"
    yield f"{name}<{version}"
    if pins:
        yield f"{name}>={version}"


def _name(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}"


def _single(trials: Trials, key: str, requirement: Requirement) -> _Move | None:
    """Return the nearest version of one library at which all resolve."""
    found = (trials.versions((trials.edit((form,)),)) for form in _forms(requirement))
    moves = [_Move(key, requirement, item.held[key]) for item in found if item is not None and key in item.held]
    return min(moves, key=lambda move: move.cost(frozenset()), default=None)


def _several(trials: Trials, ordered: Sequence[str], pinned: Mapping[str, Requirement]) -> tuple[_Move, ...]:
    """Return the fewest requirements that have to change together, each at the version that it comes to."""
    free = {key: f"{_name(pinned[key])}>=0" for key in ordered}
    if trials.versions((trials.edit((*free.values(),)),)) is None:
        return ()
    for key in reversed(ordered):
        fewer = {name: form for name, form in free.items() if name != key}
        if fewer and trials.versions((trials.edit((*fewer.values(),)),)) is not None:
            free = fewer
    found = trials.versions((trials.edit((*free.values(),)),))
    held = found.held if found is not None else {}
    return tuple(_Move(key, pinned[key], held[key]) for key in free if key in held)


def _tried(trials: Trials, moves: Sequence[_Move], allowed: frozenset[str]) -> Relaxed | None:
    edit = trials.edit([move.new for move in moves])
    outcome = trials.outcome((edit,))
    if not outcome.resolved or outcome.broken.keys() - allowed:
        return None
    return Relaxed(merged(trials.given, edit), {str(move.old): move.new for move in moves}, outcome)
