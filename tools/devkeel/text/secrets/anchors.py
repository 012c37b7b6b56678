"""Where a search for secrets begins: only at what such a secret has in it, which plain finding of text gets to at once.

A pattern that is tried at every character takes a microsecond for each; most texts have nothing to try it at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["folded", "matches", "occurrences", "run_before", "runs"]

# What the patterns take for the letter without regard to case, and `lower` leaves alone, or makes two characters of.
_LETTERS = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}


def folded(text: str) -> str:
    """Return text in small letters, character by character: what is found has the same place in the text."""
    if not text.isascii():
        for letter, plain in _LETTERS.items():
            text = text.replace(letter, plain)
    return text.lower()


def occurrences(text: str, words: Iterable[str]) -> list[int]:
    """Return where any of the words are, in order."""
    found: set[int] = set()
    for word in words:
        position = text.find(word)
        while position >= 0:
            found.add(position)
            position = text.find(word, position + 1)
    return sorted(found)


def matches(pattern: re.Pattern[str], text: str, starts: Iterable[int]) -> Iterator[re.Match[str]]:
    """Yield what `finditer` does, where a match begins nowhere but at one of the places; these are in order."""
    position = 0
    for start in starts:
        if start >= position and (match := pattern.match(text, start)) is not None:
            yield match
            position = max(match.end(), start + 1)


def run_before(text: str, end: int, belongs: Callable[[str], bool], least: int) -> int:
    """Return where the signs begin that end before a place and belong together; none before `least` is looked at."""
    while end > least and belongs(text[end - 1]):
        end -= 1
    return end


def runs(text: str, places: Iterable[int], belongs: Callable[[str], bool]) -> Iterator[int]:
    """Yield where the runs of signs begin that have the places in them, each once; these are in order."""
    before = -1
    for place in places:
        start = run_before(text, place, belongs, before + 1)
        if start > before + 1 or before < 0 or not belongs(text[before]):
            yield start
        before = place
