"""Lexical scopes: which names a place sees, and which are not defined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, TypeAlias

from devkeel.source.nix.read.globals import GLOBALS
from devkeel.source.nix.read.literal import attribute_name, static_names
from devkeel.source.nix.read.syntax import Problem, children_of_type, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.splice import Span

__all__ = [
    "binder_of",
    "binding_of",
    "bindings",
    "bound_names",
    "count_uses",
    "enclosing_environments",
    "enclosing_withs",
    "free_names",
    "inherited",
    "is_bound",
    "undefined_in",
    "visible_names",
]

SETS = ("attrset_expression", "rec_attrset_expression")
# What brings the names of its own bindings or arguments into scope; `let { … body = …; }` is an old form of let.
_BINDERS = frozenset({"let_expression", "let_attrset_expression", "rec_attrset_expression", "function_expression"})


def bindings(node: Node) -> Iterator[Node]:
    """Yield the bindings and inherits of a set or a let."""
    for group in children_of_type(node, "binding_set"):
        yield from children_of_type(group, "binding", "inherit", "inherit_from")


def bound_names(node: Node, data: bytes) -> set[str]:
    """Return the names that a let, a rec set or a function brings into scope."""
    names: set[str] = set()
    if node.type == "function_expression":
        for child in node.children_by_field_name("universal"):
            names.add(text(child, data))
        formals = node.child_by_field_name("formals")
        for formal in children_of_type(formals, "formal") if formals else ():
            name = formal.child_by_field_name("name")
            if name is not None:
                names.add(text(name, data))
        return names
    for binding in bindings(node):
        if binding.type == "binding":
            path = binding.child_by_field_name("attrpath")
            first = static_names(path, data)[0] if path else None
            if first is not None:
                names.add(first)
        else:
            names |= {name for _, name in inherited(binding, data)}
    return names


def inherited(binding: Node, data: bytes) -> Iterator[tuple[Node, str]]:
    """Yield the nodes and names that an inherit defines."""
    attrs = binding.child_by_field_name("attrs")
    for node in attrs.named_children if attrs else ():
        name = None if node.is_missing else attribute_name(node, data)
        if name is not None:
            yield node, name


# A scope, with what is around it.
_Nest: TypeAlias = "tuple[Node, _Nest] | None"
# What is around the nodes that were asked about, and around all between them and the root. To find a parent,
# tree-sitter walks down from the root (lib/src/node.c, `ts_node_parent`): to climb anew from each of many nodes that
# are one inside the other would take the cube of their depth. A node keeps its whole tree: few trees are kept.
_NESTS: dict[Node, tuple[_Nest]] = {}
_ROOTS: list[Node] = []
_MOST_NESTS, _MOST_ROOTS = 10_000, 4


def _nest(node: Node) -> _Nest:
    if len(_NESTS) > _MOST_NESTS or len(_ROOTS) > _MOST_ROOTS:
        _NESTS.clear()
        _ROOTS.clear()
    passed: list[tuple[Node, Node]] = []
    # Another thread may forget them all meanwhile: each is looked up once.
    while (found := _NESTS.get(node)) is None and (parent := node.parent) is not None:
        passed.append((node, parent))
        node = parent
    if found is None:
        _ROOTS.append(node)
        found = _NESTS[node] = (None,)
    nest = found[0]
    for child, parent in reversed(passed):
        if parent.type in _BINDERS or (
            parent.type == "with_expression" and parent.child_by_field_name("body") == child
        ):
            nest = parent, nest
        _NESTS[child] = (nest,)
    return nest


def _scopes(node: Node) -> Iterator[Node]:
    """Yield the nodes around a node that bring names into scope there, innermost first."""
    nest = _nest(node)
    while nest is not None:
        scope, nest = nest
        yield scope


def is_bound(node: Node, name: str, data: bytes) -> bool:
    """Return whether a name is lexically bound at a node; `with` does not count, it never shadows."""
    return any(name in bound_names(scope, data) for scope in _scopes(node) if scope.type != "with_expression")


def visible_names(node: Node, data: bytes) -> set[str]:
    """Return the names that are lexically bound at a node."""
    found: set[str] = set()
    for scope in _scopes(node):
        if scope.type != "with_expression":
            found |= bound_names(scope, data)
    return found


def enclosing_environments(node: Node) -> list[Node]:
    """Return the `with` environments around a node, innermost first."""
    environments = (
        scope.child_by_field_name("environment") for scope in _scopes(node) if scope.type == "with_expression"
    )
    return [item for item in environments if item is not None]


def enclosing_withs(node: Node, data: bytes) -> list[str]:
    """Return the sources of the `with` environments around a node, innermost first."""
    return [text(item, data) for item in enclosing_environments(node)]


def binding_of(node: Node, data: bytes) -> Node | None:
    """Return the `let` binding that a variable refers to, or None when it is bound in another way."""
    name = text(node, data)
    for scope in _scopes(node):
        if scope.type == "with_expression" or name not in bound_names(scope, data):
            continue
        if scope.type != "let_expression":
            return None
        for binding in bindings(scope):
            path = binding.child_by_field_name("attrpath")
            if binding.type == "binding" and path and static_names(path, data) == (name,):
                return binding
        return None
    return None


def count_uses(binding: Node, name: str, data: bytes) -> int:
    """Return how often a name is used inside the let that binds it: 0, 1, or 2 for more; shadowing is not looked at."""
    scope = binding.parent
    while scope is not None and scope.type != "let_expression":
        scope = scope.parent
    if scope is None:
        return 0
    wanted, count = name.encode(), 0
    for node in _descendants(scope):
        if node.type == "variable_expression":
            count += data[node.start_byte : node.end_byte] == wanted
        elif node.type == "inherit":
            count += wanted in _words(node, data)
        if count > 1:
            break
    return count


def _words(node: Node, data: bytes) -> list[bytes]:
    return re.findall(rb"[\w'-]+", data[node.start_byte : node.end_byte])


def _descendants(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        item = stack.pop()
        yield item
        stack.extend(item.named_children)


# Names that come into scope or, with -1, go out of it. A `with` counts as a name that no variable has.
_Change: TypeAlias = tuple[Collection[str], int]
_WITH = ("with ",)


def free_names(root: Node, data: bytes) -> dict[str, int]:
    """Return the names that an expression uses and does not bind, each with the offset of its first use.

    A name under any `with` may come from there and is not counted (Nix decides it while evaluating).
    """
    free: dict[str, int] = {}
    bound: Counter[str] = Counter()

    def use(name: str, offset: int) -> None:
        # nix, src/libexpr/nixexpr.cc, `ExprVar::bindVars`: a lexical name goes before any `with`, and only without both
        # it is an error.
        if not bound[name] and not bound["with "] and name not in GLOBALS:
            free[name] = min(free.get(name, offset), offset)

    stack: list[Node | _Change] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            for name in node[0]:
                bound[name] += node[1]
        elif node.type == "variable_expression":
            before = node.prev_sibling
            # The grammar takes `a//b.c or d` for a call of a path with the name `or`.
            if before is None or before.type != "path_expression":
                use(text(node, data), node.start_byte)
        else:
            # `inherit x;` means the x around it, also in a rec set (nix, src/libexpr/nixexpr.cc,
            # `ExprAttrs::bindVars`).
            for attribute, name in _taken_from_outside(node, data):
                use(name, attribute.start_byte)
            stack += _parts(node, data)
    return free


def _taken_from_outside(node: Node, data: bytes) -> Iterator[tuple[Node, str]]:
    """Yield what `inherit x;` takes: from outside also where it is in a rec set or a let."""
    if node.type == "inherit":
        yield from inherited(node, data)
    elif node.type in _BINDERS:
        for item in bindings(node):
            if item.type == "inherit":
                yield from inherited(item, data)


def _parts(node: Node, data: bytes) -> list[Node | _Change]:
    """Return what is inside a node, the last to be looked at first, with the names that come and go."""
    kind = node.type
    if kind in _BINDERS:
        names = bound_names(node, data)
        return [(names, -1), *_inside(node), (names, 1)]
    if kind == "with_expression":
        environment, body = (node.child_by_field_name(field) for field in ("environment", "body"))
        return [(_WITH, -1), body, (_WITH, 1), environment] if environment is not None and body is not None else []
    if kind == "inherit":
        return []
    return [child for child in node.named_children if child.type != "identifier"]


def _inside(node: Node) -> Iterator[Node]:
    """Yield what a let, a rec set or a function has in its own scope."""
    for child in node.named_children:
        if child.type == "binding_set":
            yield from (item for item in child.named_children if item.type != "inherit")
        elif child.type != "identifier":
            yield child


def undefined_in(root: Node, data: bytes, span: Span) -> Iterator[Problem]:
    """Yield the variables inside a span that nothing binds."""
    stack = [root]
    while stack:
        node = stack.pop()
        inside = span.start <= node.start_byte and node.end_byte <= span.end
        if not inside and node.type != "variable_expression":
            stack += [
                child for child in node.named_children if child.start_byte < span.end > span.start < child.end_byte
            ]
            continue
        for name, offset in free_names(node, data).items():
            if not is_bound(node, name, data) and not enclosing_withs(node, data):
                yield Problem("undefined_variable", offset, f"undefined variable {name!r}")


def binder_of(node: Node, name: str, data: bytes) -> Node | None:
    """Return the let, rec set or function that binds a name at a node, or None when nothing does."""
    scopes = (scope for scope in _scopes(node) if scope.type != "with_expression")
    return next((scope for scope in scopes if name in bound_names(scope, data)), None)
