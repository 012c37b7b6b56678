"""Holding libraries back: which of them is newer than what a broken one was made for, and the widest bound that helps.

A release works with what there was when it was published. So what it resolved to at that time says which libraries are
newer now than they were, and a version of each that worked; the bound that is offered lies as high as imports allow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.libraries.manifests.requirement import canonicalize_name
from devkeel.remedies.repairing.series import above, below, bounded, distance, halfway, minor, release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from devkeel.libraries.manifests.requirement import Requirement
    from devkeel.libraries.resolve.dated import DatedVersions
    from devkeel.remedies.repairing.trials import Outcome, Trials

__all__ = ["HeldBack", "held_back"]

_ROUNDS = 6  # libraries that one after the other are in the way
_STEPS = 3  # from the newest series down, before what is known to have worked
_SUSPECTS = 5
_LACKS = "No module named"
# What an exception says that a module of another library does not have, or has of another size.
_NAMED = re.compile(
    r"(?P<size>[\w.]+) size changed|from '(?P<source>[\w.]+)'|module '(?P<module>[\w.]+)' has no attribute"
    r"|No module named '(?P<missing>[\w.]+)'|^[A-Za-z]\w*: (?P<first>[\w.]+) failed to import|using (?P<used>NumPy) \d"
)
# Modules that are imported by another name than their distribution's.
_DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "pil": "pillow",
    "sklearn": "scikit-learn",
    "google.protobuf": "protobuf",
    "attr": "attrs",
    "pkg_resources": "setuptools",
    "openssl": "pyopenssl",
    "dateutil": "python-dateutil",
}


class HeldBack(Struct, frozen=True):
    """Requirements with bounds by which a library imports again, by normalised name.

    outcome: of the trial; where the library is still broken there, it is for another reason, which names another
    library.
    """

    requirements: Mapping[str, str]
    outcome: Outcome


class _Suspect(Struct, frozen=True):
    """A library that may be too new.

    now: its version; then: one that was there when the other was published. named: whether the exception names it.
    """

    name: str
    now: str
    then: str | None
    named: bool


def held_back(
    trials: Trials, base: Mapping[str, str], broken: tuple[str, str], allowed: frozenset[str]
) -> HeldBack | None:
    """Return the least that is held back for a library to import; None where that does not help. Raises Spent.

    base: requirements that are changed already. broken: the library, and what its import says. allowed: what may stay
    broken.
    """
    name, why = broken
    for _ in range(_ROUNDS):
        found = _round(trials, base, (name, why), allowed)
        if found is None:
            return None
        if name not in found.outcome.broken:
            return found
        base = found.requirements
        why = found.outcome.broken[name]
    return None


def _round(
    trials: Trials, base: Mapping[str, str], broken: tuple[str, str], allowed: frozenset[str]
) -> HeldBack | None:
    """Return what lets a library import, or lets it come to another reason."""
    given = (trials.edit([*base.values()]),) if base else ()
    now = trials.versions(given)
    if now is None or broken[0] not in now.held:
        return None
    lacking = [item for item in _distributions(broken[1]) if item not in now.held] if _LACKS in broken[1] else []
    search = _BoundSearch(trials, base, broken, trials.declared(given), allowed)
    for name in lacking:
        found = search.added(name, now.dates.get(broken[0]))
        if found is not None:
            return found
    suspects = [*_suspects(trials, now, *broken)][:_SUSPECTS]
    for suspect in suspects:
        found = search.one(suspect)
        if found is not None:
            return found
    dated = [item for item in suspects if item.then is not None]
    return search.all_of(dated) if len(dated) > 1 else None


def _suspects(trials: Trials, now: DatedVersions, name: str, why: str) -> Iterator[_Suspect]:
    """Yield what may be too new: what the exception names first, then what has moved furthest."""
    date, named = now.dates.get(name), [item for item in _distributions(why) if item in now.held and item != name]
    then = trials.then(f"{name}=={now.held[name]}", date) if date is not None else None
    known = then.held if then is not None else {}
    yield from (_Suspect(item, now.held[item], known.get(item), True) for item in named)
    newer = [
        _Suspect(item, now.held[item], known[item], False)
        for item in known
        if item not in (*named, name) and item in now.held and release(known[item]) < release(now.held[item])
    ]
    yield from sorted(newer, key=lambda item: distance(item.now, item.then or item.now), reverse=True)


def _distributions(why: str) -> tuple[str, ...]:
    """Return the distributions whose modules an exception names."""
    modules = [next(part for part in found.groups() if part) for found in _NAMED.finditer(why)]
    names = dict[str, None]()
    for module in map(str.lower, modules):
        first = ".".join(module.split(".")[:2])
        known = _DISTRIBUTIONS.get(first) or _DISTRIBUTIONS.get(module.split(".")[0])
        names[known or canonicalize_name(module.split(".")[0])] = None
    return tuple(names)


class _BoundSearch(Struct, frozen=True):
    """One round of a search. broken: the library that is to import, and what its import says."""

    trials: Trials
    base: Mapping[str, str]
    broken: tuple[str, str]
    declared: Mapping[str, Requirement]
    allowed: frozenset[str]

    def added(self, name: str, date: datetime | None) -> HeldBack | None:
        """Return what lets the other import by a library that it needs and does not ask for.

        date: when the other was published, None where that is not known.
        """
        requirements = {**self.base, name: name}
        found = self.trials.versions((self.trials.edit([*requirements.values()]),))
        if found is None or name not in found.held:
            return None
        then = self.trials.then(name, date) if date is not None else None
        suspect = _Suspect(name, found.held[name], then.held.get(name) if then is not None else None, True)
        return self._made([suspect], requirements) or self.one(suspect)

    def one(self, suspect: _Suspect) -> HeldBack | None:
        """Return the widest bound of one library with which the other imports."""
        fails, bound = suspect.now, below(suspect.now, suspect.then)
        for step in range(_STEPS):
            version = self._version(suspect.name, bound)
            if version is None or release(version) >= release(fails):
                break
            found = self._tried([suspect], {suspect.name: bound})
            if found is not None:
                return self._wider(suspect, found, version, fails) if step else found
            fails, bound = version, below(version, suspect.then)
            if suspect.then is not None and release(version) <= release(suspect.then):
                return None
        return self._between(suspect, fails)

    def _wider(self, suspect: _Suspect, found: HeldBack, works: str, fails: str) -> HeldBack:
        """Return the same with the bound moved up to the minor series that fails, where that works too."""
        bound = minor(fails)
        version = self._version(suspect.name, bound)
        if version is None or not release(works) < release(version) < release(fails):
            return found
        return self._tried([suspect], {suspect.name: bound}) or found

    def _between(self, suspect: _Suspect, fails: str) -> HeldBack | None:
        """Return the widest bound between what worked at the time and what is known to fail."""
        if suspect.then is None or release(suspect.then) >= release(fails):
            return None
        works, best = suspect.then, self._tried([suspect], {suspect.name: above(suspect.then)})
        while best is not None and (bound := halfway(works, fails)) is not None:
            version = self._version(suspect.name, bound)
            if version is None or not release(works) < release(version) < release(fails):
                break
            found = self._tried([suspect], {suspect.name: bound})
            best, works, fails = (best, works, version) if found is None else (found, version, fails)
        return best

    def all_of(self, suspects: list[_Suspect]) -> HeldBack | None:
        """Return the fewest of several libraries that have to be held back together."""
        wanted = {item.name: above(item.then or item.now) for item in suspects}
        best = self._tried(suspects, wanted)
        for name in [*wanted] if best is not None else ():
            fewer = {key: value for key, value in wanted.items() if key != name}
            found = self._tried(suspects, fewer) if fewer else None
            if found is not None:
                best, wanted = found, fewer
        return best

    def _requirements(self, bounds: Mapping[str, str]) -> dict[str, str]:
        return {**self.base, **{name: bounded(self.declared.get(name), name, bound) for name, bound in bounds.items()}}

    def _version(self, name: str, bound: str) -> str | None:
        found = self.trials.versions((self.trials.edit([*self._requirements({name: bound}).values()]),))
        return found.held.get(name) if found is not None else None

    def _tried(self, suspects: list[_Suspect], bounds: Mapping[str, str]) -> HeldBack | None:
        return self._made(suspects, self._requirements(bounds))

    def _made(self, suspects: list[_Suspect], requirements: Mapping[str, str]) -> HeldBack | None:
        """Return what comes of requirements, where that is better than before."""
        outcome = self.trials.outcome((self.trials.edit([*requirements.values()]),))
        after = outcome.broken.get(self.broken[0])
        # What is held back is imported by itself as well, and fails as what is made of it does.
        others = {name for name, why in outcome.broken.items() if name not in self.allowed and why != after}
        if not outcome.resolved or others or not self._is_better(after, suspects):
            return None
        return HeldBack(requirements, outcome)

    def _is_better(self, after: str | None, suspects: list[_Suspect]) -> bool:
        """Return whether the library imports, or no longer fails by the one library that its exception named."""
        if after is None or len(suspects) > 1:
            return after is None
        (suspect,) = suspects
        return suspect.named and after != self.broken[1] and suspect.name not in _distributions(after)
