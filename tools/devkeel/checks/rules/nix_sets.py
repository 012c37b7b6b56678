"""Which set of nixpkgs an expression stands for, as far as the text of its file leads to one."""

from __future__ import annotations

import re
from threading import get_ident
from typing import TYPE_CHECKING

from devkeel.source.nix.read.literal import read_value, static_names
from devkeel.source.nix.read.scope import binder_of, bindings, enclosing_environments, inherited
from devkeel.source.nix.read.syntax import children_of_type, text

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["applied", "canonical", "formals_of", "set_of"]

_MOST_STEPS = 12
# Where there are several ways to go, fewer of them are gone: a file may nest them at will.
_FORK = 2
# What the environments of `with` stand for, each asked once. A node keeps its whole tree: few are kept.
_ENVIRONMENTS: dict[Node, tuple[str, ...] | None] = {}
_MOST_ENVIRONMENTS = 4000
# Which are being asked, by which thread.
_ASKED: set[tuple[int, Node]] = set()
# Sets that hold all of nixpkgs again, made for another machine (nixpkgs, pkgs/top-level/{stage,variants}.nix).
_AGAIN = re.compile(r"pkgs(?:[A-Z]\w*|i686Linux|x86_64Darwin)?|(?:build|target|adjacent)Packages|__splicedPackages")
# One of several by its name: `pkgsCross.riscv64`.
_OF_SEVERAL = "pkgsCross"
_PYTHON = re.compile(r"(?:python|pypy)[\d_]*Packages")
# The outputs of a flake whose names are systems.
_BY_SYSTEM = ("legacyPackages", "packages")
# What gives the set that it hangs on with more in it, and what takes overlays (nixpkgs, lib/fixed-points.nix).
_EXTENDED = frozenset({"extend", "appendOverlays", "overrideScope", "overrideScope'"})
_TAKES_OVERLAYS = _EXTENDED | {"composeExtensions", "toExtension", "mkForce", "mkBefore", "mkAfter", "mkDefault"}
_WITH_PACKAGES = re.compile(r"(?:(?P<of>.+)\.)?(?P<maker>withPackages|ghcWithPackages|ghcWithHoogle|withPlugins)")
_SETS = ("attrset_expression", "rec_attrset_expression")
_BODIES = {"let_expression": "body", "with_expression": "body", "assert_expression": "body"}


def canonical(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the names below `pkgs` by which a package is meant that a path leads to; none where it ends in a set.

    `pkgsStatic.curl` is `curl`, `python311.pkgs.numpy` is `python311Packages.numpy` and `python3Packages.numpy`.
    """
    while names and _AGAIN.fullmatch(names[0]):
        names = names[2:] if names[0] == _OF_SEVERAL else names[1:]
    if not names:
        return ()
    found = [names]
    found += [
        (*names[: number - 1], f"{names[number - 1]}Packages", *names[number + 1 :])
        for number in range(1, len(names) - 1)
        if names[number] == "pkgs"
    ]
    plain = (("python3Packages" if _PYTHON.fullmatch(name) else name for name in item) for item in found)
    return tuple(dict.fromkeys([*found, *map(tuple, plain)]))


def set_of(node: Node, data: bytes, steps: int = 0) -> tuple[str, ...] | None:
    """Return the path below `pkgs` that an expression stands for, () for `pkgs` itself.

    None where it is something else, or the text does not show what.
    """
    node = _bare(node)
    if steps > _MOST_STEPS:
        return None
    reader = _READERS.get(node.type)
    return None if reader is None else reader(node, data, steps + 1)


def _bare(node: Node) -> Node:
    while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
        node = inner
    return node


def _of_either(node: Node, data: bytes, steps: int) -> tuple[str, ...] | None:
    """Return what one of the sides of an update or of a condition stands for; with a body, what that does."""
    if node.type == "binary_expression" and "//" not in {child.type for child in node.children}:
        return None
    sides = (node.child_by_field_name(field) for field in ("body", "consequence", "alternative", "right", "left"))
    found = (set_of(side, data, steps + _FORK) for side in sides if side is not None)
    return next((item for item in found if item is not None), None)


def _of_variable(node: Node, data: bytes, steps: int) -> tuple[str, ...] | None:
    return _of_name(text(node, data), node, data, steps)


def _of_name(name: str, at: Node, data: bytes, steps: int) -> tuple[str, ...] | None:
    if name == "pkgs" or steps > _MOST_STEPS:
        return () if name == "pkgs" else None
    scope = binder_of(at, name, data)
    if scope is None:
        found = _environments(at, data)
        return next(((*item, name) for item in found if item is not None), None)
    if scope.type == "function_expression":
        return _argument(name, scope, data, steps)
    return _within(scope, (name,), data, steps)


def _environments(at: Node, data: bytes) -> list[tuple[str, ...] | None]:
    """Return what the `with` around a place bring, the innermost first."""
    around = enclosing_environments(at)
    # From the outermost on, so that none asks for one that is not known yet.
    return [_environment(item, data) for item in reversed(around)][::-1]


def _environment(node: Node, data: bytes) -> tuple[str, ...] | None:
    asked = get_ident(), node
    if asked in _ASKED:  # it leads back to itself
        return None
    known = _ENVIRONMENTS.get(node, ...)
    if known is not ...:
        return known
    if len(_ENVIRONMENTS) > _MOST_ENVIRONMENTS:
        _ENVIRONMENTS.clear()
    _ASKED.add(asked)
    try:
        found = _ENVIRONMENTS[node] = set_of(node, data)
    finally:
        _ASKED.discard(asked)
    return found


def _argument(name: str, function: Node, data: bytes, steps: int) -> tuple[str, ...] | None:
    """Return what an argument of a function stands for: of an overlay, of `withPackages`, or of a call beside it."""
    for formal in formals_of(function):
        label, value = formal.child_by_field_name("name"), formal.child_by_field_name("default")
        if label is not None and text(label, data) == name:
            return None if value is None else set_of(value, data, steps)
    above = function.parent
    while above is not None and above.type == "parenthesized_expression":
        above = above.parent
    if above is not None and above.type == "apply_expression":
        argument, called = above.child_by_field_name("argument"), above.child_by_field_name("function")
        if called is not None and argument is not None and called.start_byte <= function.start_byte < called.end_byte:
            return set_of(argument, data, steps)  # (p: p.curl) pkgs
        found = None if called is None else _WITH_PACKAGES.fullmatch(text(called, data))
        if found is not None and called is not None:
            return _made_with(called, found["maker"], data, steps)
    return () if _is_overlay(function, above, data) else None


def _made_with(called: Node, maker: str, data: bytes, steps: int) -> tuple[str, ...] | None:
    found = set_of(called, data, steps)
    if not found or len(found) == 1:
        return None
    above = found[: -1 if found[-1] == maker else len(found)]
    return above if above[-1].endswith("Packages") else (*above[:-1], f"{above[-1]}Packages")


def _is_overlay(function: Node, above: Node | None, data: bytes) -> bool:
    """Return whether a function is one half of an overlay: two arguments, and a set that is no other function's."""
    outer, inner = function, function.child_by_field_name("body")
    if above is not None and above.type == "function_expression":
        outer, inner = above, function
        above = outer.parent
        while above is not None and above.type == "parenthesized_expression":
            above = above.parent
    if above is not None and above.type == "binding":
        path = above.child_by_field_name("attrpath")
        if path is not None and text(path, data).endswith("packageOverrides"):
            return True
    if inner is None or inner.type != "function_expression" or formals_of(inner) or formals_of(outer):
        return False
    body = inner.child_by_field_name("body")
    while body is not None and body.type not in _SETS:
        if body.type == "binary_expression":
            body = body.child_by_field_name("right")
        elif body.type == "parenthesized_expression":
            body = body.child_by_field_name("expression")
        else:
            body = body.child_by_field_name(_BODIES[body.type]) if body.type in _BODIES else None
    if body is None:
        return False
    called = above.child_by_field_name("function") if above is not None and above.type == "apply_expression" else None
    return called is None or text(called, data).split(" ", 1)[0].rpartition(".")[2] in _TAKES_OVERLAYS


def _selected(node: Node, data: bytes, steps: int) -> tuple[str, ...] | None:
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    if base is None or path is None:
        return None
    names = static_names(path, data)
    for output in _BY_SYSTEM:
        if output in names:
            # Where flake-parts has chosen the system: inputs'.nixpkgs.legacyPackages.git.
            skipped = 1 if text(base, data).endswith("'") else 2
            return _known(names[names.index(output) + skipped :])
    known = _known(names)
    if known is None:
        return None
    inner = _written_out(base, known, data, steps)
    if inner is not None:
        return inner
    found = set_of(base, data, steps)
    return None if found is None else (*found, *known)


def _known(names: tuple[str | None, ...]) -> tuple[str, ...] | None:
    known = tuple(name for name in names if name is not None)
    return known if len(known) == len(names) else None


def _written_out(base: Node, names: tuple[str, ...], data: bytes, steps: int) -> tuple[str, ...] | None:
    """Return what is at a path within a set that the file writes out: `let q = { p = pkgs; }; in q.p`."""
    base = _bare(base)
    if base.type == "variable_expression":
        scope = binder_of(base, text(base, data), data)
        known = scope is not None and scope.type != "function_expression"
        return _within(scope, (text(base, data), *names), data, steps) if scope is not None and known else None
    return _within(base, names, data, steps) if base.type in _SETS else None


def _within(scope: Node, names: tuple[str, ...], data: bytes, steps: int) -> tuple[str, ...] | None:
    """Return what is at a path in a set or a let."""
    for binding in bindings(scope) if steps <= _MOST_STEPS else ():
        if binding.type == "binding":
            path, value = (binding.child_by_field_name(field) for field in ("attrpath", "expression"))
            own = static_names(path, data) if path is not None else ()
            if value is not None and own and own == names[: len(own)]:
                return _below(value, names[len(own) :], data, steps + 1)
        elif any(name == names[0] for _, name in inherited(binding, data)):
            source = binding.child_by_field_name("expression")
            if source is not None:
                return _below(source, names, data, steps + 1)
            found = _of_name(names[0], scope, data, steps + 1)
            return None if found is None else (*found, *names[1:])
    return None


def _below(value: Node, names: tuple[str, ...], data: bytes, steps: int) -> tuple[str, ...] | None:
    inner = _written_out(value, names, data, steps) if names else None
    if inner is not None:
        return inner
    found = set_of(value, data, steps)
    return None if found is None else (*found, *names)


def _given(node: Node, data: bytes, steps: int) -> tuple[str, ...] | None:
    """Return what a call gives: nixpkgs that is imported, a set that is extended, what is taken out by its name."""
    function, arguments = applied(node)
    name = text(function, data).rpartition(".")[2]
    if name in ("import", "scopedImport"):
        first = arguments[0]
        while (
            first.type == "parenthesized_expression" and (bare := first.child_by_field_name("expression")) is not None
        ):
            first = bare
        return () if len(arguments) > 1 and first.type != "path_expression" else None
    if name in _EXTENDED and function.type == "select_expression":
        found = set_of(function, data, steps)
        return None if found is None else found[:-1]
    if name in ("getAttr", "attrByPath", "getAttrFromPath", "getAttrs"):
        way = read_value(arguments[0], data)
        names = [way] if isinstance(way, str) else way if isinstance(way, list) else []
        known = tuple(item for item in names if isinstance(item, str))
        found = set_of(arguments[-1], data, steps) if known and len(known) == len(names) else None
        return None if found is None else found if name == "getAttrs" else (*found, *known)
    return None


def applied(node: Node) -> tuple[Node, list[Node]]:
    """Return the function that a call applies, and its arguments in their order."""
    arguments: list[Node] = []
    while node.type == "apply_expression":
        argument, function = node.child_by_field_name("argument"), node.child_by_field_name("function")
        if argument is None or function is None:
            break
        arguments.insert(0, argument)
        node = function
    return node, arguments


def formals_of(function: Node) -> tuple[Node, ...]:
    """Return the arguments of a function that takes a set: `{ a, b }:`; none of anything else."""
    formals = _bare(function).child_by_field_name("formals")
    return () if formals is None else tuple(children_of_type(formals, "formal"))


_READERS = {
    "variable_expression": _of_variable,
    "select_expression": _selected,
    "apply_expression": _given,
    **dict.fromkeys((*_BODIES, "if_expression", "binary_expression"), _of_either),
}
