"""What Nix rejects while parsing although the grammar has a tree for it.

Undefined variables, names that are defined twice, computed names where none may be, chains of operators that have no
order, numbers that do not fit, paths that end in a slash. The source of each rule is Nix's own lexer and parser (nix,
src/libexpr/lexer.l, parser.y, and parser-state.hh: `addAttr`, `dupAttr`).
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, TypeAlias

from devkeel.source.nix.read.literal import attribute_name, read_float, read_integer, static_names
from devkeel.source.nix.read.scope import SETS, bindings, free_names, inherited
from devkeel.source.nix.read.syntax import Problem, children_of_type, text
from devkeel.source.path import KEYWORDS, format_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from devkeel.source.path import AttrPath

__all__ = ["problems_in", "rejected"]


_BLANK = re.compile(rb"[\v\f]")
# Where any character is itself.
_TEXTS = frozenset({"comment", "string_fragment", "string_expression", "indented_string_expression"})

DEEP = 100  # paths in messages and clashes of an edited option end here
# The attributes of a literal set by name: None for a value, the attributes of a set that others may add to.
Table: TypeAlias = dict[str, "Table | None"]

# A node, what its set has so far (of a set itself: what other bindings gave it already), and where that set stands.
_Step: TypeAlias = tuple["Node", Table, "AttrPath"]


def rejected(root: Node, data: bytes) -> list[Problem]:
    """Return what Nix would reject in a tree without syntax errors, first place first."""
    found = [
        Problem("undefined_variable", offset, f"undefined variable {name!r}")
        for name, offset in free_names(root, data).items()
    ]
    return sorted([*found, *_blanks(root, data), *problems_in(root, data)], key=lambda item: item.offset)


def _blanks(root: Node, data: bytes) -> Iterator[Problem]:
    """Yield what the grammar takes for white space; to Nix only blank, tab and line ends are (lexer.l)."""
    if data.startswith(BOM_UTF8):
        yield Problem("byte_order_mark", 0, "the file begins with a byte order mark, which Nix does not read")
    for sign in _BLANK.finditer(data):
        node = root.descendant_for_byte_range(*sign.span())
        if node is None or node.type not in _TEXTS:
            yield Problem(
                "syntax_error", sign.start(), f"unexpected {sign[0].decode()!r}, which is no white space to Nix"
            )


def problems_in(root: Node, data: bytes) -> Iterator[Problem]:
    """Yield what Nix would reject in a tree whatever the names in scope are."""
    stack: list[_Step] = [(root, {}, ())]
    while stack:
        step = stack.pop()
        node, table, prefix = step
        if node.type in _LEAVES:
            continue
        if node.type in _CHECKS:
            yield from _CHECKS[node.type](node, data)
        if node.type == "binding":
            yield from _enter_binding(step, data, stack)
            continue
        if node.type in {"inherit", "inherit_from"}:
            for attribute, name in inherited(node, data):
                if register(table, (name,), is_set=False)[1]:
                    yield twice((*prefix, name), attribute)
        group = (table, prefix) if node.type in SETS else ({}, ())
        for child in reversed(node.named_children):
            if child.type == "binding_set":
                stack += [(item, *group) for item in reversed(child.named_children)]
            else:
                stack.append((child, {}, ()))


def _enter_binding(step: _Step, data: bytes, stack: list[_Step]) -> Iterator[Problem]:
    """Note what a binding defines, and put its path and its value on the stack."""
    node, table, prefix = step
    path, value = (node.child_by_field_name(field) for field in ("attrpath", "expression"))
    if path is None or value is None:
        return
    names, bare = static_names(path, data), bare_set(value)
    known = tuple(name for name in names if name is not None)
    inner: Table = {}
    if len(known) == len(names):
        inner, clash = register(table, known, is_set=bare.type in SETS)
        if clash:
            yield twice(prefix + known[:clash], path)
    stack.append((path, {}, ()))
    stack.append((bare, inner, prefix + known if len(prefix) < DEEP else prefix))


def bare_set(value: Node) -> Node:
    """Return a value without parentheses, which make no difference to Nix's parser."""
    while value.type == "parenthesized_expression" and (inner := value.child_by_field_name("expression")) is not None:
        value = inner
    return value


def register(table: Table, names: AttrPath, *, is_set: bool) -> tuple[Table, int]:
    """Note an attribute; return the attributes below it, and how many of its names clash with a value, 0 for none.

    Nix merges literal sets, whichever way they are written.
    """
    for length, name in enumerate(names[:-1], 1):
        found = table.setdefault(name, {})
        if found is None:
            return {}, length
        table = found
    last = names[-1]
    if last in table:
        held = table[last]
        return ({}, len(names)) if held is None or not is_set else (held, 0)
    inner: Table = {}
    table[last] = inner if is_set else None
    return inner, 0


def twice(path: AttrPath, node: Node) -> Problem:
    return Problem("duplicate_attribute", node.start_byte, f"attribute {format_path(path)!r} is defined twice")


def _chain(node: Node, data: bytes) -> Iterator[Problem]:
    """Yield a comparison of a comparison: these operators have no order among themselves."""
    group = next((group for group in _UNORDERED if _operator(node, data) in group), None)
    if group is None:
        return
    sides = [side for field in ("left", "right") if (side := node.child_by_field_name(field)) is not None]
    if any(_operator(side, data) in group for side in sides):
        yield _wrong(node, f"{_operator(node, data)} cannot be chained: put parentheses round one comparison")


# %nonassoc in parser.y.
_UNORDERED = (frozenset({"==", "!="}), frozenset({"<", ">", "<=", ">="}))


def _operator(node: Node, data: bytes) -> str:
    found = node.child_by_field_name("operator") if node.type == "binary_expression" else None
    return text(found, data) if found is not None else ""


def _formals(node: Node, data: bytes) -> Iterator[Problem]:
    seen = {text(child, data) for child in node.parent.children_by_field_name("universal")} if node.parent else set()
    for formal in children_of_type(node, "formal"):
        name = formal.child_by_field_name("name")
        if name is None or name.is_missing:
            continue
        if text(name, data) in seen:
            # parser-state.hh, `validateFormals`.
            yield Problem("duplicate_argument", name.start_byte, f"argument {text(name, data)!r} is defined twice")
        seen.add(text(name, data))


def _inherit(node: Node, data: bytes) -> Iterator[Problem]:
    attrs = node.child_by_field_name("attrs")
    for attribute in attrs.named_children if attrs is not None else ():
        if attribute.type != "comment" and attribute_name(attribute, data) is None:
            # parser.y, `attrs`: "dynamic attributes not allowed in inherit".
            yield _wrong(attribute, "a computed name cannot be inherited")


def _let(node: Node, data: bytes) -> Iterator[Problem]:
    for binding in bindings(node):
        path = binding.child_by_field_name("attrpath") if binding.type == "binding" else None
        if path is not None and static_names(path, data)[0] is None:
            # parser.y: "dynamic attributes not allowed in let".
            yield _wrong(path, "a computed name cannot be bound by let")


def _integer(node: Node, data: bytes) -> Iterator[Problem]:
    if read_integer(node, data) is None:
        # lexer.l, INT: it is read into 64 bits with a sign, before any minus.
        yield _wrong(node, "the integer does not fit into 64 bits")


def _float(node: Node, data: bytes) -> Iterator[Problem]:
    if read_float(node, data) is None:
        yield _wrong(node, "the number is too large or too small for a float")


def _path(node: Node, data: bytes) -> Iterator[Problem]:
    """Yield what Nix's lexer says of a path; the grammar takes more of `//` into one than Nix does."""
    source = data[node.start_byte : node.end_byte]
    first, slashes, _ = source.partition(b"//")
    if slashes and b"$" not in source and b"/" not in first:
        within = node.parent.type if node.parent is not None else ""
        if within == "list_expression" or (not first and within != "apply_expression"):
            yield _wrong(node, "// needs something on its left, and in a list parentheses round it")
        return
    if (
        source.endswith(b"/")
        or (slashes and b"$" not in source)
        or (not slashes and data[node.end_byte : node.end_byte + 1] == b"/")
    ):
        # lexer.l, INPATH_SLASH: "path has a trailing slash".
        yield _wrong(node, "a path cannot end in a slash")


def _wrong(node: Node, message: str) -> Problem:
    return Problem("syntax_error", node.start_byte, message)


def _keywords(node: Node, data: bytes) -> Iterator[Problem]:
    """Yield keywords where an attribute's name should be; Nix's lexer knows no names that are spelt like them."""
    for child in node.named_children:
        if child.type == "identifier" and text(child, data) in _RESERVED:
            yield Problem(
                "syntax_error", child.start_byte, f"{text(child, data)!r} is a keyword; as a name it is quoted"
            )


# parser.y, `attr`: `or` is a keyword that may be a name too.
_RESERVED = KEYWORDS - {"or"}
_CHECKS: dict[str, Callable[[Node, bytes], Iterator[Problem]]] = {
    "attrpath": _keywords,
    "inherited_attrs": _keywords,
    "binary_expression": _chain,
    "formals": _formals,
    "inherit": _inherit,
    "inherit_from": _inherit,
    "let_expression": _let,
    "integer_expression": _integer,
    "float_expression": _float,
    "path_expression": _path,
    "hpath_expression": _path,
}
_LEAVES = frozenset({"identifier", "variable_expression", "string_fragment", "escape_sequence", "comment"})
