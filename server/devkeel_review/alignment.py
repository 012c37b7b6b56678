"""Which line became which, and which words of it are others now."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["aligned", "differing"]

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.5
_MOST_COMPARED = 1_600
_MOST_WORDS = 300


def aligned(gone: Sequence[str], come: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Yield which of the lines that came stands beside which that went, in order; None beside one that is alone.

    Lines are alike that share half of their words. Of long blocks each line stands beside the one at its place.
    """
    if not gone or not come:
        yield from ((n, None) for n in range(len(gone)))
        yield from ((None, n) for n in range(len(come)))
        return
    if len(gone) * len(come) > _MOST_COMPARED:
        for n in range(max(len(gone), len(come))):
            yield (n if n < len(gone) else None, n if n < len(come) else None)
        return
    a = b = 0
    for x, y in [*_best(gone, come), (len(gone), len(come))]:
        # What has no counterpart shares rows, so that the sides stay level.
        for n in range(max(x - a, y - b)):
            yield (a + n if a + n < x else None, b + n if b + n < y else None)
        if x < len(gone):
            yield x, y
        a, b = x + 1, y + 1


def _best(gone: Sequence[str], come: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of lines, in order on both sides, that are most alike in all."""
    words = [
        [Counter(word for word in _WORDS.findall(line) if not word.isspace()) for line in side] for side in (gone, come)
    ]
    alike = [[_alike(left, right) for right in words[1]] for left in words[0]]
    rows, columns = len(gone), len(come)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for x in range(rows - 1, -1, -1):
        for y in range(columns - 1, -1, -1):
            paired = alike[x][y] + best[x + 1][y + 1] if alike[x][y] >= _ALIKE else 0.0
            best[x][y] = max(paired, best[x + 1][y], best[x][y + 1])
    found, x, y = list[tuple[int, int]](), 0, 0
    while x < rows and y < columns:
        if alike[x][y] >= _ALIKE and best[x][y] == alike[x][y] + best[x + 1][y + 1]:
            found.append((x, y))
            x, y = x + 1, y + 1
        elif best[x][y] == best[x + 1][y]:
            x += 1
        else:
            y += 1
    return found


def _alike(left: Counter[str], right: Counter[str]) -> float:
    """Return how much of the words two lines share, from 0 to 1."""
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0


def differing(old: str, new: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the columns of each of two lines that are not in the other; none where hardly anything is the same."""
    words = _WORDS.findall(old), _WORDS.findall(new)
    if max(map(len, words)) > _MOST_WORDS:
        return [], []
    matcher = SequenceMatcher(None, *words, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return [], []
    starts = [_starts(side) for side in words]
    left, right = list[tuple[int, int]](), list[tuple[int, int]]()
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            left += [(starts[0][a], starts[0][b])] if a < b else []
            right += [(starts[1][c], starts[1][d])] if c < d else []
    return left, right


def _starts(words: Sequence[str]) -> list[int]:
    """Return the column at which each word begins, and the one behind the last."""
    found = [0]
    for word in words:
        found.append(found[-1] + len(word))
    return found
