"""Placement: where a new definition goes, as the file's author would put it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.layout import Group, is_blank_line, is_first, next_line, style_at
from devkeel.source.nix.read.literal import Style, bound_path, print_value
from devkeel.source.nix.read.syntax import parse, text
from devkeel.source.nix.write.capture import refuse_capture, uses
from devkeel.source.path import format_path
from devkeel.source.splice import Splice
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.errors import Refused
    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Attribute, Container, Definition
    from devkeel.source.nix.read.literal import Value
    from devkeel.source.path import AttrPath

__all__ = ["InsertionPoint", "blocked", "find_insertion_point", "insert"]

# These open a module; everything else goes to its end.
_FIRST = ("imports", "packages")
# The last so many bindings of a set show whether its author puts blank lines between them.
_ENOUGH = 200


class InsertionPoint(Struct, frozen=True):
    """A container, the path to write in it, and the sibling with the longest common prefix."""

    container: Container
    rest: AttrPath
    sibling: Node | None
    common: int


def _names(binding: Node, data: bytes) -> AttrPath:
    names = bound_path(binding, data) if binding.type == "binding" else ()
    return tuple(name for name in names if name is not None) if None not in names else ()


def _common(first: AttrPath, second: AttrPath) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )


def _is_binding(entry: Attribute) -> bool:
    """Return whether an entry is a binding: no name of an inherit."""
    return entry.node.type == "binding"


def _spots(document: Document, raw: AttrPath) -> Iterator[InsertionPoint]:
    for container in document.focus(raw).containers:
        size = len(container.path)
        if container.conditions or container.shared or size >= len(raw) or raw[:size] != container.path:
            continue
        rest, best, common = raw[size:], None, 0
        for entry in document.entries(container.node):
            shared = _common(entry.names, rest) if entry.names[:1] == rest[:1] and _is_binding(entry) else 0
            if shared and shared >= common:
                best, common = entry.node, shared
        yield InsertionPoint(container, rest, best, common)


def find_insertion_point(document: Document, raw: AttrPath) -> InsertionPoint | Definition:
    """Return where a path that nothing defines goes, or the mkMerge or chain of `//` that needs a new set for it.

    Raises Refused when something on the way makes the meaning uncertain.
    """
    spots = list(_spots(document, raw))
    best = max(
        spots,
        key=lambda point: (len(point.container.path) + point.common, len(point.container.path)),
        default=None,
    )
    for item in document.focus(raw).bindings:
        size = len(item.raw)
        on_the_way = size < len(raw) and raw[:size] == item.raw
        if item.computed and on_the_way:
            raise blocked(document, item)
        if not (on_the_way or item.raw == raw) or item.computed or item.container.conditions:
            continue
        if not item.sealed or (best is not None and _inside(best.container.node, item)):
            if item.layers is not None and item.layers.merge and best is not None and not _several_lines(best):
                return item
            continue
        if item.layers is not None and (item.layers.merge or document.focus(raw).extends(item)):
            return item
        raise blocked(document, item)
    if best is None:
        raise document.refuse(
            "conditional",
            "The file has no unconditional place for a new definition.",
            document.body.core,
        )
    return best


def _several_lines(point: InsertionPoint) -> bool:
    return point.common > 0 or point.container.node.start_point[0] != point.container.node.end_point[0]


def _inside(node: Node, item: Definition) -> bool:
    """Return whether a container is reached through a binding's value (also by a name)."""
    layers = item.layers
    if layers is None:
        return False
    core = layers.core
    return core.start_byte <= node.start_byte and node.end_byte <= core.end_byte


def _reason(item: Definition) -> tuple[str, str]:
    if item.computed:
        return "computed_name", "a computed attribute name may be this option"
    if item.value is None:
        return "inherited", "it is inherited"
    if item.conditions:
        return "conditional", "it is under a condition"
    if item.layers is not None and item.layers.shared:
        return "shared_name", "its value is a name that is used elsewhere too"
    return "opaque_value", "its value is an expression that cannot be looked into"


def blocked(document: Document, item: Definition) -> Refused:
    """Return the refusal for a binding above an option that hides whether and how it is defined."""
    code, why = _reason(item)
    path = format_path(document.option_path(item.raw)) or "an attribute"
    return document.refuse(
        code,
        f"{path} stands in the way: {why}.",
        item.node,
        f"Write this change with {do('patch')}, or set that option itself to an expression.",
    )


def insert(document: Document, point: InsertionPoint, value: Value) -> Splice:
    """Return the splice that writes a new binding at a point."""
    container = point.container
    if container.recursive:
        data = print_value(value).encode()
        refuse_capture(document, container, point.rest[0], uses(parse(data).root_node, point.rest[0], data))
    group = document.group(container.node)
    path = format_path(point.rest)

    def render(style: Style) -> str:
        left = f"{path} = "
        return f"{left}{print_value(value, style, column=len(style.indent) + len(left))};"

    if not group.items and not group.comments and container.node == document.body.core:
        return group.open(render)
    anchor, before, blank = _neighbour(document, point, group)
    return group.insert(render, after=anchor, before=before, blank=blank)


def extend(document: Document, item: Definition, raw: AttrPath, value: Value) -> Splice:
    """Return the splice that adds a set with one definition to the list of an mkMerge, or to a chain of `//`."""
    if item.layers is None:
        raise document.refuse("opaque_value", "The value cannot be extended.", item.node)
    if not item.layers.merge:
        return _operand(document.data, item.layers.core, format_path(raw[len(item.raw) :]), value)
    group = document.group(item.layers.core)
    left = f"{format_path(raw[len(item.raw) :])} = "

    def render(style: Style) -> str:
        inner = style.deeper()
        source = f"{left}{print_value(value, inner, column=len(inner.indent) + len(left))};"
        several = "\n" in source
        before, after = (style.newline + inner.indent, style.newline + style.indent) if several else (" ", " ")
        return f"{{{before}{source}{after}}}"

    return group.insert(render, after=group.items[-1] if group.items else None)


def _operand(data: bytes, chain: Node, path: str, value: Value) -> Splice:
    """Return the splice that puts `// { … }` behind a chain of `//`."""
    at = chain.end_byte
    style = style_at(data, at)
    inner = style.deeper()
    source = f"{path} = {print_value(value, inner, column=len(inner.indent) + len(path) + 3)};"
    before, after = (style.newline + inner.indent, style.newline + style.indent) if "\n" in source else (" ", " ")
    return Splice(at, at, f" // {{{before}{source}{after}}}".encode())


def _neighbour(document: Document, point: InsertionPoint, group: Group) -> tuple[Node | None, Node | None, bool]:
    """Return the item to go behind, or the one to go before, and whether a blank line is between."""
    data = document.data
    if point.sibling is not None:
        return point.sibling, None, _sibling_gap(document, point, group)
    comment = _naming_comment(point.rest[0], group, data)
    if comment is not None:
        return comment, None, False
    if _is_top(point.container) and point.rest[0] in _FIRST and group.items and not group.one_line:
        first = group.items[0]
        if point.rest[0] == "imports" or _names(first, data) != ("imports",):
            return None, first, _habit(document, group, point)
        return first, None, True
    last = group.items[-1] if group.items else None
    return last, None, bool(group.items or group.comments) and _habit(document, group, point)


def _blank_before(data: bytes, item: Node, group: Group) -> bool:
    start = (group.leading(item) or [item])[0].start_byte
    line = data.rfind(b"\n", 0, start)
    return line > 0 and is_blank_line(data, line)


def _sibling_gap(document: Document, point: InsertionPoint, group: Group) -> bool:
    """Copy the distance between the last two siblings.

    Settings of one thing (`services.redis.enable`, `.port`) stand together; another thing beside a lone one that has
    several lines wants a blank line.
    """
    data = document.data
    first, entries = point.rest[: point.common], document.entries(point.container.node)
    same = [entry.node for entry in entries if entry.names[: point.common] == first and _is_binding(entry)]
    if len(same) > 1:
        return _blank_before(data, same[-1], group)
    several = same[0].start_point[0] != same[0].end_point[0]
    one_thing = len(point.container.path) + point.common > 1
    return several and not one_thing and _habit(document, group, point)


def _habit(document: Document, group: Group, point: InsertionPoint) -> bool:
    """Return whether the author puts blank lines between the bindings of this group."""
    data = document.data
    last = group.items[1:][-_ENOUGH:]
    pairs = [_blank_before(data, item, group) for item in last if is_first(data, item.start_byte)]
    if pairs:
        return sum(pairs) * 2 >= len(pairs)
    if not group.items:
        return bool(group.comments)
    if not _is_top(point.container) or document.inner:
        return False
    blank_anywhere = b"\n\n" in data or b"\n\r\n" in data
    # Without a pair to learn from: settings of one depth stand together, others apart.
    return blank_anywhere or len(_names(group.items[-1], data)) != len(point.rest)


def _is_top(container: Container) -> bool:
    return container.path in {(), ("config",)}


_ASSIGNMENT = re.compile(r"""#+\s*([A-Za-z_"][^\s=]*)\s*=""")
_HEADING = re.compile(r"#+\s*https?://devenv\.sh/([\w-]+)/?\s*$")


def _naming_comment(root: str, group: Group, data: bytes) -> Node | None:
    """Return the last line of the comment block that names an option: its commented-out line or its manual page."""
    own = [node for node in group.comments if is_first(data, node.start_byte)]
    for pattern in (_ASSIGNMENT, _HEADING):
        for index, node in enumerate(own):
            match = pattern.match(text(node, data))
            if match is None or match[1].split(".")[0] != root:
                continue
            for following in own[index + 1 :]:
                if next_line(data, node.end_byte) != data.rfind(b"\n", 0, following.start_byte) + 1:
                    break
                node = following  # noqa: PLW2901  (the block goes on)
            return node
    return None
