"""Tables of a database of the user's own, together with those of devkeel: no name that these have is lost.

A database may be of programs alone, of a part of nixpkgs, or for another system. Where it covers a kind of thing, what
it says of a name comes first, else what devkeel says of it; what the other one has is behind that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.catalogue.provided.build import KEPT, rows
from devkeel.catalogue.provided.paths import KINDS
from devkeel.catalogue.provided.table import CERTAIN, DEEPER, open_table, packed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["merged"]

_NAMES = "names"
_COVERS = 0.5  # of the names of a kind; some go from one year to the next
_WHOLE = 0.8  # of the top level's packages; sets have the version of a language in their names


def merged(file: BinaryIO, shipped: Path) -> dict[str, bytes]:
    """Return the bytes of all tables by their names. shipped: devkeel's folder. Raises `bad_database`."""
    made, tables = rows(file), dict[str, bytes]()
    for kind in (*KINDS, _NAMES):
        path = shipped / f"{kind}.table"
        own, ours = dict(made.pop(kind)), dict(open_table(path).every())
        if kind == _NAMES:
            found = ours | own if _share(_top(own), _top(ours)) >= _WHOLE else ours
        else:
            found = _together(own, ours) if _share(own, ours) >= _COVERS else _together(ours, own)
        tables[kind] = path.read_bytes() if found == ours else packed(sorted(found.items()))
    return tables


def _share(own: Mapping[str, str], ours: Mapping[str, str]) -> float:
    """Return which part of devkeel's names a database has."""
    return len(own.keys() & ours.keys()) / max(len(ours), 1)


def _top(names: Mapping[str, str]) -> dict[str, str]:
    return {name: "" for name in names if "." not in name}


def _together(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    both = first.keys() & second.keys()
    return {**first, **second, **{key: _row(first[key], second[key]) for key in both}}


def _row(value: str, other: str) -> str:
    """Return the attributes of a row, and behind them those that only another row of that name has."""
    items = value.split(" ")
    known = {_attribute(item) for item in items}
    further = [item for item in other.lstrip(CERTAIN + DEEPER).split(" ") if _attribute(item) not in known]
    return " ".join((*items, *further)[: max(KEPT, len(items))])


def _attribute(item: str) -> str:
    return item.lstrip(CERTAIN + DEEPER).partition("=")[0]
