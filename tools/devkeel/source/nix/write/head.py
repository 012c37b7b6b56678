"""The module's head: bringing an argument into scope in the head's own style."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.nix.read.globals import GLOBALS
from devkeel.source.nix.read.layout import newline
from devkeel.source.nix.read.rejections import problems_in
from devkeel.source.nix.read.scope import binder_of, free_names, is_bound
from devkeel.source.nix.read.syntax import children_of_type, parse, problems, text
from devkeel.source.splice import Splice
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.literal import Expression

__all__ = [
    "ARGUMENTS",
    "arguments_for",
    "check_expression",
    "insert_formals",
    "is_closed",
    "opened_head",
    "require_arguments",
    "require_own",
]

# What the module system hands to every module of a devenv.nix.
# nixpkgs, lib/modules.nix, `evalModules`: lib, config and options; devenv adds pkgs (`_module.args`) and inputs
# (specialArgs).
ARGUMENTS = ("pkgs", "lib", "config", "inputs", "options")


def arguments_for(document: Document, at: Node, expressions: Iterable[Expression]) -> list[str]:
    """Return the module arguments that expressions need at a node and that are not in scope there.

    Raises Refused `captured_name` where such a name is something else at the node.
    """
    needed: list[str] = []
    for expression in expressions:
        data = expression.source.encode()
        names = free_names(parse(data).root_node, data)
        require_own(document, at, (name for name in ARGUMENTS if name in names))
        needed += [
            name for name in ARGUMENTS if name in names and name not in needed and not is_bound(at, name, document.data)
        ]
    return needed


def require_own(document: Document, at: Node, names: Iterable[str]) -> None:
    """Refuse names of module arguments that mean something else at a node.

    A `let` or a function round the whole module is its author's choice for all of it: `let pkgs = import …; in { … }`.
    """
    at = at.children[0] if at.type == "rec_attrset_expression" else at
    for name in names:
        scope = binder_of(at, name, document.data)
        if scope is not None and not _is_round(scope, document.expression):
            raise document.refuse(
                "captured_name",
                f"Here {name} is not the module's argument: something inside the module binds that name.",
                scope,
                f"Write this change with {do('patch')}, or rename what binds the name first.",
            )


def _is_round(scope: Node, module: Node | None) -> bool:
    """Return whether the whole module is the body of a let or a function, or is written inside of a scope."""
    if module is not None and scope.start_byte < module.start_byte and module.end_byte <= scope.end_byte:
        return True  # a module inside of a flake
    node = scope
    while (parent := node.parent) is not None and parent.type != "source_code":
        if parent.type != "parenthesized_expression" and parent.child_by_field_name("body") != node:
            return False
        node = parent
    return scope.type in {"let_expression", "function_expression"}


_MAX_DEPTH = 200
_BRACKETS = re.compile(rb"[\[({]")


def check_expression(source: str) -> tuple[str, str] | None:
    """Return the code and the sentence of what is wrong with Nix source that should be one expression, or None."""
    try:
        data = source.encode()
    except UnicodeEncodeError:
        return "bad_expression", "it is not Unicode"
    # nix, src/libexpr/eval.cc, `forceNoNullByte`: no text of Nix has one.
    if b"\0" in data:
        return "bad_expression", "it has a NUL"
    root = parse(data).root_node
    if len(_BRACKETS.findall(data)) > _MAX_DEPTH and _depth(root) > _MAX_DEPTH:
        return "too_deep", f"it is nested deeper than {_MAX_DEPTH}"
    found = problems(data, root) or [*problems_in(root, data)]
    if not found:
        return None
    return "too_deep" if found[0].code == "too_deep" else "bad_expression", found[0].message


def _depth(root: Node) -> int:
    """Return how many brackets stand round the innermost expression; a bracket in a text or a comment is none."""
    deepest, stack = 0, [(root, 0)]
    while stack:
        node, depth = stack.pop()
        children = node.children
        depth += any(child.type in {"[", "(", "{", "${"} for child in children[:2])
        deepest = max(deepest, depth)
        stack += [(child, depth) for child in children]
    return deepest


def require_arguments(document: Document, names: Iterable[str]) -> list[Splice]:
    """Return the splices that add arguments to the module's function, in the style of what is there."""
    wanted = [name for name in names if name not in GLOBALS]
    if not wanted:
        return []
    data, function = document.data, document.function
    if function is None:
        expression = document.expression
        if expression is not None and expression.parent is not None and expression.parent.type != "source_code":
            raise document.refuse(
                "unsupported_head", f"Nothing gives {', '.join(wanted)} to what stands here.", expression
            )
        at = expression.start_byte if expression else 0
        end = newline(data, 0)
        return [Splice(at, at, f"{{ {', '.join(wanted)}, ... }}:{end}{end}".encode())]
    formals = function.child_by_field_name("formals")
    if formals is None:
        return [_replace_identifier(document, function, wanted)]
    have = {text(item, data) for item in function.children_by_field_name("universal")}
    have |= {
        text(name, data) for item in children_of_type(formals, "formal") if (name := item.child_by_field_name("name"))
    }
    wanted = [name for name in wanted if name not in have]
    return [insert_formals(formals, data, wanted)] if wanted else []


def _replace_identifier(document: Document, function: Node, wanted: list[str]) -> Splice:
    """Turn `_:` into `{ pkgs, ... }:`, and `args:` into `args@{ pkgs, ... }:` where `args` is used."""
    universal = function.child_by_field_name("universal")
    body = function.child_by_field_name("body")
    if universal is None or body is None:
        raise document.refuse("unsupported_head", "The module's function has a head of an unknown form.", function)
    name = text(universal, document.data)
    used = re.search(rf"(?<![\w'-]){re.escape(name)}(?![\w'-])", text(body, document.data)) is not None
    formals = f"{{ {', '.join(wanted)}, ... }}"
    return Splice(universal.start_byte, universal.end_byte, (f"{name}@{formals}" if used else formals).encode())


def insert_formals(formals: Node, data: bytes, wanted: list[str]) -> Splice:
    """Put arguments behind the last named one when the head is on one line, else first."""
    named = list(children_of_type(formals, "formal"))
    named = [item for item in named if not item.child_by_field_name("name").is_missing]  # type: ignore[union-attr]
    source = data[formals.start_byte : formals.end_byte]
    opening = formals.start_byte + 1
    if b"\n" not in source and named:
        at = named[-1].end_byte
        return Splice(at, at, "".join(f", {name}" for name in wanted).encode())
    if not named:
        rest = next(children_of_type(formals, "ellipses"), None)
        at = rest.start_byte if rest else opening
        tail = ", " if rest else "" if source[1:2].isspace() else " "
        lead = "" if rest else " "
        return Splice(at, at, (lead + ", ".join(wanted) + tail).encode())
    first = named[0]
    gap = data[opening : first.start_byte].decode()
    end = newline(data, formals.start_byte)
    if "\n" in gap:
        # One a line, the comma behind: repeat the white space before the first.
        return Splice(first.start_byte, first.start_byte, "".join(f"{name},{gap}" for name in wanted).encode())
    indent = " " * (formals.start_byte - (data.rfind(b"\n", 0, formals.start_byte) + 1))
    return Splice(first.start_byte, first.start_byte, "".join(f"{name}{end}{indent}, " for name in wanted).encode())


def is_closed(formals: Node) -> bool:
    """Return whether a function with these named arguments takes no others."""
    return next(children_of_type(formals, "ellipses"), None) is None


def opened_head(formals: Node, data: bytes) -> Splice:
    """Return the splice that puts `...` behind the last of some named arguments, in their style."""
    named = list(children_of_type(formals, "formal"))
    # `{ a, }` is read with a name that is not there (see `syntax.problems`).
    named = [item for item in named if not item.child_by_field_name("name").is_missing]  # type: ignore[union-attr]
    if not named:
        return Splice(formals.start_byte, formals.end_byte, b"{ ... }")
    last = named[-1]
    before = data[named[-2].end_byte if len(named) > 1 else formals.start_byte + 1 : last.start_byte]
    plain = re.fullmatch(rb"\s*,?\s*", before) is not None
    comma = re.match(rb"\s*,", data[last.end_byte : formals.end_byte])
    if comma:
        at = last.end_byte + comma.end()
        return Splice(at, at, (before.partition(b",")[2] or before if plain else b" ") + b"...")
    gap = before if plain and b"," in before else b", "
    return Splice(last.end_byte, last.end_byte, gap + b"...")
