"""Definitions as comments: commenting out, and back in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.nix.read.layout import Group, is_first, line_end, line_start
from devkeel.source.nix.write.bindings import require_editable
from devkeel.source.nix.write.capture import refuse_loss
from devkeel.source.nix.write.proof import prove
from devkeel.source.path import format_path
from devkeel.source.splice import Edited, Splice, apply

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.path import AttrPath

__all__ = ["comment_out", "uncomment"]


def comment_out(document: Document, path: AttrPath) -> Edited:
    """Turn every definition at and below an option path into a comment."""
    raw = require_editable(document, path)
    size, data = len(raw), document.data
    found = [item for item in document.focus(raw).bindings if item.raw[:size] == raw]
    refuse_loss(document, raw, (item.node for item in found))
    splices: list[Splice] = []
    covered = -1
    for item in found:
        if item.node.start_byte < covered:
            continue
        node = item.node
        tail = data[node.end_byte : line_end(data, node.end_byte)].strip()
        if item.value is None or not is_first(data, node.start_byte) or (tail and not tail.startswith(b"#")):
            raise document.refuse("not_on_own_line", "The definition shares its line with something else.", node)
        indent = node.start_byte - line_start(data, node.start_byte)
        splices += _prefix_lines(data, node, indent)
        covered = node.end_byte
    notes = [] if splices else [f"{format_path(path)} is not defined here."]
    edited = apply(data, splices, notes)
    return prove(
        document, edited, [raw], lambda after: not any(item.raw[:size] == raw for item in after.focus(raw).bindings)
    )


def _prefix_lines(data: bytes, node: Node, indent: int) -> list[Splice]:
    """Put `# ` before each line of a node, at the node's own indent where the line has it."""
    result = []
    start = line_start(data, node.start_byte)
    while start < node.end_byte:
        line = data[start : line_end(data, start)]
        at = start + min(indent, len(line) - len(line.lstrip()))
        result.append(Splice(at, at, b"# " if line.strip() else b"#"))
        start = data.find(b"\n", start) + 1
        if start == 0:
            break
    return result


def uncomment(document: Document, path: AttrPath) -> Edited:
    """Turn the comment that holds a definition of an option path back into the definition."""
    raw, data = require_editable(document, path), document.data
    for container in document.focus(raw).containers:
        if container.conditions or raw[: len(container.path)] != container.path:
            continue
        rest = raw[len(container.path) :]
        for splices in _commented(document.group(container.node), rest, data):
            edited = apply(data, splices)
            after = document.after(edited)
            if not after.problems and any(item.raw == raw for item in after.focus(raw).bindings):
                return prove(
                    document, edited, [raw], lambda after: any(item.raw == raw for item in after.focus(raw).bindings)
                )
    raise document.refuse("not_found", f"No comment holds a definition of {format_path(path)}.", None)


_COMMENT = re.compile(rb"#\s?")


def _commented(group: Group, rest: AttrPath, data: bytes) -> list[list[Splice]]:
    """Return, for each comment that begins an assignment to a path, the splices for ever longer blocks."""
    own = [node for node in group.comments if is_first(data, node.start_byte)]
    name = re.compile(rb"#\s*" + re.escape(format_path(rest).encode()) + rb"\s*=")
    found = []
    for index, node in enumerate(own):
        if not name.match(data[node.start_byte : node.end_byte]):
            continue
        splices: list[Splice] = []
        for line in own[index:]:
            match = _COMMENT.match(data[line.start_byte : line.end_byte])
            if match is None or (
                splices and line_start(data, line.start_byte) != data.find(b"\n", splices[-1].end) + 1
            ):
                break
            splices = [*splices, Splice(line.start_byte, line.start_byte + len(match[0]), b"")]
            found.append(splices)
    return found
