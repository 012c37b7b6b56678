"""The names of all packages that the index has: one look-up, or all of them, read when they are first needed.

The index has each package that nixpkgs' own machines build, under one attribute: it lacks what is unfree or broken,
and the further names of what has several. Those of a newer database of the user's own come to them where it is whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.catalogue.provided import renewal
    from devkeel.catalogue.provided.table import Table
else:
    renewal = Deferred("devkeel.catalogue.provided.renewal")

__all__ = ["AS_OF", "every", "has", "items", "sets", "top", "unversioned"]

# The nixpkgs of the database, and what had been taken out of it by then.
AS_OF = "2026-03-25"
# python312Packages has what python3Packages has; a set of another version of the same thing answers for it.
_VERSIONED = re.compile(r"(?<=[a-z])[0-9_]+(?=Packages$|Extensions$)|(?<=^nodePackages)_latest$")


def unversioned(name: str) -> str:
    """Return the name of the set that stands for one of a version: python3Packages for python312Packages."""
    plain = _VERSIONED.sub("", name)
    return "python3Packages" if plain == "pythonPackages" else plain


@cache
def _names() -> Table:
    return renewal.opened("names")


def has(head: str) -> bool:
    """Return whether there is a package of the top level, or a set, of this name; a few milliseconds."""
    names = _names()
    return names.get(head) is not None or bool(names.rows(f"{head}.", 1))


def every() -> list[str]:
    """Return all names, those in sets with the plain name of the set in front; one may come twice."""
    parts = (name.partition(".") for name, _ in _names().every())
    return [f"{unversioned(head) if dot else head}{dot}{rest}" for head, dot, rest in parts]


@cache
def top() -> frozenset[str]:
    """Return the names of the top level, sets included."""
    return frozenset(name.partition(".")[0] for name, _ in _names().every())


@cache
def sets() -> Mapping[str, frozenset[str]]:
    """Return the names in sets, by the set's name, and those of all versions of a set by its plain name."""
    found = defaultdict[str, set[str]](set)
    for name, _ in _names().every():
        head, _, rest = name.partition(".")
        if rest:
            inner = rest.partition(".")[0]
            found[head].add(inner)
            found[unversioned(head)].add(inner)
    return {name: frozenset(inner) for name, inner in found.items()}


def items(head: str) -> frozenset[str]:
    """Return the names in a set, or in those of other versions of it; none where it is no set."""
    return sets().get(head) or sets().get(unversioned(head), frozenset())
