"""What the page can show: a name, what it is read from, and the fragment that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel_review.review import Review

__all__ = ["PageView"]


class PageView(Struct, frozen=True):
    """A view, at `#NAME` of the page with what is asked for behind a question mark.

    follows: the marks on whose change the page reads it again (`devkeel_review.marks`). template: its fragment. read:
    returns what the fragment is made of, by the values of the address; it may take its time, and raise DevkeelError.
    listed: whether it is in the navigation.
    """

    name: str
    title: str
    follows: tuple[str, ...]
    template: str
    read: Callable[[Review, Mapping[str, str]], dict[str, Any]]
    listed: bool = False
