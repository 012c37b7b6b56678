"""Lists: appending to, prepending to and removing from the list that an option's value is or contains."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.source.nix.read.equality import key
from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.layers import call
from devkeel.source.nix.read.layout import Group, is_first, line_end, line_start
from devkeel.source.nix.read.list_parts import (
    BODIES,
    MAX_DEPTH,
    Part,
    elements,
    find_list,
    is_deep,
    is_join,
    is_list,
    lists_inside,
    makes_search_path,
    parts,
)
from devkeel.source.nix.read.literal import Expression, Style, Value, print_element, read_value
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.write.bindings import (
    canonical,
    expressions_in,
    insert_value,
    require_editable,
    require_no_set,
)
from devkeel.source.nix.write.head import arguments_for, require_arguments
from devkeel.source.nix.write.proof import prove
from devkeel.source.path import format_path
from devkeel.source.splice import Edited, Splice, apply
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Definition
    from devkeel.source.path import AttrPath

__all__ = ["Spelling", "add", "append", "prepend", "put_into", "remove"]

# nix, src/libexpr/parser.y: a function and an if reach as far to the right as they can, and only `?` and a minus bind
# more closely than ++.
_NEEDS_PARENTHESES = frozenset({"function_expression", "if_expression", "unary_expression", "binary_expression"})


def _require_shallow(document: Document, item: Definition) -> None:
    """Refuse a value that is nested so deep that not all of its lists are looked at."""
    if item.value is not None and is_deep(item.value):
        raise document.refuse(
            "too_deep", f"{format_path(item.path)} is nested deeper than {MAX_DEPTH}, too deep to edit.", item.node
        )


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


def definitions_of(document: Document, path: AttrPath) -> list[Definition]:
    """Return every definition of an option that has a value."""
    raw = document.raw_path(path)
    return [item for item in document.focus(raw).bindings if item.raw == raw and item.value is not None]


class _Present(Struct, frozen=True):
    """What an element of a list stands for, and the element; `certain`: no condition decides about it.

    exact: it is a plain element of a list, neither another make of what it stands for nor a value of `attrValues`.
    """

    value: Value
    node: Node
    certain: bool
    exact: bool = True


class Spelling(Struct, frozen=True):
    """How elements are spelt, and which lists count.

    read: what an element stands for, to compare by; others: what it may stand for besides; variant: what it is another
    make of. write: what to print for a value at a node. target: the list of a value that a new element goes into, the
    last one when `last`. parts: the parts of a value that an element may be in. key: what a value is compared by.
    local: names are those of the place, not the module's arguments. needs: what has to be written elsewhere for new
    elements to have a meaning, from them.
    """

    read: Callable[[Node, bytes], Value] = read_value
    write: Callable[[Node, Value], Value] = lambda _, value: value
    target: Callable[[Node, bytes], Node | None] = find_list
    parts: Callable[[Node, bytes], Iterable[Part]] = parts
    key: Callable[[Value], Value] = canonical
    local: bool = False
    others: Callable[[Node, bytes], list[Value]] = lambda _, __: []
    variant: Callable[[Node, bytes], Value] = lambda _, __: None
    needs: Callable[[list[Value]], list[Splice]] = lambda _: []

    def elements(self, document: Document, path: AttrPath) -> Iterator[_Present]:
        """Yield the elements of an option's lists, in each meaning that they may have."""
        data = document.data
        for item in definitions_of(document, path):
            for part in self.parts(item.value, data) if item.value is not None else ():
                certain = part.certain and not item.conditions
                for node in part.items:
                    for value in (self.read(node, data), *self.others(node, data)):
                        yield _Present(value, node, certain, exact=not part.fixed)
                    made = self.variant(node, data)
                    if made is not None:
                        yield _Present(made, node, certain, exact=False)

    def stands_for(self, node: Node, data: bytes) -> set[Hashable]:
        """Return the keys of what an element stands for or may stand for."""
        return {key(value) for value in (self.read(node, data), *self.others(node, data))}


FIRST = Spelling()
LAST = Spelling(target=partial(find_list, last=True))


def append(document: Document, path: AttrPath, values: list[Value], *, listed: bool = False) -> Edited:
    """Append elements to the list at an option path; those that are there stay as they are."""
    return add(document, path, values, spelling=LAST, listed=listed)


def prepend(document: Document, path: AttrPath, values: list[Value], *, listed: bool = False) -> Edited:
    """Put elements before the first one of the list at an option path."""
    return add(document, path, values, first=True, listed=listed)


def add(
    document: Document,
    path: AttrPath,
    values: list[Value],
    *,
    spelling: Spelling = FIRST,
    first: bool = False,
    keep_sorted: bool = False,
    listed: bool = False,
) -> Edited:
    """Add elements to the list at an option path.

    keep_sorted: the order has no meaning, so a list that its author keeps sorted stays so. listed: the option takes
    nothing but a list, so that its value is one also where the text does not show it.
    """
    for value in values:
        expressions_in(value)
    item = definition_of(document, path)
    there = list(spelling.elements(document, path))
    every = {key(element.value) for element in there}
    certain = {key(element.value): element for element in reversed(there) if element.certain}
    known = set(certain)
    missing: list[Value] = []
    notes: list[str] = []
    for value in values:
        wanted = key(spelling.key(value))
        if wanted in certain:
            notes.append(_already(document, path, value, certain[wanted]))
        elif wanted not in known:
            missing.append(value)
            if wanted in every:
                notes.append(f"{_name(value)} was in {format_path(path)} under a condition only; that stays beside it.")
            notes += _beside(document, path, value, wanted, spelling)
        known.add(wanted)
    if not missing:
        return Edited(document.data, notes=tuple(notes))
    if item is None:
        require_no_set(document, document.raw_path(path))
        written = [spelling.write(document.body.core, value) for value in missing]
        return replace(insert_value(document, path, written, more=spelling.needs(written)), notes=tuple(notes))
    target, at = _place(document, item, spelling, listed=listed)
    texts = [value for value in missing if not isinstance(value, Expression)]
    if texts and item.value is not None and makes_search_path(item.value, document.data):
        raise document.refuse(
            "opaque_value",
            f"{format_path(path)} is the search path of packages; {_name(texts[0])} would become a path inside of it.",
            item.node,
            f"Add a package as an expression, or write this change with {do('patch')}.",
        )
    written = [spelling.write(at, value) for value in missing]
    splices = (
        put_into(document.group(target), written, first=first, keep_sorted=keep_sorted)
        if target
        else _concatenate(at, written, first=first)
    )
    named = [] if spelling.local else expressions_in(written)
    # A module is a function of what it names: one that names no `pkgs` is given none (nixpkgs, lib/modules.nix,
    # `applyModuleArgs`).
    splices += [*spelling.needs(written), *require_arguments(document, arguments_for(document, at, named))]

    def holds(after: Document) -> bool:
        now = list(spelling.elements(after, path))
        sure = {key(element.value) for element in now if element.certain}
        return known <= sure and every <= {key(element.value) for element in now}

    return prove(document, apply(document.data, splices, notes), [item.raw], holds)


def _already(document: Document, path: AttrPath, value: Value, element: _Present) -> str:
    """Return the sentence that an element is there, with its place where it is not written as such."""
    said = f"{_name(value)} is already in {format_path(path)}"
    return f"{said}." if element.exact else f"{said}, as {_shown(document, element.node)}."


_SHOWN = 60


def _shown(document: Document, node: Node) -> str:
    """Return an expression, or the inherit that a name is in, with its line."""
    statement = node.parent.parent if node.type == "identifier" and node.parent is not None else None
    source = " ".join(text(statement or node, document.data).split())
    return f"`{source[:_SHOWN]}{' …' if len(source) > _SHOWN else ''}` (line {node.start_point[0] + 1})"


def _beside(document: Document, path: AttrPath, value: Value, wanted: Hashable, spelling: Spelling) -> Iterator[str]:
    """Yield where an element stands that may be one of the list or not: in the argument of a call."""
    for item in definitions_of(document, path):
        for part in spelling.parts(item.value, document.data) if item.value is not None else ():
            lists = lists_inside(part.node) if part.opaque else ()
            if any(wanted in spelling.stands_for(node, document.data) for found in lists for node in elements(found)):
                yield f"{_name(value)} stands in {_shown(document, part.node)} too, whose result was not looked at."


def _place(document: Document, item: Definition, spelling: Spelling, *, listed: bool) -> tuple[Node | None, Node]:
    """Return the list to add to, if there is one, and else what `++ [ … ]` can follow."""
    if item.value is None or item.layers is None:
        raise document.refuse("opaque_value", f"{format_path(item.path)} has no list to add to.", item.node)
    target = spelling.target(item.value, document.data)
    return target, target if target is not None else _tail(document, item, listed=listed)


def _name(value: Value) -> str:
    return value.source if isinstance(value, Expression) else print_element(value, Style())


def put_into(group: Group, values: list[Value], *, first: bool = False, keep_sorted: bool = True) -> list[Splice]:
    """Return the splices that put elements into a list; keep_sorted: where its author keeps it sorted."""
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


def _tail(document: Document, item: Definition, *, listed: bool) -> Node:
    """Return the expression that `++ [ … ]` can follow: one that is certainly a list."""
    if item.layers is None:
        raise document.refuse("opaque_value", "There is no list to add to.", item.node)
    node, data = _body(item.layers.target), document.data
    name, arguments = call(node, data)
    if is_join(name, arguments):
        return _body(arguments[-1])  # what it joins is a list
    made = text(_function(node), data).rpartition(".")[2].startswith("mk")
    constant = isinstance(read_value(node, data), (bool, type(None)))
    wrong = node.type in _NO_LIST or operator(node, data) not in {"", "++"} or constant
    if made or wrong or item.layers.merge or not (listed or is_list(node, data)):
        raise document.refuse(
            "opaque_value",
            f"{format_path(item.path)} has no list to add to."
            if wrong
            else f"Neither the text nor a known type says that {format_path(item.path)} is a list.",
            item.node,
        )
    return node


# What is certainly no list. nix, src/libexpr/parser.y: `+`, `//`, `->` and comparisons make none either.
_NO_LIST = frozenset(
    {
        "string_expression",
        "indented_string_expression",
        "integer_expression",
        "float_expression",
        "path_expression",
        "hpath_expression",
        "spath_expression",
        "uri_expression",
        "unary_expression",
        "attrset_expression",
        "rec_attrset_expression",
        "function_expression",
        "has_attr_expression",
    }
)


_INNER = {"parenthesized_expression": "expression"} | dict.fromkeys(BODIES, "body")


def _body(node: Node) -> Node:
    """Return what parentheses, a let, a with or an assert are about."""
    while node.type in _INNER and (body := node.child_by_field_name(_INNER[node.type])) is not None:
        node = body
    return node


def _function(node: Node) -> Node:
    """Return what a curried call calls, or the node itself."""
    while node.type == "apply_expression" and (function := node.child_by_field_name("function")) is not None:
        node = function
    return node


def _concatenate(node: Node, values: list[Value], *, first: bool = False) -> list[Splice]:
    added = f"[ {' '.join(print_element(value, Style()) for value in values)} ]"
    tail = f" ++ {added}"
    joined = node.type == "binary_expression" and any(child.type == "++" for child in node.children)
    parent = node.parent
    if parent is not None and parent.type == "apply_expression" and parent.child_by_field_name("argument") == node:
        opening, tail = (f"({added} ++ ", ")") if first else ("(", f"{tail})")
        return [
            Splice(node.start_byte, node.start_byte, opening.encode()),
            Splice(node.end_byte, node.end_byte, tail.encode()),
        ]
    if node.type in _NEEDS_PARENTHESES and not joined:
        opening, tail = (f"{added} ++ (", ")") if first else ("(", f"){tail}")
        return [
            Splice(node.start_byte, node.start_byte, opening.encode()),
            Splice(node.end_byte, node.end_byte, tail.encode()),
        ]
    if first:
        return [Splice(node.start_byte, node.start_byte, f"{added} ++ ".encode())]
    return [Splice(node.end_byte, node.end_byte, tail.encode())]


def remove(document: Document, path: AttrPath, values: list[Value], *, spelling: Spelling = FIRST) -> Edited:
    """Remove elements from the lists in the value of an option path. Nothing there is no change."""
    raw, data, keys = require_editable(document, path), document.data, [spelling.key(value) for value in values]
    splices: list[Splice] = []
    wanted = set(map(key, keys))
    gone: set[Hashable] = set()
    hidden: list[str] = []

    def hits(nodes: Iterable[Node]) -> list[Node]:
        return [node for node in nodes if not wanted.isdisjoint(spelling.stands_for(node, data))]

    for item in definitions_of(document, path):
        _require_shallow(document, item)
        _refuse_no_list(document, item)
        if item.value is None:
            hidden.append(document.source(item).rstrip(";"))
        for part in spelling.parts(item.value, data) if item.value is not None else ():
            if part.opaque:
                _refuse_inside(
                    document, path, hits(child for found in lists_inside(part.node) for child in elements(found))
                )
                hidden.append(text(part.node, data)[:60])
            found = hits(part.items)
            made = [node for node in part.items if key(spelling.variant(node, data)) in wanted - {key(None)}]
            _refuse_inside(document, path, made + (found if part.fixed else []))
            if found and (item.container.shared or part.shared):
                raise document.refuse("shared_name", "The list is a name that is used elsewhere too.", item.node)
            gone |= {meant for child in found for meant in spelling.stands_for(child, data)}
            splices += _remove_elements(document, part, found)
    unseen = f" What {hidden[0]} gives was not looked at." if hidden else ""
    notes = [
        f"{_name(value)} is not in {format_path(path)}.{unseen}"
        for value, found in zip(values, map(key, keys), strict=True)
        if found not in gone
    ]

    kept = Counter(name for name, node in _named_in(document, path, spelling) if not hits([node]))

    def holds(after: Document) -> bool:
        left = Counter(name for name, _ in _named_in(after, path, spelling))
        return left == kept and wanted.isdisjoint(key(element.value) for element in spelling.elements(after, path))

    return prove(document, apply(data, splices, notes), [raw], holds)


def _named_in(document: Document, path: AttrPath, spelling: Spelling) -> Iterator[tuple[Hashable, Node]]:
    """Yield the elements of an option's lists, each with what it is compared by."""
    for item in definitions_of(document, path):
        for part in spelling.parts(item.value, document.data) if item.value is not None else ():
            yield from ((key(spelling.read(node, document.data)), node) for node in part.items)


def _refuse_no_list(document: Document, item: Definition) -> None:
    """Refuse to take an element out of a text, a number or a set: that it is not in there would be no answer."""
    if item.layers is not None and item.layers.core.type in _NO_LIST:
        raise document.refuse("opaque_value", f"{format_path(item.path)} is no list to remove from.", item.node)


def _refuse_inside(document: Document, path: AttrPath, hits: list[Node]) -> None:
    """Refuse to take away what is no plain element of a list: another make, or a part of an argument.

    Without it the call may mean something else.
    """
    if hits:
        raise document.refuse(
            "opaque_value",
            f"This stands in an expression of {format_path(path)} where it may mean something else than an element.",
            hits[0],
        )


def _remove_elements(document: Document, part: Part, hits: list[Node]) -> list[Splice]:
    if hits and part.single:
        return [_remove_operand(part.node, document.data)]
    if part.opaque or not hits:
        return []
    group = document.group(part.node)
    if len(hits) == len(group.items) and group.one_line and not group.comments:
        return [Splice(group.opening, group.closing, b" ")]
    return group.remove(*hits)


def _remove_operand(node: Node, data: bytes) -> Splice:
    """Take an operand of `++` away with its operator; what is no operand becomes an empty list."""
    while (parent := node.parent) is not None and parent.type == "parenthesized_expression":
        node = parent
    if parent is None or operator(parent, data) != "++":
        return Splice(node.start_byte, node.end_byte, b"[ ]")
    left, right = (parent.child_by_field_name(field) for field in ("left", "right"))
    other = right if node == left else left
    if other is not None and other.type not in {"list_expression", "variable_expression", "select_expression"}:
        return Splice(node.start_byte, node.end_byte, b"[ ]")
    if left is None or right is None or b"#" in data[left.end_byte : right.start_byte]:
        return Splice(node.start_byte, node.end_byte, b"[ ]")
    if node == right:
        return Splice(left.end_byte, right.end_byte, b"")
    return Splice(left.start_byte, right.start_byte, b"")
