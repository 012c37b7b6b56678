"""A Nix file: its tree, its body, what it defines where."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from devkeel.errors import Place, ProjectError, Refused
from devkeel.source.nix.read.index import Attribute, Definition, Index, attributes_of
from devkeel.source.nix.read.layers import Layers, peel
from devkeel.source.nix.read.layout import Group, is_prose
from devkeel.source.nix.read.literal import Expression, read_value
from devkeel.source.nix.read.rejections import rejected
from devkeel.source.nix.read.scope import SETS
from devkeel.source.nix.read.syntax import Problem, parse, position, problems, reparse, text
from devkeel.source.path import format_path
from devkeel.text.actions import do

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

    from devkeel.source.nix.read.literal import Value
    from devkeel.source.path import AttrPath
    from devkeel.source.splice import Edited

__all__ = ["Document"]

# At the top of a module these are not settings, also where the settings are under `config`.
_NOT_CONFIG = frozenset(
    {"imports", "options", "disabledModules", "meta", "config", "_file", "_class", "key", "freeformType"}
)

_MAX_NAMES = 200
# What a module's set may stand in.
_HEADS = frozenset(
    {"function_expression", "let_expression", "with_expression", "assert_expression", "parenthesized_expression"}
)


@dataclass(eq=False)
class Document:
    """A parsed Nix file.

    data: its bytes. name: what errors call it. module: whether top-level `config` and `imports` have the module
    system's meaning; False for any other attribute-set file. known: the tree of the data where there is one. what: how
    a sentence calls its value. inner: it is a part of a file.
    """

    data: bytes
    name: str = "devenv.nix"
    module: bool = True
    known: Tree | None = None
    what: str = field(default="The file's value", init=False)
    inner: bool = field(default=False, init=False)
    _next: Document | None = field(default=None, init=False)
    _entries: dict[int, list[Attribute]] = field(default_factory=dict, init=False)
    _focused: dict[AttrPath, Index] = field(default_factory=dict, init=False)
    _groups: dict[int, Group] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.tree = parse(self.data) if self.known is None else self.known
        self.root = self.tree.root_node

    def after(self, edited: Edited) -> Document:
        """Return the document that an edit of this one makes."""
        if self._next is None or self._next.data is not edited.data:
            tree = reparse(self.tree, self.data, edited.splices, edited.data)
            self._next = Document(edited.data, self.name, self.module, tree)
        return self._next

    @cached_property
    def problems(self) -> list[Problem]:
        """What Nix would reject while parsing, first place first."""
        return self.syntax_problems or rejected(self.root, self.data)

    @cached_property
    def syntax_problems(self) -> list[Problem]:
        """Where the file is not Nix at all."""
        return problems(self.data, self.root)

    def place(self, offset: int) -> Place:
        """Return the place of a byte offset."""
        return Place(self.name, *position(self.data, offset))

    def require_utf8(self) -> None:
        """Raise ProjectError `not_utf8` with the offset when the bytes are not UTF-8."""
        try:
            self.data.decode()
        except UnicodeDecodeError as error:
            raise ProjectError(
                "not_utf8",
                f"The file is not UTF-8 at byte {error.start}.",
                place=self.place(error.start),
                seen=repr(self.data[error.start : error.start + 4]),
                remedy="Save the file as UTF-8.",
            ) from error

    @cached_property
    def function(self) -> Node | None:
        """The function whose arguments are the module's: of several, as in `{ name }: { pkgs, ... }: …`, the last."""
        node, found = self.expression, None
        while node is not None and node.type in _HEADS:
            found = node if node.type == "function_expression" else found
            node = node.child_by_field_name("expression" if node.type == "parenthesized_expression" else "body")
        return found

    @property
    def expression(self) -> Node | None:
        """The expression whose set is edited: the whole file's."""
        return self.root.child_by_field_name("expression")

    @cached_property
    def body(self) -> Layers:
        """The module's body without the functions and scopes round it."""
        self.require_utf8()
        node = self.expression
        found = self.syntax_problems
        if node is None or found:
            first = found[0] if found else Problem("syntax_error", 0, "The file has no expression.")
            raise Refused(
                first.code,
                f"The file does not parse: {first.message}.",
                place=self.place(first.offset),
                remedy=f"Repair the syntax with {do('patch')}, then repeat the edit.",
            )
        layers = peel(node, self.data)
        while layers.core.type == "function_expression":
            body = layers.core.child_by_field_name("body")
            if body is None:
                break
            layers = peel(body, self.data)
        if not self.is_set(layers):
            raise self.refuse("not_a_module", f"{self.what} is not a literal attribute set.", layers.core)
        return layers

    def is_set(self, layers: Layers) -> bool:
        """Return whether a value is a set that the index looks into."""
        return layers.merge or layers.core.type in SETS

    def refuse(self, code: str, message: str, node: Node | None, remedy: str | None = None) -> Refused:
        """Return a refusal at a node, with its source as what was seen."""
        seen = text(node, self.data)[:120] if node is not None else None
        return Refused(
            code,
            message,
            place=self.place(node.start_byte) if node is not None else Place(self.name),
            seen=seen,
            remedy=remedy or f"Write this change with {do('patch')}.",
        )

    def entries(self, node: Node) -> list[Attribute]:
        """Return the entries of a set."""
        if node.id not in self._entries:
            self._entries[node.id] = attributes_of(node, self.data)
        return self._entries[node.id]

    def group(self, node: Node) -> Group:
        """Return the items and comments of a set or a list."""
        if node.id not in self._groups:
            self._groups[node.id] = Group.of(node, self.data)
        return self._groups[node.id]

    @cached_property
    def top_names(self) -> frozenset[str]:
        """The names that the module's body begins its paths with."""
        if self.body.merge:
            return frozenset()
        return frozenset(entry.names[0] for entry in self.entries(self.body.core) if entry.names)

    @property
    def explicit_config(self) -> bool:
        """Whether the settings are under a top-level `config` (a module that also declares options)."""
        # nixpkgs, lib/modules.nix, `unifyModuleSyntax`: with one of the two at the top, a setting beside them is an
        # error.
        return self.module and not self.top_names.isdisjoint({"config", "options"})

    def raw_path(self, path: AttrPath) -> AttrPath:
        """Return where an option path is in this file."""
        return ("config", *path) if self.explicit_config and path[0] not in _NOT_CONFIG else path

    def option_path(self, raw: AttrPath) -> AttrPath:
        """Return the option path of a raw path."""
        return raw[1:] if self.explicit_config and raw[:1] == ("config",) and len(raw) > 1 else raw

    def focus(self, raw: AttrPath) -> Index:
        """Return the index of what is related to a raw path; `()` is related to everything."""
        if raw not in self._focused:
            index = Index(raw, self.data, self.option_path, self.entries)
            index.enter(self.body, ())
            self._focused[raw] = index
        return self._focused[raw]

    @property
    def definitions(self) -> list[Definition]:
        """Every definition that is a leaf: a value, an empty set, or something opaque. In the order of the file."""
        return self.focus(()).definitions

    def value(self, definition: Definition) -> Value:
        """Return the value of a definition: data where it is literal, else its source."""
        if definition.value is None:
            return Expression(text(definition.node.parent or definition.node, self.data))
        if definition.layers is None or definition.computed:
            return Expression(text(definition.value, self.data))
        value = read_value(definition.layers.core, self.data)
        return Expression(text(definition.value, self.data)) if isinstance(value, Expression) else value

    def get(self, path: AttrPath) -> Value:
        """Return what the file says at an option path.

        A set is put together from its definitions. Raises KeyError when nothing defines the path, Refused
        `ambiguous` when two places do.
        """
        raw = self.raw_path(path)
        return _assemble(self, self.focus(raw), raw)

    def source(self, definition: Definition) -> str:
        """Return the source of a definition's value; for an inherit, the inherit."""
        node = definition.value or definition.node.parent or definition.node
        return text(node, self.data)

    def comment(self, definition: Definition) -> str | None:
        """Return the comments above and beside a definition that are about it, without their marks."""
        group = self.group(definition.container.node)
        if definition.value is None:
            return None
        end = group.after(definition.node)
        beside = [node for node in group.comments if definition.node.end_byte <= node.start_byte < end]
        above = [node for node in group.leading(definition.node) if is_prose(node, self.data)]
        lines = [text(node, self.data) for node in (*above, *beside)]
        return "\n".join(line.lstrip("#").removeprefix("/*").removesuffix("*/").strip() for line in lines) or None


def _assemble(document: Document, index: Index, raw: AttrPath) -> Value:
    size = len(raw)
    if size > _MAX_NAMES:
        raise document.refuse("too_deep", f"An option path has more than {_MAX_NAMES} names.", None)
    below = [item for item in index.definitions if item.raw[:size] == raw]
    exact = [item for item in below if len(item.raw) == size and not item.computed]
    if not below:
        if any(container.path == raw for container in index.containers):
            return {}
        raise KeyError(format_path(raw))
    if exact and len(exact) == len(below):
        if len(exact) > 1:
            values = [document.value(item) for item in exact]
            if all(value == {} for value in values):
                return {}
            raise Refused(
                "ambiguous",
                f"{format_path(document.option_path(raw))} is defined in {len(exact)} places.",
                place=document.place(exact[1].node.start_byte),
                remedy=f"Unset it first, or edit the place that you mean with {do('patch')}.",
            )
        return document.value(exact[0])
    result: dict[str, Value] = {}
    names = dict.fromkeys(item.raw[size] for item in below if len(item.raw) > size)
    for name in names:
        result[name] = _assemble(document, index, (*raw, name))
    return result
