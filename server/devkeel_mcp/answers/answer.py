"""One answer: text that is cut in its middle, and structured content, each complete alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_types import CallToolResult, TextContent

from devkeel.text.clean import clean
from devkeel_mcp.answers.text import MAX_BYTES, cut, fit, plain, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["answer"]

_HEAD_LINE = 1_000
_LEAST = 2_000


def answer(
    result: object,
    head: Iterable[str],
    body: Iterable[str],
    tail: Iterable[str],
    advice: str,
    *,
    shorten: Callable[..., str] = cut,
) -> CallToolResult:
    """Return text whose middle is cut when it is too long, so that what comes next is always in it.

    advice: how to get at what was cut.
    """
    head, tail = "\n".join(head), "\n".join(tail)
    room = max(MAX_BYTES - size_of(head) - size_of(tail) - _HEAD_LINE, _LEAST)
    text = "\n".join(part for part in (head, shorten("\n".join(body), room, advice=advice), tail) if part)
    return CallToolResult(
        content=[TextContent(type="text", text=cut(clean(text)))],
        structured_content=fit(plain(result), advice=advice),
    )
