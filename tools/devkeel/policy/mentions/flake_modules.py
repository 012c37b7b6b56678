"""Modules of devenv within a flake.nix: `devenv.lib.mkShell { modules = [ … ]; }`, `devenv.shells.NAME` of flake-parts.

What brings modules in by another way cannot be looked into, and is a fact as it is written: inputs as a whole, what is
fetched, modules of flake-parts of others. Where devenv itself goes by a name that is not followed, its modules may be
anywhere in the file, which is a fact as a whole then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from msgspec import Struct, field

from devkeel.errors import DevkeelError
from devkeel.policy.mentions.facts import UNPARSED, Fact
from devkeel.policy.mentions.nodes import callee, descendants, statement, tokens
from devkeel.source import nix
from devkeel.source.nix.read.flake_files import named_files
from devkeel.source.nix.read.literal import bound_path, static_names
from devkeel.source.nix.read.scope import SETS, bindings, inherited
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import bare, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from devkeel.policy.mentions.facts import DeclarationFiles
    from devkeel.policy.mentions.references import References
    from devkeel.source.path import AttrPath

__all__ = ["FLAKE", "FlakeModules"]

FLAKE = "flake.nix"
_NAME = "devenv"
# devenv, flake.nix: `lib.mkShell`, `lib.mkConfig` and `lib.mkEval` take `modules`; its flake-module.nix makes
# `devenv.shells` of flake-parts.
_MAKERS = frozenset({"mkShell", "mkShellNoCC", "mkConfig", "mkEval"})
_SHELLS = (_NAME, "shells")
# What fetches a flake or an expression, with its modules (Nix manual, Built-in functions).
_FETCHING = re.compile(r"getFlake|fetch\w+|findFile|scopedImport")
# The modules of every option, and the library that they stand on.
_ALWAYS = frozenset({_NAME, "nixpkgs"})
# What devenv gives that makes no shell of modules: its command, and what flake-parts has `devenv.shells` from.
_NO_SHELLS = frozenset({"packages", "defaultPackage", "overlays", "flakeModule", "flakeModules"})
_PARTS = frozenset({"flakeModule", "flakeModules"})
_SHOWN = 60


class FlakeModules(Struct):
    """Reads a flake for a survey.

    module: reads a value as a module. imports: reads a list of modules. entry: reads a binding within a module, by its
    names. add: takes a fact.
    """

    files: DeclarationFiles
    references: References
    add: Callable[[Fact], None]
    module: Callable[[nix.Document, Node], None]
    imports: Callable[[nix.Document, Node], None]
    entry: Callable[[nix.Document, AttrPath, Node], None]
    _read: set[tuple[str, int]] = field(default_factory=set)
    _heads: frozenset[str] = frozenset()
    _inherits: bool = False

    def survey(self) -> None:
        """Read the flake and the files that it names, where it is about devenv."""
        data = self.files.read(FLAKE)
        if data is None:
            return
        try:
            named = named_files(self.files.read, FLAKE)
        except DevkeelError:
            named = {}
        texts = {FLAKE: data, **{name: named[name] for name in sorted(named)}}
        about = any(_NAME.encode() in item for item in texts.values())
        for name, content in texts.items():
            document = nix.Document(content, name)
            root = document.root.child_by_field_name("expression")
            if document.syntax_problems or root is None:
                if about and name == FLAKE:
                    self.add(Fact(content.decode("utf-8", "replace"), UNPARSED, name, opaque=True))
                continue
            if name == FLAKE:
                self._outputs(document, root)
            nodes = list(descendants(root))
            self._inherits = any(node.type == "inherit_from" and _NAME in text(node, content) for node in nodes)
            for node in nodes:
                self._made(document, node)
            self._mentions(document, root, about=about)
        if about:
            self._inputs(data)

    def _outputs(self, document: nix.Document, root: Node) -> None:
        """Learn what the function of the outputs is given: names of inputs, and all of them."""
        for item in bindings(root) if root.type in SETS else ():
            value = item.child_by_field_name("expression") if item.type == "binding" else None
            if value is None or bound_path(item, document.data) != ("outputs",):
                continue
            function = bare(value)
            if function.type == "function_expression":
                self.references.heads.add((document.name, function.id))
                names = {text(child, document.data) for child in function.children_by_field_name("universal")}
                self._heads = frozenset(names)

    # Modules that can be read.

    def _made(self, document: nix.Document, node: Node) -> None:
        if node.type == "binding":
            self._option(document, node)
        elif node.type == "apply_expression" and not _continues(node):
            name, arguments = callee(node, document.data)
            if name in _MAKERS and arguments:
                self._call(document, node, arguments[-1])

    def _call(self, document: nix.Document, call: Node, argument: Node) -> None:
        data = document.data
        given = bare(argument)
        if given.type not in SETS:
            function = call.child_by_field_name("function")
            if self._inherits and function is not None and function.type == "variable_expression":
                self._opaque(document, call)
            return  # by its whole name it is a mention of devenv
        for item in bindings(given):
            value = item.child_by_field_name("expression") if item.type == "binding" else None
            if value is not None and bound_path(item, data)[:1] == ("modules",):
                self._modules(document, value)
            elif item.type == "inherit" and any(name == "modules" for _, name in inherited(item, data)):
                meant = value_of(given, "modules", data)
                self._modules(document, meant) if meant is not None else self._opaque(document, item)
            elif item.type == "inherit_from" and any(name == "modules" for _, name in inherited(item, data)):
                self._opaque(document, item)

    def _modules(self, document: nix.Document, value: Node) -> None:
        node = bare(value)
        meant = value_of(node, text(node, document.data), document.data) if node.type == "variable_expression" else None
        value = meant if meant is not None else value
        self._read.add((document.name, value.id))
        self.imports(document, value)

    def _option(self, document: nix.Document, node: Node) -> None:
        """Read `devenv.shells.NAME`, in one path or in sets within each other."""
        path = bound_path(node, document.data)
        at = path.index(_NAME) if _NAME in path else None
        if at is not None and not _in_inputs(node, document.data):
            self._shells(document, node, path[at:])

    def _shells(self, document: nix.Document, node: Node, path: tuple[str | None, ...]) -> None:
        value = node.child_by_field_name("expression")
        if value is None or path[: len(_SHELLS)] != _SHELLS[: len(path)]:
            return
        inner = bare(value)
        if len(path) > len(_SHELLS):
            rest = path[len(_SHELLS) + 1 :]
            self._read.add((document.name, value.id))
            if None in rest:
                self._opaque(document, node)
            elif rest:
                self.entry(document, cast("AttrPath", rest), node)
            else:
                self.module(document, value)
            return
        if inner.type not in SETS:
            self._opaque(document, node)
            return
        for item in bindings(inner):
            if item.type == "binding":
                self._shells(document, item, (*path, *bound_path(item, document.data)))
            elif path == _SHELLS or any(name == "shells" for _, name in inherited(item, document.data)):
                self._opaque(document, item)

    # What cannot be looked into.

    def _opaque(self, document: nix.Document, node: Node) -> None:
        whole = statement(node)
        words = tokens(whole, document.data)
        line = document.place(whole.start_byte).line
        self.add(Fact(words, f"`{words[:_SHOWN]}`", document.name, line, opaque=True))
        self.references.follow(document, whole, modules=True)

    def _mentions(self, document: nix.Document, root: Node, *, about: bool) -> None:
        whole = False
        for node in self._outside(document, root):
            words, lost = self._mentioned(document, node, about=about)
            line = document.place(node.start_byte).line
            if words:
                self.add(Fact(f"{FLAKE}: {words}", f"`{words[:_SHOWN]}`", document.name, line, opaque=True))
            if lost and not whole:
                whole, words = True, tokens(root, document.data)
                self.add(Fact(words, f"a flake with {_NAME} by another name", document.name, line, opaque=True))

    def _outside(self, document: nix.Document, root: Node) -> Iterator[Node]:
        """Yield the nodes of a file, but for those of modules that were read, and of the inputs."""
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if (document.name, node.id) in self._read or _is_inputs(node, root, document.data):
                continue
            yield node
            waiting += reversed(node.children)

    def _mentioned(self, document: nix.Document, node: Node, *, about: bool) -> tuple[str, bool]:
        """Return how a node brings in what is not seen, and whether devenv goes on by a name that is not followed."""
        data = document.data
        if node.type == "apply_expression":
            return _brought(node, data, about=about), False
        if not about:
            return "", False
        if node.type == "string_fragment":
            return (_NAME, _is_given(node)) if text(node, data) == _NAME else ("", False)
        if node.type == "inherit":
            names = {name for _, name in inherited(node, data)} & {_NAME, "inputs", *self._heads}
            if not names or self._called(document, node):
                return "", False
            return f"inherit {' '.join(sorted(names))}", _NAME in names
        return self._variable(document, node) if node.type == "variable_expression" else ("", False)

    def _variable(self, document: nix.Document, node: Node) -> tuple[str, bool]:
        data, name = document.data, text(node, document.data)
        whole, names = node, cast("tuple[str | None, ...]", ())
        parent = node.parent
        if parent is not None and parent.type == "select_expression":
            attributes = parent.child_by_field_name("attrpath")
            names = static_names(attributes, data) if attributes is not None else ()
            whole = parent
        path = (name, *names)
        if name in ("config", "options", "pkgs", "lib"):
            return "", False
        if _NAME in path:
            further = path[path.index(_NAME) + 1 :]
            free = path == (_NAME,) and value_of(node, _NAME, data) is None and not self._given(node, data)
            known = free or (further and further[0] in _NO_SHELLS) or self._is_maker(document, whole, path)
            return ("", False) if known else (self._said(document, whole), not _hands_makers(whole, data))
        heads = {"inputs", *self._heads}
        if path[-1] in heads or (path[0] in heads and None in path):
            return "" if self._called(document, whole) else self._said(document, whole), False
        return (self._said(document, whole), False) if _PARTS & {*path} and name != "flake-parts" else ("", False)

    @staticmethod
    def _given(node: Node, data: bytes) -> bool:
        """Return whether the name is an argument of a function around it; else `with pkgs` has it, as a package."""
        scope = node.parent
        while scope is not None:
            formals = scope.child_by_field_name("formals") if scope.type == "function_expression" else None
            for formal in formals.named_children if formals is not None else ():
                own = formal.child_by_field_name("name")
                if own is not None and text(own, data) == _NAME:
                    return True
            scope = scope.parent
        return False

    @staticmethod
    def _is_maker(document: nix.Document, node: Node, path: tuple[str | None, ...]) -> bool:
        """Return whether it is the function of a call whose modules are read."""
        call = node.parent
        if path[-1] not in _MAKERS or call is None or call.type != "apply_expression":
            return False
        _, arguments = callee(call, document.data)
        function = call.child_by_field_name("function")
        return function is not None and function.id == node.id and bool(arguments) and bare(arguments[-1]).type in SETS

    @staticmethod
    def _called(document: nix.Document, node: Node) -> bool:
        """Return whether it stands among the arguments of a call whose modules are read."""
        inner, around = node, node.parent
        while around is not None and around.type != "apply_expression":
            inner, around = around, around.parent
        argument = around.child_by_field_name("argument") if around is not None else None
        return (
            around is not None
            and argument is not None
            and argument.id == inner.id
            and bare(argument).type in SETS
            and callee(around, document.data)[0] in _MAKERS
        )

    @staticmethod
    def _said(document: nix.Document, node: Node) -> str:
        parent = node.parent
        whole = parent if parent is not None and parent.type in ("binding", "inherit_from") else node
        return tokens(whole, document.data)

    def _inputs(self, data: bytes) -> None:
        """Take in the inputs that the modules come from, and those that something refers to."""
        document = nix.Document(data, FLAKE)
        root = document.root.child_by_field_name("expression")
        wanted = self.references.inputs | _ALWAYS
        for item in bindings(root) if root is not None and root.type in SETS else ():
            path = bound_path(item, data) if item.type == "binding" else ()
            if path[:1] == ("inputs",):
                self._input(document, item, path[1:], wanted)

    def _input(
        self, document: nix.Document, node: Node, path: tuple[str | None, ...], wanted: set[str] | frozenset[str]
    ) -> None:
        value = node.child_by_field_name("expression")
        if not path and value is not None and bare(value).type in SETS:
            for item in bindings(bare(value)):
                inner = bound_path(item, document.data) if item.type == "binding" else (None,)
                self._input(document, item, inner, wanted)
        elif not path or path[0] is None or path[0] in wanted or "*" in wanted:
            words = tokens(node, document.data).removeprefix("inputs . ")
            line = document.place(node.start_byte).line
            self.add(Fact(f"{FLAKE} input {words}", f"the input {path[0] if path else ''}", FLAKE, line))


def _brought(node: Node, data: bytes, *, about: bool) -> str:
    """Return the call that fetches, or imports what no path names; nothing for another one."""
    name, arguments = callee(node, data)
    if not arguments or _continues(node):
        return ""
    imported = about and name == "import" and bare(arguments[0]).type not in ("path_expression", "variable_expression")
    return f"{name} {tokens(arguments[0], data)}" if imported or _FETCHING.fullmatch(name) else ""


def _is_given(fragment: Node) -> bool:
    """Return whether a string is an argument, or one of a list: `getAttr "devenv" inputs`."""
    string = fragment.parent
    return (
        string is not None
        and string.parent is not None
        and string.parent.type in ("apply_expression", "list_expression")
    )


def _hands_makers(node: Node, data: bytes) -> bool:
    """Return whether a node is what makers are inherited from, whose calls are read by their names."""
    parent = node.parent
    if parent is None or parent.type != "inherit_from":
        return False
    return all(name in _MAKERS for _, name in inherited(parent, data))


def _continues(node: Node) -> bool:
    """Return whether a call is the function of another one: its arguments are not all that there are."""
    parent = node.parent
    function = parent.child_by_field_name("function") if parent is not None else None
    return parent is not None and parent.type == "apply_expression" and function is not None and function.id == node.id


def _is_inputs(node: Node, root: Node, data: bytes) -> bool:
    above = node.parent.parent if node.type == "binding" and node.parent is not None else None
    return above is not None and above.id == root.id and bound_path(node, data)[:1] == ("inputs",)


def _in_inputs(node: Node, data: bytes) -> bool:
    while node.parent is not None:
        if node.type == "binding" and bound_path(node, data)[:1] == ("inputs",):
            return True
        node = node.parent
    return False
