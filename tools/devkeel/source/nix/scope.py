"""Lexical scopes: which names a place sees, which are not defined, which attributes are defined twice.

These are the three things that Nix rejects while parsing and that a grammar does not see.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.nix.literal import attribute_name, static_names
from devkeel.source.nix.path import format_path
from devkeel.source.nix.syntax import Problem, children_of_type, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from devkeel.source.nix.index import Container
    from devkeel.source.splice import Span

__all__ = [
    "binder_of",
    "binding_of",
    "bindings",
    "count_uses",
    "duplicates_at",
    "enclosing_withs",
    "free_names",
    "inherited",
    "is_bound",
    "scope_problems",
    "undefined_in",
    "visible_names",
]

# The names in every scope, as Nix 2.8 lists them without a `__` prefix.
GLOBALS = frozenset(
    [
        "true",
        "false",
        "null",
        "builtins",
        "abort",
        "throw",
        "import",
        "map",
        "removeAttrs",
        "toString",
        "baseNameOf",
        "dirOf",
        "isNull",
        "placeholder",
        "fetchTarball",
        "fetchGit",
        "fetchTree",
        "fetchMercurial",
        "derivation",
        "derivationStrict",
        "scopedImport",
        "break",
        "fromTOML",
    ]
)
SETS = ("attrset_expression", "rec_attrset_expression")


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
        name = attribute_name(node, data)
        if name is not None:
            yield node, name


def _scopes(node: Node) -> Iterator[Node]:
    """Yield the nodes around a node that bring names into scope there, innermost first."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.type in {"let_expression", "rec_attrset_expression", "function_expression"} or (
            parent.type == "with_expression" and parent.child_by_field_name("body") == child
        ):
            yield parent
        child, parent = parent, parent.parent


def is_bound(node: Node, name: str, data: bytes) -> bool:
    """Tell whether a name is lexically bound at a node; `with` does not count, it never shadows."""
    return any(name in bound_names(scope, data) for scope in _scopes(node) if scope.type != "with_expression")


def visible_names(node: Node, data: bytes) -> set[str]:
    """Return the names that are lexically bound at a node."""
    found: set[str] = set()
    for scope in _scopes(node):
        if scope.type != "with_expression":
            found |= bound_names(scope, data)
    return found


def enclosing_withs(node: Node, data: bytes) -> list[str]:
    """Return the sources of the `with` environments around a node, innermost first."""
    environments = (
        scope.child_by_field_name("environment") for scope in _scopes(node) if scope.type == "with_expression"
    )
    return [text(item, data) for item in environments if item is not None]


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
    """Return how often a name is used inside the let that binds it; an upper bound, shadowing is not looked at."""
    scope = binding.parent
    while scope is not None and scope.type != "let_expression":
        scope = scope.parent
    if scope is None:
        return 0
    wanted = name.encode()
    return sum(
        1
        for node in _descendants(scope)
        if node.type == "variable_expression" and data[node.start_byte : node.end_byte] == wanted
    ) + sum(1 for node in _descendants(scope) if node.type == "inherit" and wanted in _words(node, data))


def _words(node: Node, data: bytes) -> list[bytes]:
    return re.findall(rb"[\w'-]+", data[node.start_byte : node.end_byte])


def _descendants(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        item = stack.pop()
        yield item
        stack.extend(item.named_children)


def free_names(root: Node, data: bytes) -> dict[str, int]:
    """Return the names that an expression uses and does not bind, each with the offset of its first use.

    A name under any `with` may come from there and is not counted (Nix decides it while evaluating).
    """
    free: dict[str, int] = {}
    stack: list[tuple[Node, frozenset[str], bool]] = [(root, GLOBALS, False)]
    while stack:
        node, names, under_with = stack.pop()
        kind = node.type
        if kind == "variable_expression":
            name = text(node, data)
            if name not in names and not under_with and not name.startswith("__"):
                free[name] = min(free.get(name, node.start_byte), node.start_byte)
            continue
        if kind in {"let_expression", "rec_attrset_expression", "function_expression"}:
            inner = names | bound_names(node, data)
            stack += _enter_recursive(node, names, inner, under_with)
            continue
        if kind == "with_expression":
            environment, body = (node.child_by_field_name(field) for field in ("environment", "body"))
            stack += [(environment, names, under_with)] if environment else []
            stack += [(body, names, True)] if body else []
            continue
        if kind == "inherit" and not under_with:
            for attribute, name in inherited(node, data):
                if name not in names:
                    free.setdefault(name, attribute.start_byte)
            continue
        stack += [(child, names, under_with) for child in node.named_children if child.type != "identifier"]
    return free


def _enter_recursive(
    node: Node, outer: frozenset[str], inner: frozenset[str], under_with: bool
) -> Iterator[tuple[Node, frozenset[str], bool]]:
    for child in node.named_children:
        if child.type != "binding_set":
            yield child, inner, under_with
            continue
        for item in child.named_children:
            # `inherit x;` takes x from outside, also in a rec set or a let.
            yield item, outer if item.type == "inherit" else inner, under_with


def scope_problems(root: Node, data: bytes) -> list[Problem]:
    """Return undefined variables and attributes, arguments or let names that are defined twice."""
    found = [
        Problem("undefined_variable", offset, f"undefined variable {name!r}")
        for name, offset in free_names(root, data).items()
    ]
    for node in _descendants(root):
        if node.type in {*SETS, "let_expression"}:
            found += _duplicates(node, data)
        elif node.type == "formals":
            found += _duplicate_formals(node, data)
    return sorted(found, key=lambda item: item.offset)


def _duplicate_formals(node: Node, data: bytes) -> Iterator[Problem]:
    seen = {text(child, data) for child in node.parent.children_by_field_name("universal")} if node.parent else set()
    for formal in children_of_type(node, "formal"):
        name = formal.child_by_field_name("name")
        if name is None or name.is_missing:
            continue
        if text(name, data) in seen:
            yield Problem("duplicate_argument", name.start_byte, f"argument {text(name, data)!r} is defined twice")
        seen.add(text(name, data))


def _duplicates(node: Node, data: bytes) -> Iterator[Problem]:
    """Yield attributes that a set defines twice. Nix merges literal sets, whichever way they are written."""
    yield from _collect({}, node, (), data)


def _collect(
    seen: dict[tuple[str, ...], bool],
    node: Node,
    prefix: tuple[str, ...],
    data: bytes,
    wanted: tuple[str, ...] = (),
) -> Iterator[Problem]:
    """Record the static paths below a set in `seen` (True: a set that others may add to) and yield clashes.

    Only paths that are `wanted`, on the way to it or below it are looked at.
    """
    for at, path, value in _static_bindings(node, prefix, data):
        size = min(len(path), len(wanted))
        if path[:size] != wanted[:size]:
            continue
        is_set = value is not None and value.type in SETS
        clash = next((path[:i] for i in range(len(prefix) + 1, len(path)) if seen.get(path[:i]) is False), None)
        if clash is None and path in seen and not (is_set and seen[path]):
            clash = path
        if clash is not None:
            yield _twice(clash, at)
            continue
        for length in range(len(prefix) + 1, len(path)):
            seen.setdefault(path[:length], True)
        again = path in seen
        seen[path] = is_set
        if value is not None and is_set:
            inner = _collect(seen, value, path, data, wanted)
            # The set's own duplicates are found when it is visited itself; here, those against its other parts.
            found = list(inner)
            yield from found if again else ()


def _static_bindings(
    node: Node, prefix: tuple[str, ...], data: bytes
) -> Iterator[tuple[Node, tuple[str, ...], Node | None]]:
    """Yield place, full path and value (without parentheses; None for an inherit) of what a set defines by name."""
    for binding in bindings(node):
        if binding.type != "binding":
            yield from ((attribute, (*prefix, name), None) for attribute, name in inherited(binding, data))
            continue
        path, value = (binding.child_by_field_name(field) for field in ("attrpath", "expression"))
        names = static_names(path, data) if path else (None,)
        known = tuple(name for name in names if name is not None)
        if path is None or value is None or len(known) < len(names):
            continue
        while value.type == "parenthesized_expression" and (inner := value.child_by_field_name("expression")):
            value = inner
        yield path, (*prefix, *known), value


def duplicates_at(containers: Iterable[Container], path: tuple[str, ...], data: bytes) -> Iterator[Problem]:
    """Yield clashes among the attributes of some sets that are related to one path."""
    for container in containers:
        rest = path[len(container.path) :]
        yield from _collect({}, container.node, (), data, rest)


def undefined_in(root: Node, data: bytes, span: Span) -> Iterator[Problem]:
    """Yield the variables inside a span that nothing binds."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type != "variable_expression":
            stack += [
                child for child in node.named_children if child.start_byte < span.end > span.start < child.end_byte
            ]
            continue
        name = text(node, data)
        known = name in GLOBALS or name.startswith("__") or is_bound(node, name, data)
        if not known and not enclosing_withs(node, data):
            yield Problem("undefined_variable", node.start_byte, f"undefined variable {name!r}")


def binder_of(node: Node, name: str, data: bytes) -> Node | None:
    """Return the let, rec set or function that binds a name at a node, or None when nothing does."""
    scopes = (scope for scope in _scopes(node) if scope.type != "with_expression")
    return next((scope for scope in scopes if name in bound_names(scope, data)), None)


def _twice(path: tuple[str, ...], node: Node) -> Problem:
    return Problem("duplicate_attribute", node.start_byte, f"attribute {format_path(path)!r} is defined twice")
