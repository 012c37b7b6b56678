"""The outputs of a flake and the systems that it names, as far as its text shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.literal import attribute_name, bound_path, read_value
from devkeel.source.nix.read.scope import SETS, bindings, inherited
from devkeel.source.nix.read.shell_makers import call_of
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import bare, result_of, value_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.flake_files import FlakeFiles

__all__ = ["FlakeOutputs", "outputs_in"]

_SYSTEM = re.compile(r"(?:x86_64|aarch64|i686|armv\w+|riscv64|powerpc64(?:le)?)-(?:linux|darwin|freebsd)")
# numtide/flake-utils: calls whose function gives the outputs of one system.
_EACH = re.compile(r"each\w*System\w*")
# nixpkgs, lib/attrsets.nix: calls whose arguments are parts of the outputs.
_JOINS = frozenset({"recursiveUpdate", "mkMerge", "foldl'", "recurseIntoAttrs"})
# flake-parts, modules: options of perSystem that are outputs, and those of other projects that become devShells.
_PER_SYSTEM = frozenset({"apps", "checks", "devShells", "formatter", "legacyPackages", "packages"})
_SHELLS = frozenset({"devenv", "devshells", "make-shells"})
_OF_MODULES = frozenset({"_module", "config", "imports", "options"})
# Words that stand for systems which another flake lists.
_LISTED = re.compile(r"\beachDefaultSystem\w*|\bdefaultSystems\b|\bflakeExposed\b|\bimport\s+(?:inputs\.)?systems\b")
_MAX_DEPTH = 40
_SHOWN = 40


class FlakeOutputs(Struct):
    """What a flake gives. names: of its outputs. systems: those that its text names. unseen: what may add to them."""

    names: dict[str, None] = field(default_factory=dict)
    systems: dict[str, None] = field(default_factory=dict)
    unseen: dict[str, None] = field(default_factory=dict)


def outputs_in(files: FlakeFiles, name: str) -> FlakeOutputs:
    """Return the outputs of a flake, and the systems. Raises DevkeelError for one that does not parse."""
    found, document = FlakeOutputs(), files.open(name)
    if document is None:
        return found
    for entry in document.entries(document.body.core):
        if entry.names == ("outputs",) and (value := entry.node.child_by_field_name("expression")) is not None:
            _OutputWalk(files, found).outputs(document, value, "", 0)
    for system in _systems(document.root, document.data):
        found.systems.setdefault(system)
    for listed in _LISTED.findall(document.data.decode("utf-8", "replace")):
        found.unseen.setdefault(f"the systems of {listed}")
    return found


class _OutputWalk(Struct):
    files: FlakeFiles
    found: FlakeOutputs

    def outputs(self, document: Document, node: Node, within: str, depth: int) -> None:
        """Note the outputs of an expression. within: the option of flake-parts that it is the value of."""
        node, data = result_of(node), document.data
        if depth > _MAX_DEPTH:
            return
        if node.type in SETS:
            self._set(document, node, within, depth)
        elif operator(node, data) == "//" or node.type in {"if_expression", "list_expression"}:
            condition = node.child_by_field_name("condition")
            for inner in node.named_children:
                if inner != condition and inner.type != "comment":
                    self.outputs(document, inner, within, depth + 1)
        elif node.type == "variable_expression" and (value := value_of(node, text(node, data), data)) is not None:
            self.outputs(document, value, within, depth + 1)
        elif not self._call(document, node, within, depth):
            source = " ".join(text(node, data).split())
            place = f"{document.name}:{node.start_point[0] + 1}"
            self.found.unseen.setdefault(f"what {source[:_SHOWN]}{'…' * (len(source) > _SHOWN)} gives ({place})")

    def _call(self, document: Document, node: Node, within: str, depth: int) -> bool:
        """Look into a call whose arguments hold outputs, and into a file; return whether it is one of them."""
        call, other = call_of(node, document.data), self._imported(document, node)
        if other is not None and other.expression is not None:
            self.outputs(other, other.expression, within, depth + 1)
        elif call is not None and call.name == "mkFlake":
            self.outputs(document, call.arguments[-1], "module", depth + 1)
        elif call is not None and (_EACH.fullmatch(call.name) or call.name in _JOINS):
            for argument in call.arguments:
                if bare(argument).type not in {"variable_expression", "select_expression"}:
                    self.outputs(document, argument, within, depth + 1)
        else:
            return False
        return True

    def _imported(self, document: Document, node: Node) -> Document | None:
        call = call_of(node, document.data)
        named = call.arguments[0] if call is not None and call.name in {"import", "importApply"} else node
        return self.files.named_by(document, named)

    def _set(self, document: Document, node: Node, within: str, depth: int) -> None:
        for item in bindings(node):
            if item.type != "binding":
                for _, name in inherited(item, document.data):
                    self._name(name, within)
                continue
            path, value = bound_path(item, document.data), item.child_by_field_name("expression")
            first, inner = path[0], value if len(path) == 1 else None
            if within == "module" and first in {"imports", "flake", "perSystem"}:
                if len(path) > 1 and path[1] is not None:
                    self._name(path[1], first)
                elif inner is not None:
                    self.outputs(document, inner, {"imports": "module"}.get(first, first), depth + 1)
            elif first is not None:
                self._name(first, within)

    def _name(self, name: str, within: str) -> None:
        """Note a name: an output, or an option of flake-parts that may be one."""
        if within == "perSystem" and name in _SHELLS:
            name = "devShells"
        if within and name in _OF_MODULES:
            return
        if within in ("", "flake") or (within == "perSystem" and name in _PER_SYSTEM):
            self.found.names.setdefault(name)
        elif within == "perSystem":
            self.found.unseen.setdefault(f"what the option {name} of perSystem gives")


def _systems(root: Node, data: bytes) -> dict[str, None]:
    """Return the systems that a text names: as a text, or as a name of an attribute."""
    found = dict[str, None]()
    stack = [root]
    while stack:
        node = stack.pop()
        value: object = None
        if node.type == "string_expression":
            value = read_value(node, data)
        elif node.type == "identifier" and node.parent is not None and node.parent.type == "attrpath":
            value = attribute_name(node, data)
        if isinstance(value, str) and _SYSTEM.fullmatch(value):
            found.setdefault(value)
        stack += reversed(node.named_children)
    return found
