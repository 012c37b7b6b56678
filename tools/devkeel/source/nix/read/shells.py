"""The development shells of a flake: under which name each is found, and what it is made of, in which file.

The outputs are followed as the text has them: through functions, `let`, `with`, `//`, `if`, the names of a `let`, calls
whose arguments hold the outputs (`eachDefaultSystem (system: …)`, `genAttrs systems (…)`, `mkFlake { … } { … }`), and
files that are imported by a literal path. Whatever else stands where a shell should is one that cannot be edited.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.errors import DevkeelError
from devkeel.source.nix.read.flake_files import FlakeFiles
from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.literal import bound_path, static_names
from devkeel.source.nix.read.output_paths import OutputPath, another, is_named, leads, plain, read_path
from devkeel.source.nix.read.part import part_of
from devkeel.source.nix.read.provided import provided
from devkeel.source.nix.read.reached import Reached
from devkeel.source.nix.read.scope import SETS, bindings, count_uses, inherited
from devkeel.source.nix.read.shell import Shell
from devkeel.source.nix.read.shell_conventions import conventional_files
from devkeel.source.nix.read.shell_makers import Kind, ShellCall, call_of, kind_of
from devkeel.source.nix.read.shell_modules import merged, module_shells, modules_in
from devkeel.source.nix.read.shell_parts import condition_of, hands_on, is_empty, made_of, short
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import attribute_of, bare, only_value, result_of, value_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document

__all__ = ["shells_of"]

_IMPORTS = frozenset({"import", "callPackage", "importApply"})
_FLAKE = "flake.nix"
_DEFAULT = "default"
_MAX_STEPS = 20_000
_MAX_DEPTH = 60


def shells_of(read: Callable[[str], bytes | None], name: str = _FLAKE, wanted: str | None = None) -> list[Shell]:
    """Return the development shells of a flake, in the order of its text. read: a file of the project by its path.

    wanted: a shell that is looked for beside `default` where a library finds shells by the names of their files.
    Raises DevkeelError for a flake.nix that does not parse.
    """
    names = {_DEFAULT: None} | ({wanted.rpartition(".")[2]: None} if wanted else {})
    return _ShellWalk(FlakeFiles(read), (*names,)).shells(name)


class _ShellWalk(Struct):
    files: FlakeFiles
    names: tuple[str, ...]
    found: list[Shell] = field(default_factory=list)
    aliases: list[tuple[Shell, str]] = field(default_factory=list)
    seen: set[tuple[str, int, OutputPath]] = field(default_factory=set)
    steps: int = 0

    def shells(self, name: str) -> list[Shell]:
        document = self.files.open(name)
        if document is None or document.expression is None:
            return []
        document.require_utf8()
        _ = document.body  # a flake is a set, and parses
        self._outputs(document, document.expression, (), Reached())
        for alias, target in self.aliases:
            meant = [shell for shell in self.found if shell.name == target and shell.output != "devShell"]
            self.found += [replace(shell, name=alias.name, output=alias.output) for shell in meant] or [alias]
        return merged(self.found)

    # What holds the outputs.

    def _outputs(self, document: Document, node: Node, path: OutputPath, state: Reached) -> None:
        """Look for shells in what stands at a path of the outputs."""
        node = result_of(node)
        if self._again(document, node, path, state):
            return
        if node.type in SETS:
            self._set(document, node, path, state)
        elif node.type == "path_expression" and not path:
            self._file(document, node, path, state, self._outputs)
        elif node.type == "apply_expression":
            self._call(document, node, path, state)
        elif node.type == "select_expression":
            for other, value, at in self._selected(document, node, path):
                self._outputs(other, value, at, state.on())
        elif operator(node, document.data) == "//":
            self._updated(document, node, path, state)
        else:
            for inner, condition, optional in made_of(node, document.data):
                self._outputs(document, inner, path, state.on(condition, optional))

    def _updated(self, document: Document, node: Node, path: OutputPath, state: Reached) -> None:
        """Look into both sides of `//`, the right one of which hides names of the left one."""
        data = document.data
        left, right = (node.child_by_field_name(field) for field in ("left", "right"))
        if left is None or right is None:
            return
        call = call_of(bare(left), data)
        made = bool(path) and call is not None and kind_of(call, data) is not None
        if not made:  # a shell with attributes beside it stays the shell
            behind = state.behind(provided(self.files, document, right, top=not path), short(right, data))
            self._outputs(document, left, path, behind)
        self._outputs(document, left if made else right, path, state.on())

    def _again(self, document: Document, node: Node, path: OutputPath, state: Reached) -> bool:
        key = (document.name, node.id, path)
        self.steps += 1
        if key in self.seen or state.depth > _MAX_DEPTH or self.steps > _MAX_STEPS:
            return True
        self.seen.add(key)
        return False

    def _call(self, document: Document, node: Node, path: OutputPath, state: Reached) -> None:
        data, call = document.data, call_of(node, document.data)
        if path and call is not None and kind_of(call, data) is not None:
            self._shell(document, node, path, state)
            return
        if call is not None and self._imported(document, call, path, state, self._outputs):
            return
        if call is not None and call.base is None:
            value = value_of(call.function, call.name, data)
            if value is not None:
                self._outputs(document, value, path, state.on())
        if call is not None and not path:
            self._conventional(document, call, state)
        for argument in call.arguments if call is not None else ():
            if not path or hands_on(call, bare(argument)):
                self._outputs(document, argument, path, state.on(optional=condition_of(call, data)))

    def _conventional(self, document: Document, call: ShellCall, state: Reached) -> None:
        """Look at the files that a library of flakes takes as shells by their names."""
        for name, files, filled in conventional_files(call, document.data, self.names):
            place = posixpath.dirname(document.name)
            other = next((found for file in files if (found := self.files.module(posixpath.join(place, file)))), None)
            if other is not None and other.expression is not None:
                path = ("devShells", name)
                self._shell(other, result_of(other.expression), path, state.on(filled=filled))

    def _partition(self, document: Document, value: Node, names: OutputPath, state: Reached) -> None:
        """Look into partitions of flake-parts (extras/partitions.nix). names: those behind `partitions`."""
        if len(names) > 1:
            inner = plain(names[2:]) if names[1] == "module" else (None,)
            if inner in ((), ("imports",)):
                self._outputs(document, value, (), state.on())
            elif leads(inner):
                self._at(document, value, inner, state)
            return
        node = result_of(value)
        for item in bindings(node) if node.type in SETS else ():
            below = item.child_by_field_name("expression") if item.type == "binding" else None
            if below is not None:
                self._partition(document, below, (*names, *bound_path(item, document.data)), state)

    def _set(self, document: Document, node: Node, path: OutputPath, state: Reached) -> None:
        data = document.data
        if not path:
            self.found += module_shells(self.files, document, node, state)
        for item in bindings(node):
            if item.type != "binding":
                self._inherited(document, node, item, path, state)
                continue
            bound, value = bound_path(item, data), item.child_by_field_name("expression")
            names = plain((*path, *bound))
            inner = state.inside(bound[0], names, path)
            if value is None or bound[0] in state.hidden:
                continue
            if names == ("imports",):
                self._outputs(document, value, (), state.on())
            elif names[:1] == ("partitions",):
                self._partition(document, value, names[1:], inner)
            elif leads(names):
                self._at(document, value, names, inner)

    def _inherited(self, document: Document, node: Node, item: Node, path: OutputPath, state: Reached) -> None:
        data, source = document.data, item.child_by_field_name("expression")
        for attribute, name in inherited(item, data):
            names = plain((*path, name))
            if not leads(names) or not names or name in state.hidden:
                continue
            if source is None:
                # From outside of the set: a rec set has the name itself.
                value = value_of(node, name, data)
                values = [value] if value is not None else []
            else:
                values = [*attribute_of(source, (name,), data)]
            for value in values:
                self._at(document, value, names, state.inside(name, names, path))
            if not values and is_named(names):
                self._cannot(document, attribute, names, state, f"it is inherited: {text(item, data)}", "inherited")

    def _at(self, document: Document, value: Node, names: OutputPath, state: Reached) -> None:
        """Look at what stands at a path: a shell where the path is complete, else what holds it."""
        if is_named(names):
            self._shell(document, value, names, state.on())
            return
        known = len(self.found), len(self.aliases)
        self._outputs(document, value, names, state.on())
        if (len(self.found), len(self.aliases)) == known and names and not is_empty(value):
            told = f"the text does not show what {short(value, document.data)} gives"
            self._cannot(document, value, names, state, told)

    # What is a shell.

    def _shell(self, document: Document, node: Node, path: OutputPath, state: Reached) -> None:
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
            for branch, condition, optional in made_of(node, data):
                self._shell(document, branch, path, state.on(condition, optional))
        elif node.type == "select_expression":
            self._of_another(document, node, path, state)
        elif node.type in SETS or node.type == "function_expression":
            # devShell = { x86_64-linux = …; }, or = forAllSystems (system: …).
            self._outputs(document, whole, path, state.on())
        elif call is not None and (kind := kind_of(call, data)) is not None:
            self._made(document, call, kind, path, state)
        elif call is None or not self._imported(document, call, path, state, self._shell):
            self._unknown(document, node, call, path, state)

    def _of_another(self, document: Document, node: Node, path: OutputPath, state: Reached) -> None:
        """Note a shell that is an attribute of something: another shell of the flake, or what a set or a file has."""
        data = document.data
        base, names = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
        known = static_names(names, data) if names is not None else ()
        target = another(text(base, data) if base is not None else "", known)
        if target is not None:
            alias = self._bare_shell(document, node, path, state)
            self.aliases.append((replace(alias, why=f"it is {text(node, data)}"), target))
            return
        found = self._selected(document, node)
        for other, value, _ in found:
            self._shell(other, value, path, state.on(filled=other.name != document.name and state.filled))
        if not found:
            self._cannot(document, node, path, state, f"it is {short(node, data)}, which the text does not show")

    def _selected(
        self, document: Document, node: Node, path: OutputPath = ()
    ) -> list[tuple[Document, Node, OutputPath]]:
        """Return what `base.a.b` is, in a set or in a file that is imported, and the path where it stands.

        A computed name is that of a system. path: of the whole; what has it too is looked at from its beginning.
        """
        base, attributes = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
        if base is None or attributes is None:
            return []
        names = tuple(name for name in static_names(attributes, document.data) if name is not None)
        base = bare(base)
        if base.type == "variable_expression":
            base = bare(value_of(base, text(base, document.data), document.data) or base)
        call = call_of(base, document.data)
        other = self.files.named_by(document, call.arguments[0]) if call is not None and call.name in _IMPORTS else None
        if other is not None and other.expression is not None:
            document, base = other, other.expression
        if path and names == path:
            return [(document, base, ())]
        return [(document, value, path) for value in attribute_of(base, names, document.data)]

    def _made(self, document: Document, call: ShellCall, kind: Kind, path: OutputPath, state: Reached) -> None:
        """Note the shell that a known function makes."""
        data, shell = document.data, self._bare_shell(document, call.node, path, state)
        own = kind == "shell" and call.name in {"mkShell", "mkShellNoCC"}
        shell = replace(shell, kind=kind, maker=call.owner(data), nixpkgs=own)
        argument = call.arguments[-1]
        if kind == "devenv":
            modules = [
                module
                for value in attribute_of(argument, ("modules",), data)
                for module in modules_in(self.files, document, value, shell)
            ]
            inner = [module for module in modules if module.part is not None]
            first = (
                inner[0] if inner else replace(shell, why="none of its modules is written where it can be looked into")
            )
            self.found.append(replace(first, modules=tuple(modules)))
            return
        part = part_of(document, only_value(argument, data), "What the shell is made of")
        try:
            _ = part.body
        except DevkeelError:
            if call.name == "overrideAttrs" and call.base is not None:
                self._shell(document, call.base, path, state.on())
                return
            self.found.append(replace(shell, why=f"its arguments are {short(argument, data)}"))
            return
        self.found.append(replace(shell, part=part))

    def _unknown(
        self, document: Document, node: Node, call: ShellCall | None, path: OutputPath, state: Reached
    ) -> None:
        """Note a shell that an unknown function makes: of the file's own, or with a shell among its arguments."""
        data, before = document.data, len(self.found)
        if call is not None and call.base is None and (value := value_of(call.function, call.name, data)) is not None:
            inner, binding = result_of(value), value.parent
            shared = binding is None or count_uses(binding, call.name, data) != 1
            if inner.type == "apply_expression":
                self._shell(document, inner, path, state.on(shared=shared))
        editable = [shell for shell in self.found[before:] if shell.why is None]
        if call is not None and not editable:
            del self.found[before:]
            for argument in call.arguments:
                inner = result_of(argument)
                if inner.type == "apply_expression":
                    self._shell(document, inner, path, state.on())
            editable = [shell for shell in self.found[before:] if shell.why is None]
        if not editable:
            del self.found[before:]
            self._cannot(document, node, path, state, f"it is made by {short(node, data)}")

    def _cannot(
        self, document: Document, node: Node, path: OutputPath, state: Reached, why: str, code: str = "opaque_value"
    ) -> None:
        self.found.append(replace(self._bare_shell(document, node, path, state), why=why, code=code))

    def _bare_shell(self, document: Document, node: Node, path: OutputPath, state: Reached) -> Shell:
        output, systems, names = read_path(path)
        shell = Shell(names[0] if names else "default", output, document, node, systems=systems)
        if not names and output != "devShell":
            shell = replace(shell, name="", why="its name is computed", code="computed_name")
        shell = replace(shell, conditions=state.conditions, optional=state.optional, why=shell.why or state.why)
        return replace(shell, shared=state.shared, filled=state.filled)

    # Files.

    def _imported(
        self,
        document: Document,
        call: ShellCall,
        path: OutputPath,
        state: Reached,
        look: Callable[[Document, Node, OutputPath, Reached], None],
    ) -> bool:
        """Look at the file that a call of import or callPackage names; return whether it is such a call."""
        if call.name not in _IMPORTS:
            return False
        inner = bare(call.arguments[0])
        if call.name == "callPackage" and inner.type == "function_expression":
            look(document, result_of(inner), path, state.on(filled=True))
            return True
        return self._file(document, call.arguments[0], path, state.on(filled=call.name == "callPackage"), look)

    def _file(
        self,
        document: Document,
        node: Node,
        path: OutputPath,
        state: Reached,
        look: Callable[[Document, Node, OutputPath, Reached], None],
    ) -> bool:
        other = self.files.named_by(document, node)
        if other is None or other.expression is None:
            return False
        look(other, result_of(other.expression), path, state.on())
        return True
