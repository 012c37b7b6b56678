"""The parts of a list's value: which elements it always has, which under a condition, and what the text leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.layers import JOINS, LISTS, call, is_wrapper, peel
from devkeel.source.nix.read.literal import bound_path
from devkeel.source.nix.read.scope import SETS, binding_of, bindings, count_uses, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = [
    "BODIES",
    "MAX_DEPTH",
    "Element",
    "Part",
    "elements",
    "find_list",
    "is_deep",
    "is_join",
    "is_list",
    "listed",
    "lists_inside",
    "parts",
]

BODIES = frozenset({"let_expression", "with_expression", "assert_expression"})
_INNER = {"parenthesized_expression": "expression"} | dict.fromkeys(BODIES, "body")
# nixpkgs, lib/lists.nix: `optionals` takes a list, `optional` one element; `flatten` leaves what is no list as it is.
_CONDITIONS = frozenset({"mkIf", "optionals"})
_LISTS = frozenset({"mkMerge", "concatLists", "flatten"})  # they take a list of lists
MAX_DEPTH = 200  # what is nested deeper is not looked into


class Part(Struct, frozen=True):
    """A list literal that contributes to a value, or an expression that does in an unknown way.

    node: the list; for `optional CONDITION x` the call. items: the elements. certain: no condition decides about
    them. shared: they stand behind a name that is used elsewhere too. single: the call of `optional`. opaque: lists
    inside are something else than elements of the value, as in `filter f [ … ]`; there are no items.
    """

    node: Node
    items: tuple[Node, ...] = ()
    certain: bool = True
    shared: bool = False
    single: bool = False
    fixed: bool = False
    opaque: bool = False


class Element(Struct, frozen=True):
    """An element of a list's value, by its source and where that begins.

    always: no condition decides about it. known: False for an expression that gives elements which the text does not
    show.
    """

    source: str
    offset: int
    always: bool
    known: bool


def listed(node: Node, data: bytes) -> Iterator[Element]:
    """Yield the elements of a list's value, and the expressions in it that may give more."""
    for part in parts(node, data):
        for item in (part.node,) if part.opaque else part.items:
            yield Element(text(item, data), item.start_byte, part.certain and not part.opaque, not part.opaque)


def elements(node: Node) -> list[Node]:
    """Return the elements of a list node."""
    return node.children_by_field_name("element")


def _sides(node: Node) -> list[Node]:
    return [side for field in ("left", "right") if (side := node.child_by_field_name(field)) is not None]


class _Route(Struct, frozen=True):
    """How a part of a value is reached; `entered` has the names that were followed, and whether they counted always."""

    certain: bool = True
    shared: bool = False
    depth: int = 0
    entered: set[tuple[int, bool]] = field(default_factory=set)

    def on(self, *, always: bool = True, alone: bool = True) -> _Route:
        """Return the way one step further."""
        return _Route(self.certain and always, self.shared or not alone, self.depth + 1, self.entered)


def parts(node: Node, data: bytes, way: _Route | None = None) -> Iterator[Part]:
    """Yield the parts of a list's value, in the order of the value; what a name stands for only once."""
    way = way or _Route()
    name, arguments = call(node, data)
    if node.type == "list_expression":
        yield Part(node, tuple(elements(node)), way.certain, way.shared)
    elif (name, len(arguments)) == ("optional", 2):
        yield Part(node, (arguments[1],), certain=False, shared=way.shared, single=True)
    elif name == "attrValues" and len(arguments) == 1 and (values := _values(arguments[0], data)) is not None:
        yield Part(node, values, way.certain, way.shared, fixed=True)
    elif name in _LISTS and len(arguments) == 1 and way.depth < MAX_DEPTH:
        for part in parts(arguments[0], data, way.on()):
            yield from _parts_of_lists(part, data, name, way.on())
    else:
        operands = list(_operands(node, data)) if way.depth < MAX_DEPTH else []
        if not operands:
            yield Part(node, certain=way.certain, shared=way.shared, opaque=True)
        for operand, always, alone in operands:
            if node.type == "variable_expression":
                entry = operand.start_byte, way.certain
                if entry in way.entered:
                    continue
                way.entered.add(entry)
            yield from parts(operand, data, way.on(always=always, alone=alone))


def _values(node: Node, data: bytes) -> tuple[Node, ...] | None:
    """Return the values of a literal set, those that are inherited as their names; None where not all are seen."""
    while node.type in _INNER and (inner := node.child_by_field_name(_INNER[node.type])) is not None:
        node = inner
    if node.type not in SETS:
        return None
    found: list[Node] = []
    for binding in bindings(node):
        value = binding.child_by_field_name("expression") if binding.type == "binding" else None
        if binding.type == "binding" and (value is None or len(bound_path(binding, data)) > 1):
            return None
        found += [value] if value is not None and binding.type == "binding" else []
        found += [attribute for attribute, _ in inherited(binding, data)] if binding.type != "binding" else []
    return tuple(found)


def _operands(node: Node, data: bytes) -> Iterator[tuple[Node, bool, bool]]:
    """Yield what a value is made of: the node, whether it always counts, whether it stands for nothing else."""
    yield from ((inner, True, True) for inner in _same(node))
    if operator(node, data) == "++":
        yield from ((side, True, True) for side in _sides(node))
    elif node.type == "if_expression":
        branches = (node.child_by_field_name(field) for field in ("consequence", "alternative"))
        yield from ((branch, False, True) for branch in branches if branch is not None)
    elif node.type == "variable_expression":
        yield from ((value, True, alone) for value, alone in _named(node, data))
    elif node.type == "apply_expression":
        name, arguments = call(node, data)
        if name in _CONDITIONS and len(arguments) == 2:  # noqa: PLR2004
            yield arguments[1], False, True
        elif is_wrapper(name, arguments) or (name, len(arguments)) == ("unique", 1) or is_join(name, arguments):
            yield arguments[-1], True, True


def _named(node: Node, data: bytes) -> Iterator[tuple[Node, bool]]:
    """Yield the value of a name that a let binds, and whether the name is used here alone."""
    binding = binding_of(node, data)
    value = binding.child_by_field_name("expression") if binding is not None else None
    if binding is not None and value is not None:
        yield value, count_uses(binding, text(node, data), data) == 1


def _same(node: Node) -> list[Node]:
    """Return what a node is the same as: the inside of parentheses, the body of a let, with or assert."""
    inner = node.child_by_field_name(_INNER[node.type]) if node.type in _INNER else None
    return [inner] if inner is not None else []


def _parts_of_lists(part: Part, data: bytes, name: str, way: _Route) -> Iterator[Part]:
    """Yield the parts of a list of lists; `flatten` takes elements that are no lists too."""
    if part.opaque or way.depth >= MAX_DEPTH:
        yield part if part.opaque else replace(part, items=(), opaque=True)
        return
    own = replace(way, certain=part.certain, shared=part.shared)
    found = [(item, list(parts(item, data, own.on()))) for item in part.items]
    # An element of `flatten` that has no list in it is an element.
    single = {item.id for item, inner in found if name == "flatten" and inner and all(each.opaque for each in inner)}
    if single:
        yield replace(part, items=tuple(item for item in part.items if item.id in single))
    for item, inner in found:
        for each in inner if item.id not in single else ():
            yield from _parts_of_lists(each, data, name, own.on()) if name == "flatten" else [each]


def lists_inside(node: Node) -> Iterator[Node]:
    """Yield the outermost lists in an expression, whatever they mean there."""
    stack = [node]
    while stack:
        item = stack.pop()
        if item.type == "list_expression":
            yield item
        else:
            stack += reversed(item.named_children)


def find_list(node: Node, data: bytes, *, last: bool = False) -> Node | None:
    """Return the first, or the last, list in a value that always counts: the one that a new element goes into."""
    stack = [(node, 0)]
    while stack:
        node, depth = stack.pop()
        if node.type == "list_expression":
            return node
        if depth <= MAX_DEPTH:
            inner = _always(node, data)
            stack += [(item, depth + 1) for item in (inner if last else reversed(inner))]
    return None


def _always(node: Node, data: bytes) -> list[Node]:
    """Return the parts of a value whose lists always count, and are used nowhere else."""
    if node.type == "variable_expression":
        return [value for value, alone in _named(node, data) if alone]
    if operator(node, data) == "++":
        return _sides(node)
    if node.type != "apply_expression":
        return _same(node)
    name, arguments = call(node, data)
    if name == "mkMerge" and len(arguments) == 1:
        core = peel(arguments[0], data).core
        return elements(core) if core.type == "list_expression" else []
    return [arguments[-1]] if is_wrapper(name, arguments) or is_join(name, arguments) else []


def is_join(name: str, arguments: list[Node]) -> bool:
    """Return whether a call joins the elements of its last argument into a text, as `makeLibraryPath [ … ]`."""
    return JOINS.get(name) == len(arguments)


def makes_search_path(node: Node, data: bytes) -> bool:
    """Return whether a value is the search path of packages: text among them would be a package's own path."""
    stack = [node]
    while stack:
        node = stack.pop()
        name, arguments = call(node, data)
        if is_join(name, arguments):
            return name.startswith("make")
        stack += _always(node, data)
    return False


def is_list(node: Node, data: bytes, depth: int = 0) -> bool:
    """Return whether an expression is certainly a list, whatever is in it."""
    if node.type == "list_expression" or operator(node, data) == "++":
        return True
    if depth > MAX_DEPTH:
        return False
    name, arguments = call(node, data)
    if LISTS.get(name) == len(arguments):
        return True
    inner = [node.child_by_field_name(field) for field in ("consequence", "alternative")]
    found = [operand for operand, _, _ in _operands(node, data)] if name != "mkIf" else []
    found = found if node.type != "if_expression" else [side for side in inner if side is not None]
    joins = node.type == "apply_expression" and is_join(name, arguments)
    return bool(found) and not joins and all(is_list(item, data, depth + 1) for item in found)


def is_deep(node: Node) -> bool:
    """Return whether a value is nested so deep that not all of it is looked into."""
    stack = [(node, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            return True
        if node.type not in _ENDS:
            inner = _same(node) if node.type in BODIES else node.named_children
            stack += [(child, depth + 1) for child in inner]
    return False


_ENDS = frozenset(
    {
        "list_expression",
        "variable_expression",
        "function_expression",
        "attrset_expression",
        "rec_attrset_expression",
    }
)
