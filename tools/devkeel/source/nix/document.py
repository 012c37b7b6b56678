"""A Nix file as an index of definitions: what is defined, where, and under which condition.

The index is what every edit starts from. It follows the module's body through functions, `let … in`, `with`,
`assert`, parentheses, `mkIf`, `mkMerge`, `mkDefault`, `mkForce` and names bound by `let`; whatever else stands as
a value is opaque: it has a source and no inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from devkeel.errors import Place, ProjectError, Refused
from devkeel.source.nix.layout import Group
from devkeel.source.nix.literal import Expression, read_value, static_names
from devkeel.source.nix.path import format_path
from devkeel.source.nix.scope import SETS, binding_of, bindings, count_uses, inherited, scope_problems
from devkeel.source.nix.syntax import Problem, parse, position, problems, text

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.literal import Value
    from devkeel.source.nix.path import AttrPath

__all__ = ["Container", "Definition", "Document", "Layers", "peel"]

_ONE_ARGUMENT = frozenset({"mkDefault", "mkForce", "mkBefore", "mkAfter", "mkVMOverride", "mkOptionDefault"})
_TWO_ARGUMENTS = frozenset({"mkOverride", "mkOrder"})
# At the top of a module these are not settings, also where the settings are under `config`.
_NOT_CONFIG = frozenset({"imports", "options", "disabledModules", "meta", "config", "_file", "_class", "key"})


@dataclass(frozen=True, slots=True)
class Layers:
    """A value without what is wrapped round it.

    core: the innermost expression. target: what to replace to give the value another content, wrappers kept.
    conditions: the sources of the mkIf conditions, outermost first. priority: the outermost mkDefault-like name.
    merge: the core is the list of an mkMerge. name: the variable through which it was reached. shared: that name
    is used elsewhere too.
    """

    core: Node
    target: Node
    conditions: tuple[str, ...] = ()
    priority: str | None = None
    merge: bool = False
    name: str | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A literal set that holds definitions: its node, the raw path that it stands at, its conditions."""

    node: Node
    path: AttrPath
    conditions: tuple[str, ...] = ()
    shared: bool = False

    @property
    def recursive(self) -> bool:
        """Whether its attributes see each other."""
        return self.node.type == "rec_attrset_expression"


@dataclass(frozen=True, slots=True)
class Definition:
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


def peel(node: Node, data: bytes) -> Layers:
    """Return the layers of a value; see the module's docstring for what is seen through."""
    conditions: list[str] = []
    priority: str | None = None
    target, name, shared = node, None, False
    for _ in range(1000):
        inner: Node | None = None
        if node.type == "parenthesized_expression":
            inner = node.child_by_field_name("expression")
        elif node.type in {"let_expression", "with_expression", "assert_expression"}:
            inner = node.child_by_field_name("body")
        elif node.type == "apply_expression":
            function, arguments = call(node, data)
            if function == "mkMerge" and len(arguments) == 1:
                items = peel(arguments[0], data)
                merge = items.core.type == "list_expression" and not items.conditions and items.name is None
                core = items.core if merge else node
                return Layers(core, target, tuple(conditions), priority, merge, name, shared)
            if function == "mkIf" and len(arguments) == 2:  # noqa: PLR2004
                conditions.append(text(arguments[0], data))
                inner = target = arguments[1]
            elif len(arguments) == (1 if function in _ONE_ARGUMENT else 2 if function in _TWO_ARGUMENTS else 0):
                priority = priority or function
                inner = target = arguments[-1]
        elif node.type == "variable_expression" and (binding := binding_of(node, data)) is not None:
            name = text(node, data)
            inner = binding.child_by_field_name("expression")
            once = count_uses(binding, name, data) == 1
            shared = shared or not once
            target = inner if inner is not None and not shared else target
        if inner is None:
            break
        node = inner
    return Layers(node, target, tuple(conditions), priority, False, name, shared)


def call(node: Node, data: bytes) -> tuple[str, list[Node]]:
    """Return the name of a curried call without `lib.`, and its arguments."""
    arguments: list[Node] = []
    while node.type == "apply_expression":
        argument, function = (node.child_by_field_name(name) for name in ("argument", "function"))
        if argument is None or function is None:
            break
        arguments.insert(0, argument)
        node = function
    name = text(node, data)
    return name.removeprefix("pkgs.").removeprefix("lib."), arguments


@dataclass(eq=False)
class Document:
    """A parsed Nix file.

    data: its bytes. name: what errors call it. module: whether top-level `config` and `imports` have the module
    system's meaning; False for any other attribute-set file.
    """

    data: bytes
    name: str = "devenv.nix"
    module: bool = True
    _containers: list[Container] = field(default_factory=list, init=False)
    _bindings: list[Definition] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.tree = parse(self.data)
        self.root = self.tree.root_node

    @cached_property
    def problems(self) -> list[Problem]:
        """What Nix would reject while parsing, first place first."""
        found = problems(self.data, self.root)
        return found or scope_problems(self.root, self.data)

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
        """The outermost function, whose arguments are the module's."""
        node = self._expression
        while node is not None and node.type in {"let_expression", "with_expression", "assert_expression"}:
            node = node.child_by_field_name("body")
        return node if node is not None and node.type == "function_expression" else None

    @property
    def _expression(self) -> Node | None:
        return self.root.child_by_field_name("expression")

    @cached_property
    def body(self) -> Layers:
        """The module's body without the functions and scopes round it."""
        self.require_utf8()
        node = self._expression
        found = problems(self.data, self.root)
        if node is None or found:
            first = found[0] if found else Problem("syntax_error", 0, "The file has no expression.")
            raise Refused(
                "syntax_error",
                f"The file does not parse: {first.message}.",
                place=self.place(first.offset),
                remedy="Repair the syntax with patch_file, then repeat the edit.",
            )
        layers = peel(node, self.data)
        while layers.core.type == "function_expression":
            body = layers.core.child_by_field_name("body")
            if body is None:
                break
            layers = peel(body, self.data)
        if not layers.merge and layers.core.type not in SETS:
            raise self.refuse("not_a_module", "The file's value is not a literal attribute set.", layers.core)
        return layers

    def refuse(self, code: str, message: str, node: Node | None, remedy: str | None = None) -> Refused:
        """Return a refusal at a node, with its source as what was seen."""
        seen = text(node, self.data)[:120] if node is not None else None
        return Refused(
            code,
            message,
            place=self.place(node.start_byte) if node is not None else Place(self.name),
            seen=seen,
            remedy=remedy or "Write this change with patch_file.",
        )

    @cached_property
    def explicit_config(self) -> bool:
        """Whether the settings are under a top-level `config` (a module that also declares options)."""
        body = self.body
        if not self.module or body.merge:
            return False
        tops = {_first(item, self.data) for item in bindings(body.core)}
        return bool(tops & {"config", "options"})

    def raw_path(self, path: AttrPath) -> AttrPath:
        """Return where an option path is in this file."""
        return ("config", *path) if self.explicit_config and path[0] not in _NOT_CONFIG else path

    def option_path(self, raw: AttrPath) -> AttrPath:
        """Return the option path of a raw path."""
        return raw[1:] if self.explicit_config and raw[:1] == ("config",) and len(raw) > 1 else raw

    @cached_property
    def containers(self) -> list[Container]:
        """Every literal set that holds definitions, in the order of the file."""
        self._build()
        return self._containers

    @cached_property
    def bindings(self) -> list[Definition]:
        """Every binding, those whose inside is indexed too, outer ones before inner ones."""
        self._build()
        return self._bindings

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every definition that is a leaf: a value, an empty set, or something opaque. In the order of the file."""
        return [item for item in self.bindings if not item.entered]

    def _build(self) -> None:
        if not self._containers:
            self._enter(self.body, (), (), shared=False, depth=0)

    def _enter(self, layers: Layers, raw: AttrPath, conditions: tuple[str, ...], *, shared: bool, depth: int) -> bool:
        """Index what is inside a value; tell whether it has an inside."""
        conditions += layers.conditions
        shared = shared or layers.shared
        if depth > 100:  # noqa: PLR2004  (a let name that refers to itself)
            return False
        if layers.merge:
            items = layers.core.children_by_field_name("element")
            inner = [peel(item, self.data) for item in items]
            if not all(item.merge or item.core.type in SETS for item in inner):
                return False
            for item in inner:
                self._enter(item, raw, conditions, shared=shared, depth=depth + 1)
            return True
        if layers.core.type not in SETS:
            return False
        container = Container(layers.core, raw, conditions, shared)
        self._containers.append(container)
        for binding in bindings(layers.core):
            self._define(binding, container, depth)
        return True

    def _define(self, binding: Node, container: Container, depth: int) -> None:
        conditions = container.conditions
        if binding.type != "binding":
            for node, name in inherited(binding, self.data):
                raw = (*container.path, name)
                item = Definition(self.option_path(raw), raw, node, None, None, container, conditions)
                self._bindings.append(item)
            return
        attrpath, value = (binding.child_by_field_name(name) for name in ("attrpath", "expression"))
        if attrpath is None or value is None:
            return
        names = static_names(attrpath, self.data)
        known = names[: names.index(None)] if None in names else names
        raw = (*container.path, *(name for name in known if name is not None))
        layers = peel(value, self.data)
        computed = len(known) < len(names)
        conditions += layers.conditions
        index = len(self._bindings)
        inside = not computed and self._enter(
            layers, raw, container.conditions, shared=container.shared, depth=depth + 1
        )
        entered = inside and (layers.merge or next(bindings(layers.core), None) is not None)
        self._bindings.insert(
            index,
            Definition(
                self.option_path(raw),
                raw,
                binding,
                value,
                layers,
                container,
                conditions,
                computed,
                entered,
            ),
        )

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
        return _assemble(self, raw)

    def source(self, definition: Definition) -> str:
        """Return the source of a definition's value; for an inherit, the inherit."""
        node = definition.value or definition.node.parent or definition.node
        return text(node, self.data)

    def comment(self, definition: Definition) -> str | None:
        """Return the comments above and beside a definition, without their marks."""
        group = Group.of(definition.container.node, self.data)
        if definition.value is None:
            return None
        end = group.after(definition.node)
        beside = [node for node in group.comments if definition.node.end_byte <= node.start_byte < end]
        lines = [text(node, self.data) for node in (*group.leading(definition.node), *beside)]
        return "\n".join(line.lstrip("#").removeprefix("/*").removesuffix("*/").strip() for line in lines) or None


def _first(binding: Node, data: bytes) -> str | None:
    attrpath = binding.child_by_field_name("attrpath")
    if attrpath is not None:
        return static_names(attrpath, data)[0]
    return next((name for _, name in inherited(binding, data)), None)


def _assemble(document: Document, raw: AttrPath) -> Value:
    size = len(raw)
    below = [item for item in document.definitions if item.raw[:size] == raw]
    exact = [item for item in below if len(item.raw) == size and not item.computed]
    if not below:
        if any(container.path == raw for container in document.containers):
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
                remedy="Unset it first, or edit the place that you mean with patch_file.",
            )
        return document.value(exact[0])
    result: dict[str, Value] = {}
    names = dict.fromkeys(item.raw[size] for item in below if len(item.raw) > size)
    for name in names:
        result[name] = _assemble(document, (*raw, name))
    return result
