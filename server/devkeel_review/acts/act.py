"""What the page can do: a name, what it takes, and the fragment that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel_review.review import May, Review

__all__ = ["Act"]


class Act(Struct, frozen=True):
    """An act, which a form of the page names.

    needs: what the page must have been started with, None for what only looks. template: the fragment that answers. do:
    does it, by the fields of the form, and returns what the answer is made of; it may take its time, and raise
    DevkeelError.
    """

    name: str
    needs: May | None
    template: str
    do: Callable[[Review, Mapping[str, str]], dict[str, Any]]
