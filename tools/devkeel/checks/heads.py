"""Modules whose functions take no other arguments than they name: the module system passes more.

It calls a module with `config`, `options`, `lib` and all special arguments, named or not (nixpkgs, lib/modules.nix,
`applyModuleArgs`), so that Nix says "called with unexpected argument" of a head without `...`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.checks.replacement import as_edit
from devkeel.errors import Diagnostic
from devkeel.project.declaration import always_imported
from devkeel.source import nix
from devkeel.source.nix.write.head import is_closed, opened_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World

__all__ = ["check_functions", "check_heads"]

_MESSAGE = "the arguments of this module end without `...`, and the module system passes more than it names"


def check_functions(subject: Candidate, world: World) -> Iterator[Diagnostic]:
    """Report overlays and other functions of several arguments that are imported, whatever holds, as modules."""
    always = always_imported(subject, subject.files)
    for document in world.functions:
        if document.name in always:
            message = f"`imports` takes modules, and this is {nix.never_module(document)}"
            yield Diagnostic("not_a_devenv_module", "error", message, "schema", document.place(0))


def check_heads(_: Candidate, world: World) -> Iterator[Diagnostic]:
    """Report the functions of modules that are closed: a file's own, those in `imports`, and a profile's."""
    for document in world.modules:
        for function in _functions(document):
            formals = function.child_by_field_name("formals")
            if formals is not None and is_closed(formals):
                edit = as_edit(document.data, opened_head(formals, document.data), document.name)
                place = document.place(formals.start_byte)
                yield Diagnostic("closed_head", "error", _MESSAGE, "schema", place, None, (edit,))


def _functions(document: nix.Document) -> Iterator[Node]:
    if document.function is not None:
        yield document.function
    for item in document.focus(()).bindings:
        value = _bare(item.value)
        if value is None or item.computed:
            continue
        if item.raw[-1] == "imports" and len(item.raw) == 1:
            listed = value.children_by_field_name("element") if value.type == "list_expression" else ()
            yield from (node for each in listed if (node := _bare(each)) is not None and _is_function(node))
        elif item.path[:1] == ("profiles",) and item.path[-1] == "module" and _is_function(value):
            yield value


def _bare(node: Node | None) -> Node | None:
    while node is not None and node.type == "parenthesized_expression":
        node = node.child_by_field_name("expression")
    return node


def _is_function(node: Node) -> bool:
    return node.type == "function_expression"
