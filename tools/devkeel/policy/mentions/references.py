"""What the text of a fact refers to: names of the file, arguments of the module, options, inputs, other files."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, cast

from msgspec import Struct, field

from devkeel.policy.mentions.facts import Fact
from devkeel.policy.mentions.nodes import callee, defining, descendants, has_interpolation, path_of, tokens
from devkeel.project.root import DECLARATION_FILES, OTHER_FILES, digest
from devkeel.source import nix
from devkeel.source.nix.read.literal import read_value, static_names
from devkeel.source.nix.read.scope import enclosing_withs, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from devkeel.policy.mentions.facts import DeclarationFiles
    from devkeel.source.path import AttrPath

__all__ = ["References"]

# Arguments of a module that mean the same whatever the project says.
_FIXED = frozenset({"lib", "options", "modulesPath", "pkgs"})
# callPackage imports its first argument where that is a path (nixpkgs, lib/customisation.nix).
_LOADERS = frozenset({"import", "callPackage", "scopedImport"})
_READERS = _LOADERS | {"readFile", "readDir", "pathExists", "fromJSON", "importJSON", "importTOML", "findFile", "path"}
# A path that is put together from text; and what in it leads to no file of the project.
_COMPUTED = frozenset(
    {"string_expression", "binary_expression", "indented_string_expression", "parenthesized_expression"}
)
_ELSEWHERE = re.compile(r"inputs(?!\.self\b)(?:\.|\Z)|pkgs\b|lib\b|modulesPath\b")
_NOT_DATA = frozenset({*DECLARATION_FILES, *OTHER_FILES})


class References(Struct):
    """Follows what facts refer to, and adds that as facts of its own.

    config: the options that are read through `config`; () for all of them. inputs: the inputs, by name; `*` for all.
    arguments: of modules, that something else gives. words: what a value may depend on besides: `pkgs`, `getEnv`.
    environment: variables that are read, by name; `*` for any.
    """

    files: DeclarationFiles
    add: Callable[[Fact], None]
    module: Callable[[str], None]
    heads: set[tuple[str, int]] = field(default_factory=set)
    config: set[AttrPath] = field(default_factory=set)
    inputs: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    environment: set[str] = field(default_factory=set)
    _seen: set[tuple[object, ...]] = field(default_factory=set)

    def _new(self, *key: object) -> bool:
        known = key in self._seen
        self._seen.add(key)
        return not known

    def follow(self, document: nix.Document, node: Node, *, modules: bool = False) -> None:
        """Follow everything that a node refers to; `modules`: a file that it names is read as a module."""
        data, waiting = document.data, [node]
        while waiting:
            item = waiting.pop()
            if item.type == "apply_expression" and self._loaded(document, item, modules=modules):
                continue
            if item.type == "apply_expression":
                self._reading(item, data)
            waiting += reversed(item.children)
            if item.type == "variable_expression":
                self._variable(document, item, text(item, data))
            elif item.type == "inherit":
                scope = item.parent.parent if item.parent is not None else None
                for _, name in inherited(item, data):
                    # In a let or a rec set it is the name from outside.
                    self._variable(document, scope if scope is not None else item, name)
            elif item.type == "path_expression":
                self._path(document, item, modules=modules)

    def _reading(self, node: Node, data: bytes) -> None:
        """Take in what a call reads beside what its text names: variables, and files behind a computed path."""
        name, given = callee(node, data)
        if name == "getEnv":
            known = read_value(given[0], data)
            self.environment.add(known if isinstance(known, str) else "*")
        elif name in _READERS and given[0].type in _COMPUTED:
            inner = list(descendants(given[0]))
            heads = [text(item, data) for item in inner if item.type in ("variable_expression", "select_expression")]
            if not any(item.type == "path_expression" for item in inner) and not all(map(_ELSEWHERE.match, heads)):
                self.folder("")

    def _loaded(self, document: nix.Document, node: Node, *, modules: bool) -> bool:
        """Follow the import of a file, which says itself what it makes of its arguments; return whether it is one."""
        name, given = callee(node, document.data)
        if name != "import" or given[0].type != "path_expression" or has_interpolation(given[0]):
            return False
        self._path(document, given[0], modules=modules)
        for item in given[1:]:
            self.arguments(document, item)
        return True

    def arguments(self, document: nix.Document, node: Node) -> None:
        """Follow what is given to a file that is read as well: its own use of `config` is seen there."""
        for item in descendants(node):
            if item.type == "variable_expression" and text(item, document.data) != "config":
                self._variable(document, item, text(item, document.data))

    def _variable(self, document: nix.Document, node: Node, name: str) -> None:
        data = document.data
        if name in ("getEnv", "builtins"):
            self.words.add("getEnv")
        scope, found = defining(node, name, data)
        for item in found:
            if self._new(document.name, item.id):
                line = document.place(item.start_byte).line
                self.add(Fact(tokens(item, data), f"the name {name}", document.name, line))
                value = item.child_by_field_name("expression")
                for part in [value] if value is not None else [item]:
                    self.follow(document, part)
        if scope is None:
            self._free(document, node)
        elif scope.type == "function_expression":
            self._argument(document, scope, node, name)

    def _free(self, document: nix.Document, node: Node) -> None:
        """Follow the `with`s that a name may come from."""
        for source in enclosing_withs(node, document.data):
            if source == "pkgs" or source.endswith(".pkgs"):
                self.words.add("pkgs")
            if self._new(document.name, "with", source):
                self.add(Fact(f"with {source}", f"with {source}", document.name))
                scope = node.parent
                while scope is not None:
                    environment = scope.child_by_field_name("environment") if scope.type == "with_expression" else None
                    if environment is not None:
                        self.follow(document, environment)
                    scope = scope.parent

    def _argument(self, document: nix.Document, scope: Node, node: Node, name: str) -> None:
        data, formals = document.data, scope.child_by_field_name("formals")
        for formal in formals.named_children if formals is not None else ():
            default, own = formal.child_by_field_name("default"), formal.child_by_field_name("name")
            if own is None or text(own, data) != name or default is None or not self._new(document.name, formal.id):
                continue
            self.add(Fact(tokens(formal, data), f"the argument {name}", document.name))
            self.follow(document, default)
        if (document.name, scope.id) not in self.heads:
            return
        universal = any(text(child, data) == name for child in scope.children_by_field_name("universal"))
        if name == "pkgs":
            self.words.add("pkgs")
        if universal:
            for path in self._selected(node, name, data):
                self._of_arguments(path)
        elif name == "config":
            self.config |= set(self._selected(node, name, data))
        elif name == "inputs":
            self.inputs |= {path[0] if path else "*" for path in self._selected(node, name, data)}
        elif name not in _FIXED and self._new("argument", name):
            # Another module may give it (`_module.args`), or an input of that name.
            self.inputs.add(name)

    def _of_arguments(self, path: AttrPath) -> None:
        match path:
            case ("config", *rest):
                self.config.add(tuple(rest))
            case ("inputs", first, *_):
                self.inputs.add(first)
            case ("pkgs", *_):
                self.words.add("pkgs")
            case ():
                self.config.add(())
                self.inputs.add("*")

    @staticmethod
    def _selected(node: Node, name: str, data: bytes) -> Iterator[AttrPath]:
        """Yield the paths that are taken from a name at a node; () where it is used as a whole."""
        if node.type != "variable_expression" or text(node, data) != name:
            yield ()
            return
        parent, path = node.parent, cast("AttrPath", ())
        if parent is not None and parent.type == "select_expression":
            attributes = parent.child_by_field_name("attrpath")
            names = static_names(attributes, data) if attributes is not None else ()
            path = cast("AttrPath", names[: names.index(None)] if None in names else names)
            parent = parent.parent
        if parent is not None and parent.type == "inherit_from":
            yield from ((*path, each) for _, each in inherited(parent, data))
        else:
            yield path

    def _path(self, document: nix.Document, node: Node, *, modules: bool) -> None:
        data = document.data
        target = path_of(node, data, document.name)
        if target is None or not self._new("path", target, modules):
            return
        own = None if has_interpolation(node) else self.files.read(target)
        inner = posixpath.join(target, "default.nix")
        if own is None and (_is_loaded(node, data) or modules) and self.files.read(inner) is not None:
            target, own = inner, self.files.read(inner)
        if own is None:
            self.folder(target, modules=modules)
        elif modules and target.endswith(".nix"):
            self.module(target)
        else:
            self._data(target, own)

    def _data(self, name: str, data: bytes) -> None:
        if not self._new("data", name):
            return
        if not name.endswith(".nix"):
            self.add(Fact(f"{name} {digest(data)}", "a file that it reads", name))
            return
        document = nix.Document(data, self.files.origin(name))
        self.add(Fact(f"{name} {tokens(document.root, data)}", "a file that it reads", name))
        node = document.root.child_by_field_name("expression")
        while node is not None and node.type == "function_expression":
            self.heads.add((name, node.id))
            node = node.child_by_field_name("body")
        self.follow(document, document.root)

    def folder(self, folder: str, *, modules: bool = False) -> None:
        """Take in the files of a folder that change: the text does not say which of them are read."""
        for name in sorted(self.files.changed):
            inside = folder in ("", ".") or name.startswith(f"{folder}/")
            data = self.files.read(name) if inside and name not in _NOT_DATA else None
            if data is None:
                continue
            if modules and name.endswith(".nix"):
                self.module(name)
            else:
                self._data(name, data)


def _is_loaded(node: Node, data: bytes) -> bool:
    """Return whether a path is the argument of what reads a folder's default.nix."""
    call = node.parent
    function = call.child_by_field_name("function") if call is not None and call.type == "apply_expression" else None
    return function is not None and text(function, data).rpartition(".")[2] in _LOADERS
