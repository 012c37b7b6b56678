"""Result of the toolset nix -> text and structured content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel_mcp.answers.answer import answer
from devkeel_words.nix_lines import LINES

if TYPE_CHECKING:
    from mcp_types import CallToolResult

__all__ = ["is_known", "rendered"]

_HEAD = 1
_ADVICE = "The structured content has it too; ask for less at once."


def is_known(result: object) -> bool:
    """Return whether there are lines for a result."""
    return type(result).__name__ in LINES


def rendered(result: object) -> CallToolResult:
    """Render a result by the lines that both clients say."""
    told = list(LINES[type(result).__name__](result))
    following = getattr(result, "next", None)
    return answer(result, told[:_HEAD], told[_HEAD:], [f"Next: {following}"] if following else [], _ADVICE)
