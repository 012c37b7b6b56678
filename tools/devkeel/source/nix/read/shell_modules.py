"""Development shells that are modules: `devenv.shells.NAME` and its like of flake-parts, and devenv's modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.errors import DevkeelError
from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.part import part_of
from devkeel.source.nix.read.scope import SETS
from devkeel.source.nix.read.shell import Shell
from devkeel.source.nix.read.shell_makers import Kind, call_of
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import bare, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.flake_files import FlakeFiles
    from devkeel.source.nix.read.index import Definition
    from devkeel.source.nix.read.reached import Reached
    from devkeel.source.path import AttrPath

__all__ = ["merged", "module_shells", "modules_in"]

# devenv's flake-module.nix, devshell's flake-module.nix, make-shell's: what flake-parts makes devShells of.
_ROOTS: dict[AttrPath, Kind] = {("devenv", "shells"): "devenv", ("devshells",): "module", ("make-shells",): "module"}
_MAX_DEPTH = 20


def module_shells(files: FlakeFiles, document: Document, node: Node, state: Reached) -> Iterator[Shell]:
    """Yield the shells that a set of flake-parts' options makes; their own options may be defined in pieces."""
    if not any(root[0].encode() in document.data for root in _ROOTS):
        return
    part = part_of(document, node, "The set of outputs")
    for root, kind in _ROOTS.items():
        if root[0] in state.hidden:
            continue
        reached = state.inside(root[0], root, ())
        try:
            items = part.focus(root).bindings
        except DevkeelError:
            continue
        below = [item for item in items if item.raw[: len(root)] == root != item.raw]
        for name in dict.fromkeys(item.raw[len(root)] for item in below):
            path = (*root, name)
            found = [item for item in below if item.raw[: len(path)] == path]
            shell = Shell(name, ".".join(root), document, found[0].node, kind, part, path)
            shell = replace(shell, conditions=reached.conditions, optional=reached.optional, why=reached.why)
            yield _made(files, document, shell, next((item for item in found if item.raw == path), None))


def merged(shells: list[Shell]) -> list[Shell]:
    """Return the shells, with those as one that options of flake-parts define in several places, as modules are."""
    options = {".".join(root) for root in _ROOTS}
    found = dict[tuple[str, str] | int, list[Shell]]()
    for number, shell in enumerate(shells):
        found.setdefault((shell.output, shell.name) if shell.output in options else number, []).append(shell)
    return [_together(same) for same in found.values()]


def _together(same: list[Shell]) -> Shell:
    if len(same) == 1:
        return same[0]
    known = [_beside(shell) for shell in same]
    first = next((shell for shell in known if shell.editable), known[0])
    return replace(first, modules=tuple(_beside(module) for shell in same for module in shell.modules or (shell,)))


def _beside(shell: Shell) -> Shell:
    """Return one of several definitions of a shell, which is there without it: what it may lack decides what it has."""
    return replace(shell, conditions=(*shell.conditions, *shell.optional))


def _made(files: FlakeFiles, document: Document, shell: Shell, whole: Definition | None) -> Shell:
    value = whole.value if whole is not None else None
    if value is None or bare(value).type in SETS or operator(bare(value), document.data):
        return replace(shell, modules=(shell,)) if shell.kind == "devenv" else shell
    modules = tuple(modules_in(files, document, value, replace(shell, part=None, prefix=())))
    if not modules:
        return replace(shell, part=None, why="its module cannot be looked into")
    return replace(modules[0], modules=modules if shell.kind == "devenv" else ())


def modules_in(files: FlakeFiles, document: Document, value: Node, shell: Shell, depth: int = 0) -> Iterator[Shell]:
    """Yield a shell for each module that is given: a set, a function of one, a file of one, a list of them."""
    node, data = bare(value), document.data
    if depth > _MAX_DEPTH:
        return
    if node.type == "list_expression" or operator(node, data) == "++":
        for inner in node.named_children:
            yield from modules_in(files, document, inner, shell, depth + 1)
    elif node.type in SETS or node.type == "function_expression":
        part = part_of(document, value, "The module", module=True)
        yield replace(shell, document=document, place=node, part=part, prefix=())
    elif node.type == "variable_expression":
        meant = value_of(node, text(node, data), data)
        if meant is not None:
            yield from modules_in(files, document, meant, shell, depth + 1)
    else:
        call = call_of(node, data)
        other = files.named_by(document, call.arguments[0] if call is not None and call.name == "import" else node)
        if other is not None and other.expression is not None:
            yield from modules_in(files, other, other.expression, shell, depth + 1)
