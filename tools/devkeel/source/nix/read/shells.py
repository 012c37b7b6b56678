"""The development shells of a flake: under which name each is found, and what it is made of, in which file.

The outputs are followed as the text has them: through functions, `let`, `with`, `//`, `if`, the names of a `let`, calls
whose arguments hold the outputs (`eachDefaultSystem (system: …)`, `genAttrs systems (…)`, `mkFlake { … } { … }`), and
files that are imported by a literal path. Whatever else stands where a shell should is one that cannot be edited.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.errors import DevkeelError
from devkeel.source.nix.read.document import Document
from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.literal import bound_path, static_names
from devkeel.source.nix.read.part import Part, part_of
from devkeel.source.nix.read.scope import SETS, bindings, count_uses, inherited
from devkeel.source.nix.read.shell_makers import Call, Kind, bare, call_of, kind_of, value_of
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from devkeel.source.path import AttrPath

__all__ = ["Shell", "shells_of"]

# Where the outputs of a flake, and those of flake-parts' modules, may hold what follows.
_TRANSPARENT = frozenset({"outputs", "perSystem", "flake", "config"})
# flake-parts' modules of devenv, devshell and make-shell: each shell is a module.
_MODULES = (("devenv", "shells"), ("devshells",), ("make-shells",))
_SYSTEM = re.compile(r"(?:x86_64|aarch64|i686|armv\w+|riscv64|powerpc64le|powerpc64)-(?:linux|darwin|freebsd|\w+)")
_FILE = re.compile(r"\.{1,2}(?:/[\w.+-]+)*/?")
_FLAKE = "flake.nix"
_MAX_STEPS = 20_000
_MAX_DEPTH = 60

# A path of names, None for a computed one.
_Path: TypeAlias = tuple[str | None, ...]


class Shell(Struct, frozen=True):
    """A development shell.

    name: `default` and the like. output: the attribute that has it, `devShells`, `devShell`, `devenv.shells`. systems:
    those that its path names. kind: what takes its packages. part: the expression with its lists, with the path at which
    they stand in it; None where that is not known. place: what stands for the shell. why: why it cannot be edited.
    conditions: those that it stands under. maker: the source of what its function is taken from. modules: each module of
    a shell of devenv's, as a shell of its own. shared: other calls in the file make something of the same expression.
    filled: callPackage gives its file what the arguments name.
    """

    name: str
    output: str
    document: Document
    place: Node
    kind: Kind | None = None
    part: Part | None = None
    prefix: AttrPath = ()
    systems: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    why: str | None = None
    code: str = "opaque_value"
    maker: str = ""
    modules: tuple[Shell, ...] = ()
    shared: bool = False
    filled: bool = False

    @property
    def line(self) -> int:
        """The line that it begins on."""
        return self.place.start_point[0] + 1

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.document.name}:{self.line}"

    @property
    def spelled(self) -> str:
        """The attribute, as a caller may name it."""
        system = self.systems[:1] if len(self.systems) == 1 else ()
        return ".".join((self.output, *system, *([self.name] if self.output != "devShell" else [])))

    @property
    def body(self) -> tuple[str, int, AttrPath]:
        """What it is made of: shells with the same are one."""
        at = self.part.at if self.part is not None and self.part.at is not None else self.place
        return (self.document.name, at.start_byte, self.prefix)


def shells_of(read: Callable[[str], bytes | None], name: str = _FLAKE) -> list[Shell]:
    """Return the development shells of a flake, in the order of its text. read: a file of the project by its path.

    Raises DevkeelError for a flake.nix that does not parse.
    """
    return _Walk(read).shells(name)


class _State(Struct, frozen=True):
    """How a node was reached: conditions, how deep, whether what makes it is called from several places."""

    conditions: tuple[str, ...] = ()
    depth: int = 0
    shared: bool = False
    filled: bool = False

    def on(self, condition: str | None = None, *, shared: bool = False, filled: bool = False) -> _State:
        conditions = self.conditions if condition is None else (*self.conditions, condition)
        return _State(conditions, self.depth + 1, self.shared or shared, self.filled or filled)


class _Walk(Struct):
    read: Callable[[str], bytes | None]
    documents: dict[str, Document | None] = field(default_factory=dict)
    found: list[Shell] = field(default_factory=list)
    aliases: list[tuple[Shell, str]] = field(default_factory=list)
    seen: set[tuple[str, int, _Path]] = field(default_factory=set)
    steps: int = 0

    def shells(self, name: str) -> list[Shell]:
        document = self._open(name)
        if document is None or document.expression is None:
            return []
        document.require_utf8()
        _ = document.body  # a flake is a set, and parses
        self._outputs(document, document.expression, (), _State())
        for alias, target in self.aliases:
            meant = [shell for shell in self.found if shell.name == target and shell.output != "devShell"]
            self.found += [replace(shell, name=alias.name, output=alias.output) for shell in meant] or [alias]
        return self.found

    def _open(self, name: str) -> Document | None:
        if name not in self.documents:
            data = self.read(name)
            self.documents[name] = None if data is None else Document(data, name, module=False)
        return self.documents[name]

    # What holds the outputs.

    def _outputs(self, document: Document, node: Node, path: _Path, state: _State) -> None:
        """Look for shells in what stands at a path of the outputs."""
        node, data = bare(node), document.data
        if self._again(document, node, path, state):
            return
        if node.type == "function_expression":
            body = node.child_by_field_name("body")
            if body is not None:
                self._outputs(document, body, path, state.on())
        elif node.type in SETS:
            self._set(document, node, path, state)
        elif operator(node, data) == "//":
            for side in ("left", "right"):
                if (operand := node.child_by_field_name(side)) is not None:
                    self._outputs(document, operand, path, state.on())
        elif node.type == "if_expression":
            condition = node.child_by_field_name("condition")
            for side in ("consequence", "alternative"):
                if (branch := node.child_by_field_name(side)) is not None:
                    told = text(condition, data) if condition is not None else "if"
                    self._outputs(document, branch, path, state.on(told))
        elif node.type == "list_expression":
            for element in node.children_by_field_name("element"):
                self._outputs(document, element, path, state.on())
        elif node.type == "variable_expression":
            value = value_of(node, text(node, data), data)
            if value is not None:
                self._outputs(document, value, path, state.on())
        elif node.type == "select_expression":
            for value in _selected(node, data):
                self._outputs(document, value, path, state.on())
        elif node.type == "path_expression" and not path:
            self._file(document, node, path, state, self._outputs)
        elif node.type == "apply_expression":
            self._call(document, node, path, state)

    def _again(self, document: Document, node: Node, path: _Path, state: _State) -> bool:
        key = (document.name, node.id, path)
        self.steps += 1
        if key in self.seen or state.depth > _MAX_DEPTH or self.steps > _MAX_STEPS:
            return True
        self.seen.add(key)
        return False

    def _call(self, document: Document, node: Node, path: _Path, state: _State) -> None:
        data, call = document.data, call_of(node, document.data)
        if path and call is not None and kind_of(call, data) in ("shell", "module", "devenv"):
            self._shell(document, node, path, state)
            return
        if call is not None and self._imported(document, call, path, state, self._outputs):
            return
        if call is not None and call.base is None:
            value = value_of(call.function, call.name, data)
            if value is not None:
                self._outputs(document, value, path, state.on())
        arguments = call.arguments if call is not None else ()
        for argument in arguments:
            inner = bare(argument)
            if inner.type not in {"string_expression", "select_expression", "variable_expression"} or not path:
                self._outputs(document, argument, path, state.on())

    def _set(self, document: Document, node: Node, path: _Path, state: _State) -> None:
        data = document.data
        if not path:
            self._modules(document, node, state)
        for item in bindings(node):
            if item.type != "binding":
                self._inherited(document, node, item, path, state)
                continue
            names, value = _plain((*path, *bound_path(item, data))), item.child_by_field_name("expression")
            if value is None:
                continue
            if names == ("imports",):
                self._outputs(document, value, (), state.on())
            elif _leads(names):
                self._at(document, value, names, state)

    def _inherited(self, document: Document, node: Node, item: Node, path: _Path, state: _State) -> None:
        data, source = document.data, item.child_by_field_name("expression")
        for attribute, name in inherited(item, data):
            names = _plain((*path, name))
            if not _leads(names) or not names:
                continue
            if source is None:
                # From outside of the set: a rec set has the name itself.
                value = value_of(node, name, data)
                values = [value] if value is not None else []
            else:
                values = [*_attribute(source, (name,), data)]
            for value in values:
                self._at(document, value, names, state)
            if not values and _is_named(names):
                self._cannot(document, attribute, names, state, f"it is inherited: {text(item, data)}", "inherited")

    def _at(self, document: Document, value: Node, names: _Path, state: _State) -> None:
        """Look at what stands at a path: a shell where the path is complete, else what holds it."""
        if _is_named(names):
            self._shell(document, value, names, state.on())
        else:
            self._outputs(document, value, names, state.on())

    def _modules(self, document: Document, node: Node, state: _State) -> None:
        """Note the shells that are modules of flake-parts, whose options may be defined in pieces."""
        words = (b"devenv", b"devshells", b"make-shells")
        if not any(word in document.data for word in words):
            return
        part = part_of(document, node, "The set of outputs")
        for root in _MODULES:
            try:
                items = part.focus(root).bindings
            except DevkeelError:
                continue
            names = dict.fromkeys(item.raw[len(root)] for item in items if item.raw[: len(root)] == root != item.raw)
            for name in names:
                whole = next((item for item in items if item.raw == (*root, name) and item.value is not None), None)
                place = next(item.node for item in items if item.raw[: len(root) + 1] == (*root, name))
                shell = Shell(name, ".".join(root), document, place, "module", conditions=state.conditions)
                value = whole.value if whole is not None else None
                kind: Kind = "devenv" if root[0] == "devenv" else "module"
                if value is not None and bare(value).type not in SETS and not operator(bare(value), document.data):
                    self._module(document, value, replace(shell, kind=kind), state)
                else:
                    found = replace(shell, part=part, prefix=(*root, name), kind=kind)
                    self.found.append(replace(found, modules=(found,)) if kind == "devenv" else found)

    def _module(self, document: Document, value: Node, shell: Shell, state: _State) -> None:
        """Note a shell whose module is a value of its own: a function, or a file."""
        modules = [*self._modules_in(document, value, shell, state)]
        if modules:
            self.found.append(replace(modules[0], modules=tuple(modules) if shell.kind == "devenv" else ()))
        else:
            self.found.append(replace(shell, why="its module cannot be looked into"))

    def _modules_in(self, document: Document, value: Node, shell: Shell, state: _State) -> Iterator[Shell]:
        """Yield a shell for each module that is given: a set, a function of one, a file of one."""
        node, data = bare(value), document.data
        if node.type == "list_expression":
            for element in node.children_by_field_name("element"):
                yield from self._modules_in(document, element, shell, state)
        elif operator(node, data) == "++":
            for side in ("left", "right"):
                if (operand := node.child_by_field_name(side)) is not None:
                    yield from self._modules_in(document, operand, shell, state)
        elif node.type in SETS or node.type == "function_expression":
            part = part_of(document, value, "The module", module=True)
            yield replace(shell, document=document, place=node, part=part, prefix=())
        elif node.type == "variable_expression" and state.depth < _MAX_DEPTH:
            inner = value_of(node, text(node, data), data)
            if inner is not None:
                yield from self._modules_in(document, inner, shell, state.on())
        else:
            call = call_of(node, data)
            path = call.arguments[0] if call is not None and call.name == "import" else node
            other = self._named_by(document, path)
            if other is not None and other.expression is not None:
                yield from self._modules_in(other, other.expression, shell, state.on())

    # What is a shell.

    def _shell(self, document: Document, node: Node, path: _Path, state: _State) -> None:
        """Note the shell that an expression is, at a complete path."""
        whole, node, data = node, bare(node), document.data
        if self._again(document, node, (*path, ""), state):
            return
        call = call_of(node, data)
        if node.type == "variable_expression":
            value = value_of(node, text(node, data), data)
            if value is None:
                self._cannot(document, node, path, state, f"it is {text(node, data)}, which the text does not show")
            else:
                self._shell(document, value, path, state.on())
        elif node.type == "if_expression":
            self._branches(document, node, path, state)
        elif node.type == "select_expression":
            self._of_another(document, node, path, state)
        elif node.type in SETS or node.type == "function_expression":
            # devShell = { x86_64-linux = …; }, or = forAllSystems (system: …).
            self._outputs(document, whole, path, state.on())
        elif call is not None and (kind := kind_of(call, data)) is not None:
            self._made(document, call, kind, path, state)
        elif call is None or not self._imported(document, call, path, state, self._shell):
            self._unknown(document, node, call, path, state)

    def _branches(self, document: Document, node: Node, path: _Path, state: _State) -> None:
        condition = node.child_by_field_name("condition")
        told = text(condition, document.data) if condition is not None else "if"
        for side in ("consequence", "alternative"):
            if (branch := node.child_by_field_name(side)) is not None:
                self._shell(document, branch, path, state.on(told))

    def _of_another(self, document: Document, node: Node, path: _Path, state: _State) -> None:
        """Note a shell that is an attribute of something: another shell of the flake, or what a set or a file has."""
        data = document.data
        base, names = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
        known = static_names(names, data) if names is not None else ()
        root = text(base, data) if base is not None else ""
        if root in ("self", "self'", "inputs") and (meant := [name for name in known if name is not None and name != "self"]):
            if meant[0] in ("devShells", "devShell") and len(meant) > 1 or meant == ["devShell"]:
                alias = self._bare_shell(document, node, path, state)
                target = meant[-1] if meant[0] == "devShells" else "default"
                self.aliases.append((replace(alias, why=f"it is {text(node, data)}"), target))
                return
        values = _selected(node, data)
        for value in values:
            self._shell(document, value, path, state.on())
        if not values and not (base is not None and self._of_file(document, bare(base), known, path, state)):
            self._cannot(document, node, path, state, f"it is {_short(node, data)}, which the text does not show")

    def _of_file(self, document: Document, base: Node, names: _Path, path: _Path, state: _State) -> bool:
        """Look at an attribute of what an import gives: `(import ./shells.nix { … }).default`."""
        call = call_of(base, document.data)
        if call is None or None in names:
            return False

        def inner(other: Document, node: Node, at: _Path, way: _State) -> None:
            for value in _attribute(node, tuple(name or "" for name in names), other.data):
                self._shell(other, value, at, way)

        count = len(self.found)
        return self._imported(document, call, path, state, inner) and len(self.found) > count

    def _made(self, document: Document, call: Call, kind: Kind, path: _Path, state: _State) -> None:
        """Note the shell that a known function makes."""
        data, shell = document.data, self._bare_shell(document, call.node, path, state)
        shell = replace(shell, kind=kind, maker=call.owner(data))
        argument = call.arguments[-1]
        if kind == "devenv":
            modules = [
                module
                for value in _attribute(argument, ("modules",), data)
                for module in self._modules_in(document, value, shell, state)
            ]
            inner = [module for module in modules if module.part is not None]
            first = inner[0] if inner else replace(shell, why="none of its modules is written where it can be looked into")
            self.found.append(replace(first, modules=tuple(modules)))
            return
        part = part_of(document, _arguments(argument, data), "What the shell is made of")
        try:
            _ = part.body
        except DevkeelError:
            if call.name == "overrideAttrs" and call.base is not None:
                self._shell(document, call.base, path, state.on())
                return
            self.found.append(replace(shell, why=f"its arguments are {_short(argument, data)}"))
            return
        self.found.append(replace(shell, part=part))

    def _unknown(self, document: Document, node: Node, call: Call | None, path: _Path, state: _State) -> None:
        """Note a shell that an unknown function makes: of the file's own, or with a shell among its arguments."""
        data, before = document.data, len(self.found)
        if call is not None and call.base is None and (value := value_of(call.function, call.name, data)) is not None:
            inner = bare(value)
            binding = value.parent
            shared = binding is None or count_uses(binding, call.name, data) != 1
            while inner.type == "function_expression" and (body := inner.child_by_field_name("body")) is not None:
                inner = bare(body)
            if inner.type == "apply_expression":
                self._shell(document, inner, path, state.on(shared=shared))
        editable = [shell for shell in self.found[before:] if shell.why is None]
        if call is not None and not editable:
            del self.found[before:]
            for argument in call.arguments:
                inner = bare(argument)
                while inner.type == "function_expression" and (body := inner.child_by_field_name("body")) is not None:
                    inner = bare(body)
                if inner.type == "apply_expression":
                    self._shell(document, inner, path, state.on())
            editable = [shell for shell in self.found[before:] if shell.why is None]
        if not editable:
            del self.found[before:]
            self._cannot(document, node, path, state, f"it is made by {_short(node, data)}")

    def _cannot(
        self, document: Document, node: Node, path: _Path, state: _State, why: str, code: str = "opaque_value"
    ) -> None:
        self.found.append(replace(self._bare_shell(document, node, path, state), why=why, code=code))

    def _bare_shell(self, document: Document, node: Node, path: _Path, state: _State) -> Shell:
        output, systems, names = _read_path(path)
        shell = Shell(names[0] if names else "default", output, document, node, systems=systems)
        if not names and output != "devShell":
            shell = replace(shell, name="", why="its name is computed", code="computed_name")
        return replace(shell, conditions=state.conditions, shared=state.shared, filled=state.filled)

    # Files.

    def _imported(
        self,
        document: Document,
        call: Call,
        path: _Path,
        state: _State,
        look: Callable[[Document, Node, _Path, _State], None],
    ) -> bool:
        """Look at the file that a call of import or callPackage names; return whether it is such a call."""
        if call.name not in {"import", "callPackage", "importApply"}:
            return False
        return self._file(document, call.arguments[0], path, state.on(filled=call.name == "callPackage"), look)

    def _file(
        self,
        document: Document,
        node: Node,
        path: _Path,
        state: _State,
        look: Callable[[Document, Node, _Path, _State], None],
    ) -> bool:
        other = self._named_by(document, node)
        if other is None or other.expression is None or other.syntax_problems:
            return False
        expression = bare(other.expression)
        while expression.type == "function_expression" and (body := expression.child_by_field_name("body")) is not None:
            expression = bare(body)
        look(other, expression, path, state.on())
        return True

    def _named_by(self, document: Document, node: Node) -> Document | None:
        """Return the file that a literal path names."""
        source = text(bare(node), document.data)
        if bare(node).type != "path_expression" or _FILE.fullmatch(source) is None:
            return None
        name = posixpath.normpath(posixpath.join(posixpath.dirname(document.name), source))
        if name.startswith("../"):
            return None
        names = [name] if name.endswith(".nix") else [posixpath.join(name, "default.nix"), name]
        return next((found for each in names if (found := self._open(posixpath.normpath(each))) is not None), None)


def _plain(names: _Path) -> _Path:
    """Return a path without what only says where the outputs are."""
    while names and names[0] in _TRANSPARENT:
        names = names[1:]
    return names


def _leads(names: _Path) -> bool:
    """Return whether a path is that of a shell, or on the way to one."""
    return not names or names[0] in {"devShells", "devShell"}


def _read_path(names: _Path) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the output, the systems and the other names of a path."""
    output, *rest = names
    known = [name for name in rest if name is not None]
    systems = tuple(name for name in known if _SYSTEM.fullmatch(name))
    return output or "", systems, tuple(name for name in known if name not in systems)


def _is_named(names: _Path) -> bool:
    """Return whether a path is complete: what stands there is a shell."""
    if not names:
        return False
    output, _, rest = _read_path(names)
    return bool(rest) or output == "devShell"


def _attribute(node: Node, names: tuple[str, ...], data: bytes, depth: int = 0) -> list[Node]:
    """Return the values of an attribute of a set, as far as the text shows it."""
    node = bare(node)
    while node.type == "function_expression" and (body := node.child_by_field_name("body")) is not None:
        node = bare(body)
    if not names:
        return [node]
    if depth > _MAX_DEPTH:
        return []
    if node.type == "variable_expression":
        value = value_of(node, text(node, data), data)
        return _attribute(value, names, data, depth + 1) if value is not None else []
    if operator(node, data) == "//":
        sides = [node.child_by_field_name(side) for side in ("right", "left")]
        found = (_attribute(side, names, data, depth + 1) for side in sides if side is not None)
        return next((values for values in found if values), [])
    result: list[Node] = []
    for item in bindings(node) if node.type in SETS else ():
        if item.type == "binding":
            path, value = bound_path(item, data), item.child_by_field_name("expression")
            if value is not None and path == names[: len(path)]:
                result += _attribute(value, names[len(path) :], data, depth + 1) if len(path) < len(names) else [value]
        elif any(name == names[0] for _, name in inherited(item, data)):
            source = item.child_by_field_name("expression")
            value = value_of(node, names[0], data) if source is None else None
            if source is not None:
                result += _attribute(source, names, data, depth + 1)
            elif value is not None:
                result += _attribute(value, names[1:], data, depth + 1) if len(names) > 1 else [value]
    return result


def _selected(node: Node, data: bytes) -> list[Node]:
    """Return what `base.a.b` is, where the base is a set of the file's own."""
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    if base is None or path is None:
        return []
    names = static_names(path, data)
    known = tuple(name for name in names if name is not None)
    return _attribute(base, known, data) if len(known) == len(names) else []


def _arguments(node: Node, data: bytes) -> Node:
    """Return the expression that a shell's arguments are written in: what a name of a let stands for."""
    for _ in range(_MAX_NAMES):
        inner = bare(node)
        value = value_of(inner, text(inner, data), data) if inner.type == "variable_expression" else None
        if value is None or count_uses(value.parent or value, text(inner, data), data) != 1:
            return node
        node = value
    return node


_MAX_NAMES = 8
_SHOWN = 60


def _short(node: Node, data: bytes) -> str:
    source = " ".join(text(node, data).split())
    return f"{source[:_SHOWN]} …" if len(source) > _SHOWN else source
