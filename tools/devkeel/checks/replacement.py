"""A splice as the edit that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devkeel.source import Splice

__all__ = ["as_edit"]


def as_edit(data: bytes, splice: Splice, name: str) -> dict[str, Any]:
    """Return a splice as the replacement of a text that occurs once: its line, and lines above it as needed."""
    start = data.rfind(b"\n", 0, splice.start) + 1
    end = data.find(b"\n", splice.end)
    end = len(data) if end < 0 else end
    while start and (start == end or data.count(data[start:end]) > 1):
        start = data.rfind(b"\n", 0, start - 1) + 1
    new = data[start : splice.start] + splice.text + data[splice.end : end]
    texts = {"old": data[start:end], "new": new}
    return {"kind": "replace_text", "file": name, **{key: text.decode("utf-8") for key, text in texts.items()}}
