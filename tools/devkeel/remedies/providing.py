"""Who provides what a cause is about, among what the project has and what nixpkgs has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.catalogue.provided import devenv_way, providers
from devkeel.catalogue.provided.ranking import decisions, relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.catalogue.provided import Provider
    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["in_use", "option_of", "provided", "says_enough", "spellings"]

# What a name may be beside what its cause says: a build asks for one thing by the name of another. Only what has the
# very name counts there.
_INSTEAD = {
    "pkg_config": ("cmake", "library"),
    "cmake": ("pkg_config", "library"),
    "library": ("pkg_config", "cmake"),
    "soname": (),
    "header": (),
    "program": (),
}
_ANY = ("program", "library", "pkg_config", "cmake")
_NOTHING = 3  # a name and an attribute that have nothing in common
_FEW = 3
_IN_USE = re.compile(r"\bpkgs\.([A-Za-z][\w.'-]*)")
# Other spellings of a name, by who uses them: a version that is a part of it, an import library of a component.
_STEMS = (
    (re.compile(r"^(.+?)-?\d+(?:\.\d+)*$"), r"\1"),
    (re.compile(r"^lib(.+)$"), r"\1"),
)


def in_use(situation: Situation) -> frozenset[str]:
    """Return the attributes that a project has: its packages, and those that options are set to."""
    packages = set(situation.packages)
    for item in situation.declared.definitions:
        if item.source is not None and item.path.endswith("package"):
            packages |= {*_IN_USE.findall(item.source)}
    return frozenset(packages)


def provided(situation: Situation, cause: Cause) -> tuple[Provider, ...]:
    """Return the packages that provide what a cause is about, what is meant most likely first."""
    declared = in_use(situation)
    for kind, name in spellings(cause):
        found = providers(kind, name, declared=declared)
        if found and (found[0].exact or kind == "header"):
            return found
    return ()


def spellings(cause: Cause) -> Iterator[tuple[str, str]]:
    """Yield the kinds and names by which a cause is looked for."""
    kind = "library" if cause.kind == "soname" else cause.kind
    yield kind, cause.subject
    others = _ANY if "any" in cause.facts else _INSTEAD.get(cause.kind, ())
    for other in others:
        if other != kind:
            yield other, cause.subject
    if "any" in cause.facts or cause.kind in ("cmake", "pkg_config"):
        for other in (kind, *others):
            if (lower := cause.subject.lower()) != cause.subject:
                yield other, lower
            yield other, f"lib{lower}"
    for pattern, instead in _STEMS if kind in ("pkg_config", "cmake") else ():
        if pattern.match(cause.subject):
            for other in (kind, *others):
                yield other, pattern.sub(instead, cause.subject)


def option_of(cause: Cause) -> str | None:
    """Return the option of devenv that brings what a cause is about."""
    return devenv_way(cause.kind, cause.subject)


def says_enough(cause: Cause, found: tuple[Provider, ...]) -> bool:
    """Return whether a name says which package is meant: what many have by accident, such as config.h, does not."""
    first = found[0]
    if cause.kind != "header" or "/" in cause.subject or first.declared:
        return True
    return (
        ("header", cause.subject) in decisions() or relation(cause.subject, first.attribute) < _NOTHING or _few(found)
    )


def _few(found: tuple[Provider, ...]) -> bool:
    return len({re.split(r"[\d._-]", item.attribute)[0] for item in found if item.exact}) <= _FEW
