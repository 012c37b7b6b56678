"""Lists: appending to, prepending to and removing from the list that an option's value is or contains."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel.source.nix.bindings import (
    canonical,
    expressions_in,
    insert_value,
    require_editable,
    says_at,
    set_value,
)
from devkeel.source.nix.equality import key
from devkeel.source.nix.head import arguments_for, require_arguments
from devkeel.source.nix.index import operator
from devkeel.source.nix.layers import call, peel
from devkeel.source.nix.layout import Group, is_first, line_end, line_start
from devkeel.source.nix.literal import Expression, Style, Value, print_element, print_value, read_value
from devkeel.source.nix.path import format_path
from devkeel.source.nix.proof import prove
from devkeel.source.nix.scope import binding_of, count_uses
from devkeel.source.nix.syntax import text
from devkeel.source.splice import Edited, Splice, apply

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from tree_sitter import Node

    from devkeel.source.nix.document import Document
    from devkeel.source.nix.index import Definition
    from devkeel.source.nix.path import AttrPath

__all__ = ["Spelling", "add", "append", "append_line", "elements", "every_list", "find_list", "prepend", "remove"]

MAX_DEPTH = 200
_WITH_BODY = frozenset({"let_expression", "with_expression", "assert_expression"})
_NEEDS_PARENTHESES = frozenset({"function_expression", "if_expression", "unary_expression", "binary_expression"})


def find_list(node: Node, data: bytes) -> Node | None:
    """Return the first list in a value that always counts: the one that a new element goes into."""
    stack = [node]
    while stack:
        node = stack.pop()
        if node.type == "list_expression":
            return node
        stack += reversed(_always(node, data))
    return None


def _always(node: Node, data: bytes) -> list[Node]:
    """Return the parts of a value whose lists always count."""
    found: list[Node | None] = []
    if node.type == "parenthesized_expression":
        found = [node.child_by_field_name("expression")]
    elif node.type in _WITH_BODY:
        found = [node.child_by_field_name("body")]
    elif node.type == "variable_expression":
        found = [_named_list(node, data)]
    elif operator(node, data) == "++":
        found = [node.child_by_field_name(side) for side in ("left", "right")]
    elif node.type == "apply_expression":
        name, arguments = call(node, data)
        if name == "mkMerge" and len(arguments) == 1:
            parts = peel(arguments[0], data).core
            found = [*parts.children_by_field_name("element")] if parts.type == "list_expression" else []
        elif len(arguments) == (2 if name in {"mkOverride", "mkOrder"} else 1 if name in _ONE_ARGUMENT else 0):
            found = [arguments[-1]]
    return [item for item in found if item is not None]


_ONE_ARGUMENT = frozenset({"mkDefault", "mkForce", "mkBefore", "mkAfter"})


def _named_list(node: Node, data: bytes, *, shared: bool = False) -> Node | None:
    """Return the list that a name stands for; with `shared` also that of a name which is used elsewhere too."""
    binding = binding_of(node, data)
    if binding is None or (not shared and count_uses(binding, text(node, data), data) != 1):
        return None
    value = binding.child_by_field_name("expression")
    return find_list(value, data) if value is not None and value.type != "variable_expression" else None


def every_list(node: Node, data: bytes, *, shared: bool = True) -> Iterator[Node]:
    """Yield every list in a value that contributes elements, arguments of calls included, in file order.

    Without `shared`, not those behind a name that is used elsewhere too; none that is nested deeper than 200.
    """
    stack = [(node, 0)]
    while stack:
        node, depth = stack.pop()
        if node.type == "list_expression":
            yield node
        elif depth <= MAX_DEPTH:
            stack += [(child, depth + 1) for child in reversed(_sometimes(node, data, shared=shared))]


def _sometimes(node: Node, data: bytes, *, shared: bool) -> list[Node]:
    """Return the parts of a value whose lists contribute elements."""
    if node.type == "variable_expression":
        found = _named_list(node, data, shared=shared)
        return [found] if found is not None else []
    if node.type in _WITH_BODY:
        body = node.child_by_field_name("body")
        return [body] if body is not None else []
    return [child for child in node.named_children if child.type not in _NO_LIST]


_NO_LIST = frozenset({"function_expression", "attrset_expression", "rec_attrset_expression"})


def _require_shallow(document: Document, item: Definition) -> None:
    """Refuse a value that is nested so deep that not all of its lists are looked at."""
    stack = [(item.value, 0)] if item.value is not None else []
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise document.refuse(
                "too_deep", f"{format_path(item.path)} is nested deeper than {MAX_DEPTH}, too deep to edit.", item.node
            )
        if node.type not in {"list_expression", "variable_expression"}:
            stack += [(child, depth + 1) for child in _sometimes(node, document.data, shared=True)]


def elements(node: Node) -> list[Node]:
    """Return the elements of a list node."""
    return node.children_by_field_name("element")


def definition_of(document: Document, path: AttrPath) -> Definition | None:
    """Return the definition of an option that an edit of its list is about, None when nothing defines it."""
    raw = require_editable(document, path)
    found = [item for item in document.focus(raw).bindings if item.raw == raw]
    plain = [item for item in found if not item.conditions]
    for item in found:
        _require_shallow(document, item)
        if item.value is None or item.container.shared:
            code = "inherited" if item.value is None else "shared_name"
            raise document.refuse(code, f"{format_path(path)} comes from elsewhere.", item.node)
    if not plain and any(not item.container.conditions for item in found):
        raise document.refuse("conditional", f"{format_path(path)} is defined under a condition only.", found[0].node)
    with_list = [item for item in plain if item.value is not None and find_list(item.value, document.data)]
    return next(iter(with_list or plain), None)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How elements are spelt, and which lists count.

    read: what an element stands for, to compare by. write: what to print for a value at a node. target: the list of a
    value that a new element goes into. lists: every list of a value that an element may be in.
    """

    read: Callable[[Node, bytes], Value] = read_value
    write: Callable[[Node, Value], Value] = lambda _, value: value
    target: Callable[[Node, bytes], Node | None] = find_list
    lists: Callable[[Node, bytes], Iterable[Node]] = every_list

    def present(self, value: Node, data: bytes) -> list[Value]:
        """Return what the elements of a value stand for."""
        return [self.read(node, data) for group in self.lists(value, data) for node in elements(group)]


PLAIN = Spelling()


def append(document: Document, path: AttrPath, values: list[Value]) -> Edited:
    """Append elements to the list at an option path; those that are there stay as they are."""
    return add(document, path, values)


def prepend(document: Document, path: AttrPath, values: list[Value]) -> Edited:
    """Put elements before the first one of the list at an option path."""
    return add(document, path, values, first=True)


def add(
    document: Document,
    path: AttrPath,
    values: list[Value],
    *,
    spelling: Spelling = PLAIN,
    first: bool = False,
    keep_sorted: bool = False,
) -> Edited:
    """Add elements to the list at an option path.

    keep_sorted: the order has no meaning, so a list that its author keeps sorted stays so.
    """
    for value in values:
        expressions_in(value)
    item = definition_of(document, path)
    if item is None:
        return insert_value(document, path, [spelling.write(document.body.core, value) for value in values])
    if item.value is None or item.layers is None:
        raise document.refuse("opaque_value", f"{format_path(path)} has no list to add to.", item.node)
    data = document.data
    present = set(map(key, spelling.present(item.value, data)))
    known = set(present)
    missing: list[Value] = []
    notes: list[str] = []
    for value in values:
        if (wanted := key(canonical(value))) not in known:
            missing.append(value)
        elif wanted in present:
            notes.append(f"{_name(value)} is already in {format_path(path)}.")
        known.add(wanted)
    if not missing:
        return Edited(data, notes=tuple(notes))
    target = spelling.target(item.value, data)
    at = target if target is not None else _tail(document, item)
    written = [spelling.write(at, value) for value in missing]
    splices = (
        _into(document.group(target), written, first=first, keep_sorted=keep_sorted)
        if target
        else _concatenate(at, written)
    )
    splices += require_arguments(document, arguments_for(document, at, expressions_in(written)))
    raw = item.raw

    def holds(after: Document) -> bool:
        values = [other.value for other in after.focus(raw).bindings if other.raw == raw and other.value is not None]
        return known <= {key(found) for value in values for found in spelling.present(value, after.data)}

    return prove(document, apply(data, splices, notes), [raw], holds)


def _name(value: Value) -> str:
    return value.source if isinstance(value, Expression) else print_element(value, Style())


def _into(group: Group, values: list[Value], *, first: bool, keep_sorted: bool) -> list[Splice]:
    if first and group.items:
        return _before_first(group, values)
    splices = [
        group.insert(_element(value), after=_predecessor(group, value) if keep_sorted else None) for value in values
    ]
    if not group.items and len(splices) > 1:
        return _fill(group, values)
    if group.one_line and group.items:
        at = group.items[-1].end_byte
        line = group.data[line_start(group.data, at) : line_end(group.data, at)].decode("utf-8", "replace")
        added = "".join(item.text.decode() for item in splices)
        if "\n" in added or len(line) + len(added) > Style().width:
            return _explode(group, values)
    return splices


def _element(value: Value) -> Callable[[Style], str]:
    return lambda style: print_element(value, style)


def _fill(group: Group, values: list[Value]) -> list[Splice]:
    def render(style: Style) -> str:
        return f"{style.newline}{style.indent}".join(print_element(value, style) for value in values)

    if group.one_line and not group.comments:
        line = " ".join(print_element(value, Style()) for value in values)
        return [group.insert(lambda _: line, after=None)] if "\n" not in line else [group.open(render)]
    return [group.insert(render, after=None)]


def _before_first(group: Group, values: list[Value]) -> list[Splice]:
    head = group.items[0]
    if group.one_line or not is_first(group.data, head.start_byte):
        line = "".join(print_element(value, Style()) + " " for value in values)
        return [Splice(head.start_byte, head.start_byte, line.encode())]
    return [group.insert(_element(value), after=None, before=head) for value in values]


def _explode(group: Group, values: list[Value]) -> list[Splice]:
    """Put a list that has grown too wide on several lines, one element a line."""
    data, style = group.data, group.style()
    gap = f"{style.newline}{style.indent}"
    splices, position = [], group.opening
    for item in group.items:
        if not data[position : item.start_byte].strip():
            splices.append(Splice(position, item.start_byte, gap.encode()))
        position = item.end_byte
    closing = style.newline + style.indent.removesuffix(style.unit)
    tail = "".join(gap + print_element(value, style) for value in values) + closing
    kept = data[position : group.closing].rstrip()
    splices.append(Splice(position + len(kept), group.closing, tail.encode()))
    return splices


_SORTED_FROM = 4


def _predecessor(group: Group, value: Value) -> Node | None:
    """Return the element to go behind: in a list that is clearly sorted its predecessor, else the last one."""
    last = group.items[-1] if group.items else None
    own = [node for node in group.comments if is_first(group.data, node.start_byte)]
    if len(group.items) < _SORTED_FROM or own or group.one_line:
        return last
    keys = [text(node, group.data).lower() for node in group.items]
    key = print_element(value, Style()).lower()
    if keys != sorted(keys) or key < keys[0]:
        return last
    return [node for node, other in zip(group.items, keys, strict=True) if other <= key][-1]


def _tail(document: Document, item: Definition) -> Node:
    """Return the expression that `++ [ … ]` can follow."""
    if item.layers is None:
        raise document.refuse("opaque_value", "There is no list to add to.", item.node)
    node = item.layers.target
    while node.type in _WITH_BODY and (body := node.child_by_field_name("body")) is not None:
        node = body
    name, _ = call(node, document.data)
    wrong = node.type in {
        "string_expression",
        "indented_string_expression",
        "integer_expression",
        "attrset_expression",
    }
    if name.startswith("mk") or wrong or item.layers.merge or isinstance(read_value(node, document.data), bool):
        raise document.refuse("opaque_value", f"{format_path(item.path)} has no list to add to.", item.node)
    return node


def _concatenate(node: Node, values: list[Value]) -> list[Splice]:
    tail = f" ++ [ {' '.join(print_element(value, Style()) for value in values)} ]"
    joined = node.type == "binary_expression" and any(child.type == "++" for child in node.children)
    if node.type in _NEEDS_PARENTHESES and not joined:
        return [
            Splice(node.start_byte, node.start_byte, b"("),
            Splice(node.end_byte, node.end_byte, f"){tail}".encode()),
        ]
    return [Splice(node.end_byte, node.end_byte, tail.encode())]


def remove(document: Document, path: AttrPath, values: list[Value], *, spelling: Spelling = PLAIN) -> Edited:
    """Remove elements from the lists in the value of an option path. Nothing there is no change."""
    raw, data, values = require_editable(document, path), document.data, [canonical(value) for value in values]
    found = [item for item in document.focus(raw).bindings if item.raw == raw and item.value is not None]
    splices: list[Splice] = []
    wanted = {key(value) for value in values}
    gone: set[Hashable] = set()
    for item in found:
        _require_shallow(document, item)
        reached = list(every_list(item.value, data)) if item.value is not None else []
        own = list(every_list(item.value, data, shared=False)) if item.value is not None else []
        for node in spelling.lists(item.value, data) if item.value is not None else ():
            keyed = [(child, key(spelling.read(child, data))) for child in elements(node)]
            hits = [child for child, found in keyed if found in wanted]
            if hits and (item.container.shared or (node in reached and node not in own)):
                raise document.refuse("shared_name", "The list is a name that is used elsewhere too.", item.node)
            gone |= {found for _, found in keyed if found in wanted}
            splices += _remove_elements(document.group(node), hits)
    notes = [f"{_name(value)} is not in {format_path(path)}." for value in values if key(value) not in gone]

    def holds(after: Document) -> bool:
        kept = [other.value for other in after.focus(raw).bindings if other.raw == raw and other.value is not None]
        return wanted.isdisjoint(key(found) for value in kept for found in spelling.present(value, after.data))

    return prove(document, apply(data, splices, notes), [raw], holds)


def _remove_elements(group: Group, hits: list[Node]) -> list[Splice]:
    if hits and len(hits) == len(group.items) and group.one_line and not group.comments:
        return [Splice(group.opening, group.closing, b" ")]
    splices: list[Splice] = []
    end = 0
    for hit in hits:
        for item in group.remove(hit):
            start, end = max(item.start, end), max(item.end, end)
            splices.append(Splice(start, max(start, item.end), item.text))
    return splices


def append_line(document: Document, path: AttrPath, line: str) -> Edited:
    """Append a line to the text at an option path (enterShell and the like)."""
    raw = require_editable(document, path)
    print_value(line)
    found = [item for item in document.focus(raw).bindings if item.raw == raw and not item.conditions]
    if not found:
        return insert_value(document, path, f"{line}\n")
    item = found[0]
    if item.layers is None or len(found) > 1:
        raise document.refuse("ambiguous", f"{format_path(path)} is not one text.", item.node)
    node, value = item.layers.core, document.value(item)
    if isinstance(value, str) and line in value.split("\n"):
        return Edited(document.data, notes=(f"The line is already in {format_path(path)}.",))
    if isinstance(value, str) and (node.type != "indented_string_expression" or not value.strip()):
        whole = f"{value.rstrip(chr(10))}\n{line}\n" if value.strip() else f"{line}\n"
        return set_value(document, path, whole)
    splice = _line_splice(document.data, node, line) if node.type == "indented_string_expression" else None
    if splice is None:
        raise document.refuse("opaque_value", f"{format_path(path)} is not a literal text.", item.node)
    wanted = f"{value}{line}\n" if isinstance(value, str) and value.endswith("\n") else None

    def holds(after: Document) -> bool:
        if wanted is None:
            return isinstance(value, Expression) or says_at(after, path, f"{value}\n{line}", item)
        return says_at(after, path, wanted, item)

    return prove(document, apply(document.data, [splice]), [raw], holds)


def _line_splice(data: bytes, node: Node, line: str) -> Splice | None:
    """Put a line before the closing quotes of an indented string, with the string's own indent."""
    if re.search(r"'''|'\$|\$'|['$]\Z|[\r\n]", line):
        return None
    source = data[node.start_byte : node.end_byte].decode()
    rows = source[2:-2].split("\n")
    solid = [row for row in rows[1:] if row.strip(" ")]
    indent = min((row[: len(row) - len(row.lstrip(" "))] for row in solid), key=len, default=None)
    if indent is None:
        return None
    escaped = indent + line.replace("''", "'''").replace("${", "''${")
    closing = node.end_byte - 2
    start = line_start(data, closing)
    if is_first(data, closing):
        end = "\r\n" if data[start - 2 : start] == b"\r\n" else "\n"
        return Splice(start, start, f"{escaped}{end}".encode())
    return Splice(closing, closing, f"\n{escaped}".encode())
