"""Both sides of a conflict: what is on disk now, and what was to be put there, each against what both began with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.text.diff import unified
from devkeel_review.code import diff_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel_review.code import DiffLine

__all__ = ["ConflictPlace", "places_of"]

# As `devkeel.text.merge.three_way_view` writes them.
_PLACE = re.compile(r"@@ line (\d{1,9}) @@")
_MARKS = ("<<<<<<< theirs", "||||||| base", "=======", ">>>>>>> ours")
_CUT = "[cut]"


class ConflictPlace(Struct, frozen=True):
    """A place in a file where both sides differ. line: the first on disk that differs.

    now: what was made of it since, as lines that went and came; wanted: what was to be made of it.
    """

    line: int
    now: tuple[DiffLine, ...]
    wanted: tuple[DiffLine, ...]


def places_of(view: str, name: str) -> tuple[tuple[ConflictPlace, ...], bool] | None:
    """Return the places of a view of both sides, and whether it is cut; None for one whose parts cannot be found.

    So it is where lines of the file itself look like the marks. name: of the file, by which its language is known.
    """
    rows = view.split("\n")
    cut = _CUT in rows[-3:]
    places = list[ConflictPlace]()
    parts = list(_parts(rows))
    for number, part in enumerate(parts):
        if cut and number == len(parts) - 1:
            break
        found = _place(part, name)
        if found is None:
            return None
        places.append(found)
    return (tuple(places), cut) if places else None


def _parts(rows: Sequence[str]) -> Iterator[Sequence[str]]:
    starts = [n for n, row in enumerate(rows) if _PLACE.fullmatch(row)]
    for start, end in zip(starts, [*starts, len(rows)][1:], strict=True):
        yield rows[start:end]


def _place(rows: Sequence[str], name: str) -> ConflictPlace | None:
    found = _PLACE.fullmatch(rows[0])
    at = [n for n, row in enumerate(rows) if row in _MARKS]
    if found is None or tuple(rows[n] for n in at) != _MARKS:
        return None
    begin, middle, half, end = at
    above, below = rows[1:begin], [row for row in rows[end + 1 :] if row]
    theirs, base, ours = ([*above, *rows[a + 1 : b], *below] for a, b in ((begin, middle), (middle, half), (half, end)))
    return ConflictPlace(int(found[1]), _lines(name, base, theirs), _lines(name, base, ours))


def _lines(name: str, before: Sequence[str], after: Sequence[str]) -> tuple[DiffLine, ...]:
    sides = ("\n".join([*rows, ""]).encode("utf-8", "replace") for rows in (before, after))
    return tuple(line for file in diff_of(unified(name, *sides)).files for hunk in file.hunks for line in hunk.lines)
