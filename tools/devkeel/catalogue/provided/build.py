"""Tables of what packages provide, from a database of nix-index: the same tables from the same database."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, BinaryIO

from packaging.utils import canonicalize_name

from devkeel.catalogue.packages import built_in_names
from devkeel.catalogue.provided.attributes import SYSTEM, home
from devkeel.catalogue.provided.database import Listed, packages
from devkeel.catalogue.provided.paths import KINDS, distribution, provided
from devkeel.catalogue.provided.ranking import decisions, is_certain, ordered, relation
from devkeel.catalogue.provided.table import CERTAIN, DEEPER, packed

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KEPT", "build", "rows"]

KEPT = 8  # providers of one name; what is declared reorders these
_UNRELATED = 3
_PLACES = (b"/bin/", b"/sbin", b"/incl", b"/lib/", b"/lib6", b"/shar")
_PYTHON = re.compile(r"python(3)(\d+)Packages\.(.*)")
_ATTRIBUTE = re.compile(r"[\w.+-]{1,200}")  # of all in nixpkgs; another would not stand in a row
_DEFAULT_PYTHON = re.compile(r"python3-3\.(\d+)\.\d+")


def build(file: BinaryIO) -> dict[str, bytes]:
    """Return the tables of a database by their names: one for each kind, and `names`. Raises `bad_database`."""
    return {name: packed(found) for name, found in rows(file).items()}


def rows(file: BinaryIO) -> dict[str, list[tuple[str, str]]]:
    """Return the sorted rows of these tables, keys and values. Raises `bad_database`."""
    read = _Read()
    for listed in packages(file):
        if listed.own and listed.system in (SYSTEM, "") and _ATTRIBUTE.fullmatch(listed.attribute) is not None:
            read.take(listed)
    return {kind: sorted(read.rows(kind)) for kind in KINDS} | {"names": [(name, "") for name in sorted(read.names())]}


class _Read:
    """What has been read of a database."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, set[tuple[str, str]]]] = {kind: defaultdict(set) for kind in KINDS}
        self._distributions = dict[str, str]()
        self._listed = set[str]()
        self._python = ""

    def take(self, listed: Listed) -> None:
        """Take what a package provides."""
        self._listed.add(listed.attribute)
        if (match := _DEFAULT_PYTHON.fullmatch(listed.name)) is not None and (
            "." in listed.attribute or listed.attribute == "python3"
        ):
            self._python = match[1]
        whole = (listed.attribute, listed.name)
        modules = set[str]()
        for entry in listed.files:
            if entry[1:6] not in _PLACES or entry[:1] == b"d":
                continue
            path = entry[1:].decode("utf-8", "replace")
            found = provided(path, runs=entry[:1] in b"xs")
            if found is None:
                if path.endswith(("/METADATA", "/PKG-INFO", ".egg-info")) and (name := distribution(path)) is not None:
                    self._distributions[_PYTHON.sub(r"python\1Packages.\3", listed.attribute)] = name
                continue
            kind, name = found
            if name.isprintable():
                modules.add(name) if kind == "python_module" else self._found[kind][name].add(whole)
        for name in modules:
            # What lies in a package that is one itself is found by that one's name.
            if not any(name[:place] in modules for place, sign in enumerate(name) if sign == "."):
                self._found["python_module"][name].add(whole)

    def names(self) -> Iterable[str]:
        """Return the attributes, as they are listed."""
        return self._listed

    def rows(self, kind: str) -> Iterable[tuple[str, str]]:
        """Yield the rows of a kind: names, and the attributes that provide them, in their order."""
        known = frozenset(built_in_names().top)
        found = self._attributes(kind, known)
        decided = {name: first for (of, name), first in decisions().items() if of == kind}
        ends = {name.split("/", depth)[-1] for name in found for depth in range(1, name.count("/") + 1)}
        deeper = (decided.keys() - found.keys()) & ends
        for name, first in decided.items():
            found[name] = {*found.get(name, ()), *first}
        breadth = Counter(
            item
            for name, attributes in found.items()
            for item in attributes
            if relation(name, item.rpartition(".")[2]) == _UNRELATED
        )
        for name, attributes in found.items():
            key = "/".join(reversed(name.split("/"))) if kind == "header" else name
            if row := ordered(kind, name, attributes, known, breadth):
                mark = DEEPER if name in deeper else CERTAIN if is_certain(kind, name, row, breadth) else ""
                yield key, mark + " ".join(self._written(kind, item) for item in row[:KEPT])

    def _attributes(self, kind: str, known: frozenset[str]) -> dict[str, set[str]]:
        """Return the attributes by which what provides a name is listed, by the names."""
        listed = frozenset(name for name in self._listed if "." not in name)
        homes = dict[tuple[str, str], str | None]()
        found = dict[str, set[str]]()
        for name, entries in self._found[kind].items():
            for entry in entries:
                if entry not in homes:
                    homes[entry] = self._home(*entry, known, listed)
            attributes = {item for entry in entries if (item := homes[entry]) is not None}
            if kind == "python_module":
                # An application brings modules of others; who imports one wants the library.
                attributes = {item for item in attributes if item.startswith("python3Packages.")}
            if attributes:
                found[name] = attributes
        return found

    def _written(self, kind: str, attribute: str) -> str:
        """Return an attribute with the distribution that it is, where its own name does not say that.

        One that has no metadata is no distribution: its name may be another one's on the index of Python.
        """
        if kind != "python_module":
            return attribute
        if (name := self._distributions.get(attribute)) is None:
            return f"{attribute}="
        plain = canonicalize_name(name)
        return attribute if plain == attribute.rpartition(".")[2] else f"{attribute}={plain}"

    def _home(self, attribute: str, name: str, known: frozenset[str], listed: frozenset[str]) -> str | None:
        if (match := _PYTHON.fullmatch(attribute)) is not None:
            return f"python3Packages.{match[3]}" if match[2] == self._python else None
        return home(attribute, name, known, listed)
