"""What a sentence of the library has beside words: calls that lead into the page, and what a person types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from devkeel_words.vocabulary import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SentencePart", "linked"]

# As `devkeel_words.speech.as_link` writes them. What a marked call is given may hold brackets.
_PART = re.compile(
    r"\[(?P<words>[^\n]{1,400}?)\]\((?P<address>(?P<view>#[a-z]+)(?:\?[a-z]+=[\w.~%-]*)?)\)|`(?P<typed>[^`\n]{1,400})`"
)
_VIEWS = frozenset(word.partition("?")[0] for row in ACTIONS.values() for word in (row.link or "").split())


class SentencePart(NamedTuple):
    """A part of a sentence. address: where it leads in the page, None for nowhere. typed: whether it is code."""

    words: str
    address: str | None = None
    typed: bool = False


def linked(text: str) -> Iterator[SentencePart]:
    """Yield the parts of a sentence, in order.

    Only addresses of the vocabulary count: what others wrote in that form leads nowhere that the page has not.
    """
    end = 0
    for found in _PART.finditer(text):
        if found["typed"] is None and found["view"] not in _VIEWS:
            continue
        if found.start() > end:
            yield SentencePart(text[end : found.start()])
        typed = found["typed"] is not None
        yield SentencePart(found["typed"] if typed else found["words"], found["address"], typed)
        end = found.end()
    if end < len(text):
        yield SentencePart(text[end:])
