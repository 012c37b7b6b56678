"""Setting, unsetting and renaming option paths."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.errors import Refused, UsageError
from devkeel.source.nix.read.equality import same
from devkeel.source.nix.read.index import related
from devkeel.source.nix.read.layers import peel
from devkeel.source.nix.read.layout import Group, line_start, style_at
from devkeel.source.nix.read.literal import Expression, is_simple, print_value, read_value
from devkeel.source.nix.read.syntax import parse, text
from devkeel.source.nix.write.capture import refuse_capture, refuse_loss
from devkeel.source.nix.write.head import arguments_for, check_expression, require_arguments
from devkeel.source.nix.write.placement import InsertionPoint, blocked, extend, find_insertion_point, insert
from devkeel.source.nix.write.proof import prove
from devkeel.source.path import format_path
from devkeel.source.splice import Edited, Splice, apply, compose
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Definition
    from devkeel.source.nix.read.literal import Value
    from devkeel.source.path import AttrPath

# What stands under this never counts.
_NEVER = "false"

__all__ = ["insert_value", "rename", "set_value", "unset"]


def require_editable(document: Document, path: AttrPath) -> AttrPath:
    """Return the raw path of an option path, or refuse files that no edit is certain in."""
    if not path:
        raise UsageError("bad_option_path", "The option path is empty.")
    raw = document.raw_path(path)
    foreign = _flake_parts(document)
    if foreign is not None:
        raise document.refuse(
            "flake_parts",
            f"This is a flake-parts module, not a devenv.nix: it has {foreign}, and its options are elsewhere.",
            document.focus((foreign,)).bindings[0].node,
            f"Edit the devenv shell inside perSystem with {do('patch')}.",
        )
    return raw


def _flake_parts(document: Document) -> str | None:
    """Return the option that makes a module one of flake-parts; devenv has none of them."""
    names = document.top_names
    if not document.module or document.explicit_config:
        return None
    if "perSystem" in names:
        return "perSystem"
    # flake-parts, modules: `perSystem`, `systems` and `flake` are options of its own.
    certain = len(names & {"flake", "systems", "imports"}) > 1
    return next((name for name in ("flake", "systems") if name in names and certain), None)


def expressions_in(value: Value) -> list[Expression]:
    """Return the expressions inside a value, each checked to be one Nix expression."""
    found: list[Expression] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Expression):
            found.append(_checked(item))
        elif isinstance(item, (dict, list)):
            stack += reversed(item.values() if isinstance(item, dict) else item)
    return found


def _checked(value: Expression) -> Expression:
    wrong = check_expression(value.source)
    if wrong is None:
        return value
    code, why = wrong
    seen = value.source[:200]
    if code == "too_deep":
        raise UsageError(
            "too_deep", f"The expression is not taken: {why}.", seen=seen, remedy="Give a flatter expression."
        )
    raise UsageError(
        "bad_expression",
        f"The expression does not parse: {why}.",
        seen=seen,
        remedy="Give one Nix expression, without a trailing semicolon.",
    )


def canonical(value: Value) -> Value:
    """Return a value as it reads once it is written: an expression that is literal becomes the data that it is."""
    data = print_value(value).encode()
    expression = parse(data).root_node.child_by_field_name("expression")
    return value if expression is None else read_value(expression, data)


def says(document: Document, path: AttrPath, value: Value) -> bool:
    """Return whether a document has a value at a path."""
    if isinstance(value, Expression):
        raw = document.raw_path(path)
        sources = [document.source(item) for item in document.focus(raw).bindings if item.raw == raw]
        return any(same(Expression(source), value) for source in sources)
    try:
        return same(document.get(path), canonical(value))
    except KeyError:
        return False


def set_value(document: Document, path: AttrPath, value: Value, *, once: bool = False) -> Edited:
    """Set an option path to a value. A literal set replaces what is there attribute by attribute.

    A conditional definition stays where an unconditional one can stand beside it without a conflict; else the only
    one is changed where it is, and a note names its condition. once: the option takes one text, so that an equal one
    can. Raises Refused `conditional` where the only one has the value already.
    """
    raw = require_editable(document, path)
    expressions_in(value)
    print_value(value)
    exact = [
        item for item in document.focus(raw).bindings if item.raw == raw and not item.entered and not item.computed
    ]
    below = any(item.raw[: len(raw)] == raw and len(item.raw) > len(raw) for item in document.focus(raw).definitions)
    held = below or any(item.path == raw for item in document.focus(raw).containers)
    whole = canonical(value) if held else value
    if held and isinstance(whole, dict):
        if isinstance(value, Expression) and _drops(document.get(path), whole):
            raise _would_replace(document, raw)
        return _synchronise(document, path, whole)
    if below:
        raise _would_replace(document, raw)
    if not exact:
        return insert_value(document, path, value)
    plain = [item for item in exact if not item.conditions]
    if not plain and all(_gives_way(document, item, value, once=once) for item in exact):
        with suppress(Refused):
            edited = insert_value(document, path, value)
            return replace(edited, notes=(f"{format_path(path)} has conditional definitions too; they stay.",))
    return _replace(document, path, _only(document, plain or exact), value, len(exact))


def _drops(present: Value, value: Value) -> bool:
    """Return whether a value lacks an attribute that is there."""
    if not isinstance(present, dict):
        return False
    return not isinstance(value, dict) or any(
        name not in value or _drops(item, value[name]) for name, item in present.items()
    )


def _gives_way(document: Document, item: Definition, value: Value, *, once: bool) -> bool:
    """Return whether a conditional definition allows an unconditional one beside it.

    The module system takes the stronger one, or two that are equal; of these only booleans and numbers are certain to
    be neither lists nor lines, which it would join, and a text of an option that takes one (`once`).
    """
    # nixpkgs, lib/modules.nix, filterOverrides: 1000 and 1500 give way to the 100 of a plain definition.
    if item.layers is not None and item.layers.priority in {"mkDefault", "mkOptionDefault"}:
        return True
    if _NEVER in item.conditions:
        return True
    # nixpkgs, lib/options.nix, `mergeEqualOption`: two that are equal are one; lists and lines would be joined.
    return isinstance(value, (bool, int, float, *((str,) if once else ()))) and same(document.value(item), value)


def require_no_set(document: Document, raw: AttrPath) -> None:
    """Refuse a path that has attributes of its own: a list or a text beside them would be a second definition."""
    if any(item.raw[: len(raw)] == raw and len(item.raw) > len(raw) for item in document.focus(raw).definitions):
        raise _would_replace(document, raw)


def _would_replace(document: Document, raw: AttrPath) -> Exception:
    path = format_path(document.option_path(raw))
    first = next(item for item in document.focus(raw).definitions if item.raw[: len(raw)] == raw)
    return document.refuse(
        "would_replace_set",
        f"{path} is a set with attributes of its own; a single value would drop them.",
        first.node,
        f"Set an attribute below {path}, or unset {path} first in the same transaction.",
    )


def _only(document: Document, found: list[Definition]) -> Definition:
    """Return the one definition that a set means."""
    if len(found) > 1:
        raise document.refuse(
            "ambiguous",
            f"{format_path(found[0].path)} is defined in {len(found)} places.",
            found[1].node,
            f"Change the place that you mean with {do('patch')}, or unset the option first.",
        )
    return found[0]


def _replace(document: Document, path: AttrPath, item: Definition, value: Value, count: int) -> Edited:
    data, layers = document.data, item.layers
    if layers is None or item.value is None:
        raise document.refuse(
            "inherited", f"{format_path(path)} is inherited.", item.node, "Unset it first, then set it."
        )
    whole = isinstance(value, Expression) and _is_wrapped(value)
    if isinstance(value, Expression):
        # A name that the expression uses is not for the expression to be written under.
        layers = peel(item.value, data, names=False)
    conditions = item.container.conditions if whole else item.conditions
    notes = _about_conditions(path, conditions, count)
    written = [Expression(document.source(item)), *([] if whole else [document.value(item), _inner(document, item)])]
    if any(same(found, wanted) for found in written for wanted in (value, canonical(value))):
        if not {*conditions} <= {"true"}:
            raise document.refuse(
                "conditional",
                f"{format_path(path)} has this value only under the condition {' && '.join(conditions)}.",
                item.node,
                f"Unset it and set it in one list of edits, or write it beside the condition with {do('patch')}.",
            )
        return Edited(data, notes=tuple(notes) or (_already(path),))
    if item.container.shared:
        raise document.refuse("shared_name", "The set is a name that is used elsewhere too.", item.node)
    target = item.value if whole else layers.target
    style = style_at(data, target.start_byte)
    column = target.start_byte - line_start(data, target.start_byte)
    source = print_value(value, style, column=column)
    if not whole and (layers.priority or layers.conditions):
        source = _argument(source)
    splices = [Splice(target.start_byte, target.end_byte, source.encode())]
    splices += require_arguments(document, arguments_for(document, target, expressions_in(value)))

    def holds(after: Document) -> bool:
        return says(after, path, value) if whole else says_at(after, path, value, item)

    return prove(document, apply(data, splices, notes), [item.raw], holds)


def _already(path: AttrPath) -> str:
    return f"{format_path(path)} has this value already."


def _is_wrapped(value: Expression) -> bool:
    """Return whether an expression has a condition or a priority of its own, and so stands for a whole definition."""
    data = value.source.encode()
    node = parse(data).root_node.child_by_field_name("expression")
    # nixpkgs, lib/modules.nix: each makes a set with a `_type` that the module system takes off (dischargeProperties,
    # filterOverrides).
    names = {"mkIf", "mkMerge", "mkOverride", "mkDefault", "mkForce", "mkVMOverride", "mkOptionDefault"}
    while node is not None and node.type in {"parenthesized_expression", "apply_expression"}:
        node = node.child_by_field_name("expression" if node.type == "parenthesized_expression" else "function")
    return node is not None and text(node, data).rpartition(".")[2] in names


def _about_conditions(path: AttrPath, conditions: tuple[str, ...], count: int) -> list[str]:
    """Return what a change of one definition among `count` leaves open."""
    if conditions:
        only = f"{format_path(path)} is set only under the condition {' && '.join(conditions)}."
        return [f"{only} To set it always, unset it first in the same transaction."]
    return [f"{format_path(path)} has conditional definitions too; they stay."] if count > 1 else []


def says_at(after: Document, path: AttrPath, value: Value, item: Definition) -> bool:
    """Return whether the definition that was edited, among others of its path, has the value."""
    raw, value = after.raw_path(path), canonical(value)
    if isinstance(value, dict) and value:
        return says(after, path, value)
    found = [
        other for other in after.focus(raw).definitions if other.raw == raw and other.conditions == item.conditions
    ]
    return any(same(_inner(after, other), value) for other in found)


def _inner(document: Document, item: Definition) -> Value:
    value = document.value(item)
    if isinstance(value, Expression) and item.layers is not None:
        source = text(peel(item.value, document.data, names=False).target, document.data) if item.value else ""
        return Expression(source[1:-1] if source.startswith("(") and source.endswith(")") else source)
    return value


def _argument(source: str) -> str:
    return source if is_simple(source) else f"({source})"


def insert_value(document: Document, path: AttrPath, value: Value, more: Iterable[Splice] = ()) -> Edited:
    """Write a new definition of an option path beside whatever defines it under a condition; `more` goes with it."""
    raw = document.raw_path(path)
    point = find_insertion_point(document, raw)
    if isinstance(point, InsertionPoint):
        node, splice = point.container.node, insert(document, point, value)
    else:
        node = point.node if point.layers is None else point.layers.core
        splice = extend(document, point, raw, value)
    splices = [splice, *more, *require_arguments(document, arguments_for(document, node, expressions_in(value)))]
    return prove(document, apply(document.data, splices), [raw], lambda after: _has(after, path, value))


def _has(document: Document, path: AttrPath, value: Value) -> bool:
    """Return whether the one unconditional definition of a path has a value, whatever the conditional ones have."""
    raw = document.raw_path(path)
    plain = [item for item in document.focus(raw).bindings if item.raw == raw and not item.conditions]
    if len(plain) == 1 and not isinstance(canonical(value), dict) and not isinstance(value, Expression):
        return same(document.value(plain[0]), canonical(value))
    return says(document, path, value)


def _synchronise(document: Document, path: AttrPath, value: dict[str, Value]) -> Edited:
    """Make a set that is written in pieces equal to a value, touching only what differs."""
    steps: list[Edited] = []
    current = document
    try:
        present = current.get(path)
    except KeyError:
        present = {}
    if same(present, canonical(value)):
        return Edited(document.data, notes=(_already(path),))
    old = present if isinstance(present, dict) else {}
    for name, item in old.items():
        if name not in value or (isinstance(item, dict) and not isinstance(value[name], dict)):
            steps.append(unset(current, (*path, name)))
            current = current.after(steps[-1])
    for name, item in value.items():
        if name in old and same(old[name], item):
            continue
        steps.append(set_value(current, (*path, name), item))
        current = current.after(steps[-1])
    return prove(
        document,
        compose(document.data, steps),
        [document.raw_path(path)],
        lambda after: says(after, path, value) or not value,
    )


def unset(document: Document, path: AttrPath) -> Edited:
    """Remove every definition at and below an option path. Nothing there is no change."""
    raw = require_editable(document, path)
    size = len(raw)
    found = [item for item in document.focus(raw).bindings if item.raw[:size] == raw]
    above = [
        item for item in document.focus(raw).definitions if item.raw == raw[: len(item.raw)] and len(item.raw) < size
    ]
    hiding = next((item for item in above if item.opaque), None)
    if hiding is not None and not found:
        raise blocked(document, hiding)
    refuse_loss(document, raw, (item.node for item in found))
    taken: dict[int, tuple[Group, list[Node]]] = {}
    splices: list[Splice] = []
    covered = -1
    for item in found:
        if item.node.start_byte < covered:
            continue
        if item.container.shared:
            raise document.refuse("shared_name", "The set is a name that is used elsewhere too.", item.node)
        node, splice = _whole(document, item)
        if splice is None:
            taken.setdefault(item.container.node.id, (document.group(item.container.node), []))[1].append(node)
        else:
            splices.append(splice)
        covered = item.node.end_byte
    splices += [splice for group, nodes in taken.values() for splice in group.remove(*nodes)]
    notes = [] if found else [f"{format_path(path)} is not defined here."]
    edited = apply(document.data, _disjoint(splices), notes)
    return prove(
        document, edited, [raw], lambda after: not any(item.raw[:size] == raw for item in after.focus(raw).bindings)
    )


def _whole(document: Document, item: Definition) -> tuple[Node, Splice | None]:
    """Return the binding to remove for a definition, or the splice for one name among several of an inherit."""
    if item.value is not None:
        return item.node, None
    attrs = item.node.parent
    statement = attrs.parent if attrs else None
    if attrs is None or statement is None:
        raise document.refuse("inherited", "The inherit cannot be edited.", item.node)
    if attrs.named_child_count == 1:
        return statement, None
    start = item.node.start_byte
    while document.data[start - 1 : start].isspace():
        start -= 1
    return statement, Splice(start, item.node.end_byte, b"")


def _disjoint(splices: list[Splice]) -> list[Splice]:
    """Cut removals that share a blank line so that they do not overlap."""
    result: list[Splice] = []
    for item in sorted(splices, key=lambda item: item.start):
        start = max(item.start, result[-1].end) if result else item.start
        if item.end > start or item.text:
            result.append(Splice(start, max(item.end, start), item.text))
    return result


def rename(document: Document, path: AttrPath, new: AttrPath) -> Edited:
    """Rename an option path: every definition at and below it keeps its value, its place and its comments."""
    raw, target = require_editable(document, path), require_editable(document, new)
    size = len(raw)
    found = [
        item for item in document.focus(raw).bindings if item.raw[:size] == raw and len(item.container.path) < size
    ]
    there = [item for item in _below(document, target) if target[:size] != raw]
    clash = {path for path, _ in there} & {path for path, _ in _below(document, raw)}
    if clash or any(not path for path, _ in there):
        raise document.refuse("already_defined", f"{format_path(new)} is defined already.", None)
    refuse_loss(document, raw, (item.node for item in found), kept=True)
    splices = []
    for item in found:
        prefix = item.container.path
        attrpath = item.node.child_by_field_name("attrpath") if item.value is not None else None
        if (
            attrpath is None
            or item.computed
            or item.container.shared
            or target[: len(prefix)] != prefix
            or len(prefix) >= len(target)
        ):
            raise document.refuse(
                "cannot_rename",
                f"{format_path(path)} cannot become {format_path(new)} in place.",
                item.node,
                "Unset the old path and set the new one.",
            )
        refuse_capture(document, item.container, target[len(prefix)])
        names = (*target[len(prefix) :], *item.raw[size:])
        splices.append(Splice(attrpath.start_byte, attrpath.end_byte, format_path(names).encode()))
    notes = [] if found else [f"{format_path(path)} is not defined here."]

    def moved(after: Document) -> bool:
        left = [item for item in after.focus(raw).bindings if item.raw[:size] == raw]
        within = [item for item in left if not related(item.raw, target)]
        return not within and sorted(_below(after, target)) == sorted([*there, *_below(document, raw)])

    return prove(document, apply(document.data, splices, notes), [raw, target], moved)


def _below(document: Document, raw: AttrPath) -> list[tuple[AttrPath, str]]:
    return [
        (item.raw[len(raw) :], text(item.value or item.node, document.data))
        for item in document.focus(raw).definitions
        if item.raw[: len(raw)] == raw
    ]
