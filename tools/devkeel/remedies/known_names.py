"""Which names of libraries are known here: a name that a text gives may be a slip, or one that was never looked at."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from devkeel.detection.declaring import is_package
from devkeel.remedies.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["doubt", "doubt_of_package", "known_in", "slip_of"]

_NEAR = 4  # letters of a name in which one more or less is a slip
_REGISTRIES = {
    "npm": "npm's registry",
    "crates": "the registry of Cargo",
    "gems": "RubyGems",
    "go": "a module proxy",
    "cpan": "CPAN",
    "cran": "CRAN",
    "luarocks": "LuaRocks",
    "ctan": "TeX Live",
}
# The tables whose answers are names of a registry.
_TABLES = {
    "npm": "node-programs",
    "crates": "crates",
    "gems": "gem-files",
    "cpan": "perl-modules",
    "luarocks": "lua-modules",
    "ctan": "tex-files",
}


@cache
def known_in(registry: str) -> frozenset[str]:
    """Return the names of a registry that are known here: what very many projects use."""
    tabled = table(_TABLES[registry]).values() if registry in _TABLES else ()
    return frozenset(table("popular").get(registry, ())).union(*tabled)


def doubt(registry: str, name: str, trusted: Iterable[str] = ()) -> str | None:
    """Return what is not known of a name that only a text gives; None for a name that is known.

    trusted: beginnings of names whose maker the project trusts already, such as the scopes that it names.
    """
    if name in known_in(registry) or name.startswith(tuple(trusted)):
        return None
    where = _REGISTRIES[registry]
    return f"Only the text names {name}: nobody looked whether {where} has it, or who made it. Look at it first."


def doubt_of_package(attribute: str) -> str | None:
    """Return what is not known of an attribute of nixpkgs; None where the list of names has it."""
    if is_package(attribute):
        return None
    return f"Nobody looked whether nixpkgs has {attribute}: the evaluation says."


def slip_of(registry: str, name: str, declared: Iterable[str] = ()) -> str | None:
    """Return the name that another one is with a slip: of what is declared, or of what very many use."""
    names = {*declared, *known_in(registry)}
    if len(name) < _NEAR or name in names:
        return None
    from rapidfuzz.distance import OSA  # noqa: PLC0415  (3 ms that only a library that is missing needs)

    near = (item for item in sorted(names) if abs(len(item) - len(name)) <= 1 and len(item) > _NEAR)
    return next((item for item in near if OSA.distance(item, name, score_cutoff=1) == 1), None)
