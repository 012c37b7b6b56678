"""Tables of what is known of ecosystems beside the index of nixpkgs: text files in `knowledge/`, a row a line."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["table"]


@cache
def table(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return a table: words by key, the likeliest first.

    A line is a key, a colon with a space, and words with spaces between them; `#` begins a line of remarks.
    """
    lines = Path(__file__).with_name("knowledge").joinpath(f"{name}.txt").read_text("utf-8").splitlines()
    rows = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return MappingProxyType({key: tuple(words.split()) for key, _, words in rows})
