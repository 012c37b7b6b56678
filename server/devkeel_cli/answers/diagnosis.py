"""What made a run fail, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.text.clean import clean
from devkeel.text.data import as_data
from devkeel_cli.answers.suggest import as_command
from devkeel_words import cause_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["known", "making"]


def making(edits: Sequence[Mapping[str, Any]], create: bool) -> str:
    """Return the commands that make edits; the first of them begins a file."""
    first, *more = map(as_command, edits)
    return " && ".join([f"{first} --create" if create else first, *more])


def known(causes: Iterable[object] | None, beside: str) -> Iterator[str]:
    """Yield the lines about causes that a result or an error carries. beside: what else is shown of it."""
    yield from map(clean, cause_lines.known(as_data(tuple(causes or ())), making, beside))
