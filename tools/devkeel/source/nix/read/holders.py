"""Packages that hold packages, such as `python3.withPackages (ps: [ … ])`: where a file has them, and their lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.source.nix.read.list_parts import Part, find_list, parts
from devkeel.source.nix.read.scope import binding_of, enclosing_withs, is_bound
from devkeel.source.nix.read.syntax import text
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document

__all__ = ["Holder", "element_name", "held", "holder_of_file", "holders_in", "lists_of"]

# nixpkgs, doc/languages-frameworks: functions that take a function of a package set, and the arguments of `override`
# that are lists of packages.
_FUNCTIONS = frozenset({"withPackages", "ghcWithPackages", "ghcWithHoogle", "withPlugins", "withExtensions"})
_SETS = {"extraLibs": "", "packages": "rPackages"}
_OVERRIDE = re.compile(r"(?P<owner>.+?)(?P<environment>\.buildEnv)?\.override")
_WRAPPERS = re.compile(r"(?:\w+\.)*(?:rWrapper|rstudioWrapper|radianWrapper)\Z")
_PYTHON = re.compile(r"(?P<set>(?:python|pypy)\d*)(?:Full|Minimal)?\Z")
_FILE = re.compile(r"\.{1,2}/[\w./+-]+")
_CHANGED = re.compile(r"(?P<name>.+)\.override\w*")
_SPACE = re.compile(r"\s+")
_MAX_NAMES = 8
_MAX_NODES = 100_000


class Holder(Struct, frozen=True):
    """A list of packages that another package is made with.

    owners: the names under which a caller may mean it: of the package, of a variable, of the options that it is in.
    options: those options. node: the list; None where a file of its own has the function, which is then `file`. body:
    the expression that the list is in, with others beside it. prefix: what its elements are selected from, such as `ps`
    or `python3Packages`. at: where the call begins.
    """

    owners: tuple[str, ...]
    options: tuple[str, ...]
    node: Node | None
    body: Node | None
    prefix: str
    file: str | None = None
    at: int = 0

    def is_meant_by(self, name: str) -> bool:
        """Return whether a caller means it by a name."""
        return name.removeprefix("pkgs.") in self.owners


class _Call(Struct, frozen=True):
    """A call that holds packages. owner: the package as it is written."""

    node: Node
    owner: Node
    found: Node | None
    body: Node | None
    prefix: str
    file: str | None = None


def holders_in(document: Document) -> list[Holder]:
    """Return the packages that hold packages, in the order of the file; a list that several options share once."""
    data, used = document.data, dict[int, list[str]]()
    try:
        definitions = document.definitions
    except DevkeelError:  # it is no module, and has no options
        definitions = []
    for item in definitions:
        if item.value is None:
            continue
        for call in _calls(item.value, data, follow=True):
            used.setdefault(call.node.start_byte, []).append(format_path(item.path))
    found = dict[tuple[int, str | None], Holder]()
    for call in sorted(_calls(document.root, data, follow=False), key=lambda call: call.node.start_byte):
        options = tuple(dict.fromkeys(used.get(call.node.start_byte, ())))
        owners = (*_names(call.owner, data), *_bound_as(call.node, data), *options)
        key = call.found.start_byte if call.found is not None else call.node.start_byte, call.file
        known = found.get(key)
        if known is not None:
            owners, options = (*known.owners, *owners), (*known.options, *options)
        found[key] = Holder(
            tuple(dict.fromkeys(owners)),
            tuple(dict.fromkeys(options)),
            call.found,
            call.body,
            call.prefix,
            call.file,
            call.node.start_byte,
        )
    return [*found.values()]


def holder_of_file(document: Document) -> Holder | None:
    """Return what a file is that is a function of a package set, `ps: [ … ]`; None for any other."""
    root = document.root.child_by_field_name("expression")
    found = _of_function(root, document.data) if root is not None else None
    return Holder((), (), *found) if found is not None else None


def held(document: Document, holder: Holder, *, certain: bool = False) -> list[str]:
    """Return the names of the packages that are held, as far as they are written; certain: under no condition."""
    return [
        element_name(node, document.data, holder.prefix)
        for part in lists_of(document, holder)
        if part.certain or not certain
        for node in part.items
    ]


def lists_of(document: Document, holder: Holder) -> list[Part]:
    """Return the lists that the packages stand in."""
    return [*parts(holder.body, document.data)] if holder.body is not None else []


def element_name(node: Node, data: bytes, prefix: str) -> str:
    """Return the name of an element in the package set, as `numpy` for `ps.numpy`; other source as it is.

    What is overridden is the package that it is made of: `(ps.numpy.override { … })`.
    """
    node = _unwrapped(node)
    base, called = node, False
    while base.type == "apply_expression" and (function := base.child_by_field_name("function")) is not None:
        base, called = _unwrapped(function), True
    written = _SPACE.sub(" ", text(base, data))
    changed = _CHANGED.fullmatch(written) if called else None
    if base.type not in {"variable_expression", "select_expression"} or (called and changed is None):
        return f"<other> {_SPACE.sub(' ', text(node, data))}"
    written = changed["name"] if changed is not None else written
    for name in (prefix, f"pkgs.{prefix}"):
        if written.startswith(f"{name}."):
            return written.removeprefix(f"{name}.")
    withs, bare = enclosing_withs(node, data), not is_bound(node, written.split(".", maxsplit=1)[0], data)
    if bare and withs[:1] and withs[0] in (prefix, f"pkgs.{prefix}"):
        return written
    if bare and withs[:1] == ["pkgs"] and written.startswith(f"{prefix}."):
        return written.removeprefix(f"{prefix}.")
    return f"<other> {written}"


def _calls(value: Node, data: bytes, *, follow: bool) -> Iterator[_Call]:
    """Yield the calls in a value; with `follow` also in what its variables stand for."""
    stack, seen, count = [(value, 0)], set[int](), 0
    while stack and count < _MAX_NODES:
        node, passed = stack.pop()
        count += 1
        if node.type == "apply_expression" and (call := _call(node, data)) is not None:
            yield call
        if follow and node.type == "variable_expression" and passed < _MAX_NAMES:
            binding = binding_of(node, data)
            inner = binding.child_by_field_name("expression") if binding is not None else None
            if inner is not None and inner.start_byte not in seen:
                seen.add(inner.start_byte)
                stack.append((inner, passed + 1))
        stack += [(child, passed) for child in node.named_children]


def _call(node: Node, data: bytes) -> _Call | None:
    function, argument = (node.child_by_field_name(name) for name in ("function", "argument"))
    if function is None or argument is None or function.type != "select_expression":
        return None
    base = function.child_by_field_name("expression")
    path = function.child_by_field_name("attrpath")
    names = text(path, data).split(".") if path is not None else []
    if base is None or not names:
        return None
    if names[-1] in _FUNCTIONS:
        owner = function if len(names) > 1 else base
        file = _imported(argument, data)
        found = _of_function(argument, data)
        if found is None and file is None:
            return None
        inner, body, prefix = found or (None, None, "")
        return _Call(node, owner, inner, body, prefix, file)
    return _overridden(node, function, argument, data) if names[-1] == "override" else None


def _overridden(node: Node, function: Node, argument: Node, data: bytes) -> _Call | None:
    """Return the call of `python3.buildEnv.override { extraLibs = [ … ]; }`, or of R's wrapper with `packages`."""
    found = _OVERRIDE.fullmatch(text(function, data))
    body = _unwrapped(argument)
    if body.type == "function_expression":
        body = _unwrapped(body.child_by_field_name("body") or body)
    if found is None or body.type not in {"attrset_expression", "rec_attrset_expression"}:
        return None
    wanted = "extraLibs" if found["environment"] else "packages" if _WRAPPERS.match(found["owner"]) else None
    if wanted is None:
        return None
    bindings = (item for child in body.named_children if child.type == "binding_set" for item in child.named_children)
    for item in bindings:
        path, value = item.child_by_field_name("attrpath"), item.child_by_field_name("expression")
        if path is not None and value is not None and text(path, data) == wanted:
            inner = find_list(value, data)
            if inner is None:
                return None
            named = _PYTHON.search(found["owner"])
            prefix = _SETS[wanted] or (f"{named['set']}Packages" if named else "")
            return _Call(node, function, inner, value, prefix) if prefix else None
    return None


def _of_function(node: Node, data: bytes) -> tuple[Node, Node, str] | None:
    """Return the list of a function of a package set, its body, the name of its argument; through names of a let."""
    for _ in range(_MAX_NAMES):
        node = _unwrapped(node)
        binding = binding_of(node, data) if node.type == "variable_expression" else None
        inner = binding.child_by_field_name("expression") if binding is not None else None
        if inner is None:
            break
        node = inner
    universal = node.child_by_field_name("universal") if node.type == "function_expression" else None
    body = node.child_by_field_name("body") if universal is not None else None
    found = find_list(body, data) if body is not None else None
    if found is None or body is None or universal is None:
        return None
    return found, body, text(universal, data)


def _imported(node: Node, data: bytes) -> str | None:
    """Return the path of `(import ./x.nix)`, as it is written."""
    node = _unwrapped(node)
    function, argument = (node.child_by_field_name(name) for name in ("function", "argument"))
    if node.type != "apply_expression" or function is None or argument is None or text(function, data) != "import":
        return None
    source = text(argument, data)
    return source if _FILE.fullmatch(source) else None


def _unwrapped(node: Node) -> Node:
    while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
        node = inner
    return node


def _names(owner: Node, data: bytes) -> Iterator[str]:
    """Yield the names of a package: `python3` for `pkgs.python3`, for what overrides it, and the name of a variable."""
    for _ in range(_MAX_NAMES):
        owner = _unwrapped(owner)
        if owner.type == "apply_expression" and (inner := owner.child_by_field_name("function")) is not None:
            owner = inner
            continue
        names = re.sub(r"\s+", "", text(owner, data)).split(".")
        while names and names[-1] in {*_FUNCTIONS, "override", "overrideAttrs", "buildEnv"}:
            names.pop()
        base = owner.child_by_field_name("expression") if owner.type == "select_expression" else None
        if base is not None and _unwrapped(base).type == "apply_expression":
            owner = base
            continue
        if names:
            yield ".".join(names[1:] if names[0] == "pkgs" and len(names) > 1 else names)
        binding = binding_of(owner, data) if owner.type == "variable_expression" else None
        inner = binding.child_by_field_name("expression") if binding is not None else None
        if inner is None:
            return
        owner = inner


def _bound_as(node: Node, data: bytes) -> Iterator[str]:
    """Yield the name of the variable that a call is the value of."""
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression":
        parent = parent.parent
    path = parent.child_by_field_name("attrpath") if parent is not None and parent.type == "binding" else None
    outer = parent.parent.parent if parent is not None and parent.parent is not None else None
    if path is not None and outer is not None and outer.type == "let_expression":
        yield text(path, data)
