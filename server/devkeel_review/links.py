"""The calls that a sentence of the library marks, as links into the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel_words.vocabulary import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["linked"]

# As `devkeel_words.speech.as_link` writes them. What a marked call is given may hold brackets.
_LINK = re.compile(r"\[([^\n]{1,400}?)\]\((#[a-z]+)\)")
_ADDRESSES = frozenset(row.link for row in ACTIONS.values())


def linked(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the parts of a sentence, each with the address that it leads to, None for plain words.

    Only addresses of the vocabulary count: what others wrote in that form leads nowhere that the page has not.
    """
    end = 0
    for found in _LINK.finditer(text):
        if found[2] not in _ADDRESSES:
            continue
        if found.start() > end:
            yield text[end : found.start()], None
        yield found[1], found[2]
        end = found.end()
    if end < len(text):
        yield text[end:], None
