"""The index: every binding on the way to an option path, at it and below it.

It follows the module's body through functions, `let … in`, `with`, `assert`, parentheses, `mkIf`, `mkMerge`,
`mkDefault`, `mkForce`, names bound by `let`, and `//` between literal sets; whatever else stands as a value is
opaque: it has a source and no inside. Bindings that have nothing to do with the path are noted by their bytes and
not looked into, so that an edit costs little in a long file.
"""

from __future__ import annotations

from operator import eq
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from msgspec import Struct, field

from devkeel.source.nix.read.computed_names import Pieces, may_be, pieces_of
from devkeel.source.nix.read.layers import Layers, call, peel
from devkeel.source.nix.read.literal import bound_path
from devkeel.source.nix.read.scope import SETS, bindings, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from devkeel.source.path import AttrPath

__all__ = ["Attribute", "Container", "Definition", "Index", "attributes_of", "related"]

_MAX_DEPTH = 100  # a let name that refers to itself ends here


class Container(Struct, frozen=True):
    """A literal set that holds definitions: its node, the raw path that it stands at, its conditions."""

    node: Node
    path: AttrPath
    conditions: tuple[str, ...] = ()
    shared: bool = False

    @property
    def recursive(self) -> bool:
        """Whether its attributes see each other."""
        return self.node.type == "rec_attrset_expression"


class Definition(Struct, frozen=True):
    """One definition. `raw` is its path as the file has it, `path` the option path (without `config`).

    node: the binding, or the attribute of an inherit. value: the value node, None for an inherit. computed: the
    path goes on with a computed name. entered: its inside is indexed, so that it is no leaf.
    """

    path: AttrPath
    raw: AttrPath
    node: Node
    value: Node | None
    layers: Layers | None
    container: Container
    conditions: tuple[str, ...] = ()
    computed: bool = False
    entered: bool = False

    @property
    def sealed(self) -> bool:
        """Whether Nix would reject another attribute below it: its value is no literal set to the parser."""
        node = self.value
        # nix, src/libexpr/parser.y, makes nothing of parentheses; `addAttr` (parser-state.hh) joins literal sets alone.
        while node is not None and node.type == "parenthesized_expression":
            node = node.child_by_field_name("expression")
        return node is None or node.type not in SETS

    @property
    def opaque(self) -> bool:
        """Whether something could be inside that the index does not see."""
        return self.computed or self.layers is None or self.layers.core.type not in _CLOSED


_CLOSED = frozenset(
    {
        *SETS,
        "list_expression",
        "string_expression",
        "indented_string_expression",
        "integer_expression",
        "float_expression",
        "path_expression",
        "unary_expression",
    }
)


class Attribute(NamedTuple):
    """What a set has in one place: a binding or an inherited attribute, its static names, whether more is computed.

    pieces: what the first computed name is made of.
    """

    node: Node
    names: AttrPath
    computed: bool = False
    pieces: Pieces = ()

    def concerns(self, path: AttrPath) -> bool:
        """Return whether it is, or may be, at a path, on the way to it or below it."""
        size = len(self.names)
        if not related(self.names, path):
            return False
        return not self.computed or len(path) <= size or may_be(self.pieces, path[size])


def attributes_of(node: Node, data: bytes) -> list[Attribute]:
    """Return the entries of a set, in file order."""
    found: list[Attribute] = []
    for binding in bindings(node):
        if binding.type != "binding":
            found += [Attribute(attribute, (name,)) for attribute, name in inherited(binding, data)]
            continue
        names = bound_path(binding, data)
        if None not in names:
            found.append(Attribute(binding, cast("AttrPath", names)))
            continue
        known = names[: names.index(None)]
        found.append(Attribute(binding, cast("AttrPath", known), True, _pieces(binding, len(known), data)))
    return found


def _pieces(binding: Node, index: int, data: bytes) -> Pieces:
    """Return what the computed name at an index of a binding's path is made of."""
    path = binding.child_by_field_name("attrpath")
    names = [child for child in path.named_children if child.type != "comment"] if path is not None else []
    return pieces_of(names[index], data) if index < len(names) else (None,)


def related(first: AttrPath, second: AttrPath) -> bool:
    """Return whether one path is the other or on the way to it."""
    # Most paths differ in their first name already.
    return first[:1] == second[:1] and all(map(eq, first, second)) if first and second else True


# As the last operand these end where they end: what follows is not read as a part of them.
_CLOSED_OPERANDS = frozenset({*SETS, "variable_expression", "apply_expression"})

# One side of `//`: what it is, the conditions that it stands under, whether it is a literal set.
Operand: TypeAlias = tuple[Layers, tuple[str, ...], bool]


def operator(node: Node, data: bytes) -> str:
    """Return the operator of a binary expression, or an empty string."""
    found = node.child_by_field_name("operator") if node.type == "binary_expression" else None
    return text(found, data) if found is not None else ""


def update_operands(node: Node, data: bytes) -> list[Node]:
    """Return the operands of a chain of `//`, left to right."""
    found: list[Node] = []
    stack = [node]
    while stack:
        node = stack.pop()
        while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
            node = inner
        if operator(node, data) == "//":
            stack += [side for field in ("right", "left") if (side := node.child_by_field_name(field)) is not None]
        else:
            found.append(node)
    return found


def _operand(node: Node, data: bytes) -> Operand:
    function, arguments = call(node, data)
    if function == "optionalAttrs" and len(arguments) == 2:  # noqa: PLR2004
        layers = peel(arguments[1], data)
        return layers, (text(arguments[0], data),), layers.core.type in SETS and not layers.conditions
    layers = peel(node, data)
    return layers, (), layers.core.type in SETS and not layers.conditions and not layers.shared


class Index(Struct):
    """The bindings that are related to a raw path.

    bindings: outer ones before inner ones, in file order. containers: the sets that hold them. others: what the same
    sets hold besides, as paths and byte ranges. unseen: parts of what was entered that cannot be looked into and may
    hold the wanted path too: an element of `mkMerge`, an operand of `//`.
    """

    wanted: AttrPath
    data: bytes
    option_path: Callable[[AttrPath], AttrPath]
    entries: Callable[[Node], list[Attribute]]
    bindings: list[Definition] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    others: list[tuple[AttrPath, int, int, tuple[str, ...]]] = field(default_factory=list)
    unseen: list[tuple[AttrPath, Node]] = field(default_factory=list)

    @property
    def definitions(self) -> list[Definition]:
        """The leaves: a value, an empty set, or something opaque."""
        return [item for item in self.bindings if not item.entered]

    def enter(
        self, layers: Layers, raw: AttrPath, conditions: tuple[str, ...] = (), *, shared: bool = False, depth: int = 0
    ) -> bool:
        """Index what is inside a value; return whether it has an inside."""
        conditions += layers.conditions
        shared = shared or layers.shared
        if depth > _MAX_DEPTH:
            return False
        if layers.merge:
            # An element that cannot be looked into adds definitions of its own and is not in the way of others.
            elements = [_operand(item, self.data) for item in layers.core.children_by_field_name("element")]
            for item, condition, known in elements:
                enters = known or item.merge or item.conditions
                if not enters or not self.enter(item, raw, conditions + condition, shared=shared, depth=depth + 1):
                    self._miss(item, raw)
            return True
        if operator(layers.core, self.data) == "//":
            return self._enter_update(layers.core, raw, conditions, shared=shared, depth=depth)
        if layers.core.type not in SETS:
            return False
        container = Container(layers.core, raw, conditions, shared)
        self.containers.append(container)
        rest = self.wanted[len(raw) :]
        for entry in self.entries(layers.core):
            if entry.concerns(rest):
                self._define(entry, raw + entry.names, container, depth)
            else:
                self.others.append((raw + entry.names, entry.node.start_byte, entry.node.end_byte, conditions))
        return True

    def _enter_update(
        self, node: Node, raw: AttrPath, conditions: tuple[str, ...], *, shared: bool, depth: int
    ) -> bool:
        """Index the operands of `a // b` where it is certain which of them the wanted attribute is or belongs in."""
        operands = [_operand(item, self.data) for item in update_operands(node, self.data)]
        name = self.wanted[len(raw)] if len(self.wanted) > len(raw) else None
        chosen = operands if name is None else self._holder(operands, name, deep=len(self.wanted) > len(raw) + 1)
        if not chosen or not all(known for _, _, known in chosen):
            return False
        for layers, condition, _ in chosen:
            self.enter(layers, raw, conditions + condition, shared=shared, depth=depth + 1)
        if name is not None and not any(entry.names[:1] == (name,) for entry in self.entries(chosen[0][0].core)):
            for layers, _, known in operands:
                if not known:
                    self._miss(layers, raw)
        return True

    def _miss(self, layers: Layers, raw: AttrPath) -> None:
        if layers.core.type not in _CLOSED:
            self.unseen.append((raw, layers.core))

    def _holder(self, operands: list[Operand], name: str, *, deep: bool) -> list[Operand]:
        """Return the operand that an attribute belongs in: the right one wins, so nothing unknown may be behind it."""
        # `a // b` is not deep: an attribute of b takes the place of the whole one of a (Nix manual, Operators, Update).
        candidate: list[Operand] = []
        for operand in reversed(operands):
            layers, condition, known = operand
            entries = self.entries(layers.core) if known else []
            if not known or any(entry.computed and not entry.names and entry.concerns((name,)) for entry in entries):
                # An unknown operand on the left may hold a set that a new one on the right would hide.
                return [] if deep else candidate
            if any(entry.names[:1] == (name,) for entry in entries):
                return [] if condition else [operand]
            # What is written elsewhere and only named here is not where the author would add to.
            candidate = candidate if condition or layers.name is not None else [operand]
        return candidate

    def extends(self, item: Definition) -> bool:
        """Return whether `// { … }` behind a chain of `//` certainly adds the wanted attribute and hides nothing.

        All operands are literal sets, also under a condition, that have no such attribute; what is written behind the
        last of them goes to the chain.
        """
        layers = item.layers
        if layers is None or layers.name is not None or item.conditions or len(self.wanted) <= len(item.raw):
            return False
        nodes, name = update_operands(layers.core, self.data), self.wanted[len(item.raw)]
        if len(nodes) == 1 or nodes[-1].type not in _CLOSED_OPERANDS:
            return False
        for layers, _, known in (_operand(node, self.data) for node in nodes):
            entries = self.entries(layers.core) if known else []
            if not known or any(entry.concerns((name,)) for entry in entries):
                return False
        return True

    def _define(self, entry: Attribute, raw: AttrPath, container: Container, depth: int) -> None:
        value = entry.node.child_by_field_name("expression") if entry.node.type == "binding" else None
        layers = peel(value, self.data) if value is not None else None
        index, entered, conditions = len(self.bindings), False, container.conditions
        if layers is not None:
            conditions += layers.conditions
            inside = not entry.computed and self.enter(
                layers, raw, container.conditions, shared=container.shared, depth=depth + 1
            )
            entered = inside and (layers.core.type not in SETS or bool(self.entries(layers.core)))
        item = Definition(
            self.option_path(raw), raw, entry.node, value, layers, container, conditions, entry.computed, entered
        )
        self.bindings.insert(index, item)
