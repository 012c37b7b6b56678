"""An index of names in memory: exact, prefix, word, part, and by spelling.

The names stand in one text, shortest first, so that what is found first is what ranks first. Words and parts cost one
pass over the text, which ends when enough is found.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from heapq import nsmallest
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["NameIndex"]

_SEPARATORS = str.maketrans({"_": "-", ".": "-", '"': "-"})
_SHORT = 3
_AFTER = "\U0010ffff"
_ENOUGH = 400


class NameIndex:
    """Names that can be looked for; each is one line."""

    def __init__(self, names: Iterable[str]) -> None:
        # Shortest first, and those of one length by name: the second sort keeps the order of the first.
        self.names = sorted(sorted({name for name in names if "\n" not in name}), key=len)
        self._plain = [name.lower() for name in self.names]
        # A word begins after a dash, whatever stands there in the name.
        self._text = ("\n" + "\n".join(self._plain) + "\n").translate(_SEPARATORS)
        self._starts = array("L", accumulate((len(name) + 1 for name in self._plain), initial=1))
        self._order = sorted(range(len(self.names)), key=self._plain.__getitem__)
        self._sorted = [self._plain[line] for line in self._order]

    def exact(self, query: str) -> list[str]:
        """Return the names that are the query, whatever their case."""
        first, last = bisect_left(self._sorted, query), bisect_right(self._sorted, query)
        return [self.names[line] for line in self._order[first:last]]

    def prefix(self, query: str, limit: int) -> list[str]:
        """Return the first names that begin with the query."""
        first, last = bisect_left(self._sorted, query), bisect_left(self._sorted, query + _AFTER)
        return [self.names[line] for line in nsmallest(limit, self._order[first:last])]

    def inside(self, query: str) -> tuple[list[str], list[str]]:
        """Return the first names in which a word begins with the query, and those that have it in a word.

        Of a query of several words, the names that have them all; one or two letters count at the start of a word only.
        """
        words, parts = list[str](), list[str]()
        first, *others = sorted(query.translate(_SEPARATORS).split(), key=len, reverse=True) or [""]
        wanted = first if len(first) >= _SHORT else f"-{first}"
        for position in self._find(wanted):
            line = bisect_right(self._starts, position) - 1
            if others and not all(word in self._line(line) for word in others):
                continue
            starts = wanted is not first or self._text[position - 1] in "-\n" or f"-{first}" in self._line(line)
            (words if starts else parts).append(self.names[line])
            if len(words) + len(parts) >= _ENOUGH:
                break
        return words, parts

    def _line(self, line: int) -> str:
        start = self._starts[line]
        return self._text[start : start + len(self._plain[line])]

    def fuzzy(self, query: str, limit: int) -> list[str]:
        """Return the names that are spelt almost like the query, nearest first."""
        from rapidfuzz import process  # noqa: PLC0415  (8 ms that only a mistake needs)
        from rapidfuzz.distance import OSA  # noqa: PLC0415  (8 ms)

        far = 1 if len(query) <= 4 else 2 if len(query) <= 8 else 3  # noqa: PLR2004  (edits that a typo may have)
        found = process.extract(query, self._plain, scorer=OSA.distance, score_cutoff=far, limit=limit)
        found.sort(key=lambda item: (item[1], item[0][:1] != query[:1], item[2]))
        return [self.names[position] for _, _, position in found]

    def _find(self, wanted: str) -> Iterator[int]:
        """Yield where a text is, once in each line."""
        position = self._text.find(wanted)
        while position >= 0:
            yield position
            position = self._text.find(wanted, self._text.find("\n", position))
