"""Setting, unsetting and renaming option paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.source.nix.equality import same, tokens
from devkeel.source.nix.head import arguments_for, check_expression, require_arguments
from devkeel.source.nix.layout import Group, is_first, line_end, line_start, style_at
from devkeel.source.nix.literal import Expression, print_value, read_value
from devkeel.source.nix.path import format_path
from devkeel.source.nix.place import Spot, blocked, find_spot, insert, merge_element
from devkeel.source.nix.proof import prove
from devkeel.source.nix.syntax import parse, text
from devkeel.source.splice import Edited, Splice, apply, compose

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.document import Document
    from devkeel.source.nix.index import Definition
    from devkeel.source.nix.literal import Value
    from devkeel.source.nix.path import AttrPath

__all__ = ["comment_out", "insert_value", "rename", "set_value", "uncomment", "unset"]


def require_editable(document: Document, path: AttrPath) -> AttrPath:
    """Return the raw path of an option path, or refuse files that no edit is certain in."""
    if not path:
        raise UsageError("bad_option_path", "The option path is empty.")
    raw = document.raw_path(path)
    if document.module and "perSystem" in document.top_names:
        raise document.refuse(
            "flake_parts",
            "This is a flake-parts module, not a devenv.nix: its options are elsewhere.",
            document.focus(("perSystem",)).bindings[0].node,
            "Edit the devenv shell inside perSystem with patch_file.",
        )
    return raw


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
    if wrong is not None:
        raise UsageError(
            "bad_expression",
            f"The expression does not parse: {wrong}.",
            seen=value.source[:200],
            remedy="Give one Nix expression, without a trailing semicolon.",
        )
    return value


def canonical(value: Value) -> Value:
    """Return a value as it reads once it is written: an expression that is literal becomes the data that it is."""
    data = print_value(value).encode()
    expression = parse(data).root_node.child_by_field_name("expression")
    return value if expression is None else read_value(expression, data)


def says(document: Document, path: AttrPath, value: Value) -> bool:
    """Tell whether a document has a value at a path."""
    if isinstance(value, Expression):
        raw = document.raw_path(path)
        sources = [document.source(item) for item in document.focus(raw).bindings if item.raw == raw]
        return any(tokens(source) == tokens(value.source) for source in sources)
    try:
        return same(document.get(path), canonical(value))
    except KeyError:
        return False


def set_value(document: Document, path: AttrPath, value: Value) -> Edited:
    """Set an option path to a value. A literal set replaces what is there attribute by attribute."""
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
        return _synchronise(document, path, whole)
    if below:
        raise _would_replace(document, raw)
    if exact:
        return _replace(document, path, _choose(document, exact), value, len(exact))
    return insert_value(document, path, value)


def _would_replace(document: Document, raw: AttrPath) -> Exception:
    path = format_path(document.option_path(raw))
    first = next(item for item in document.focus(raw).definitions if item.raw[: len(raw)] == raw)
    return document.refuse(
        "would_replace_set",
        f"{path} is a set with attributes of its own; a single value would drop them.",
        first.node,
        f"Set an attribute below {path}, or unset {path} first in the same transaction.",
    )


def _choose(document: Document, exact: list[Definition]) -> Definition:
    """Return the one definition that a set means: the unconditional one, else the only one."""
    plain = [item for item in exact if not item.conditions]
    chosen = plain or exact
    if len(chosen) > 1:
        raise document.refuse(
            "ambiguous",
            f"{format_path(chosen[0].path)} is defined in {len(chosen)} places.",
            chosen[1].node,
            "Change the place that you mean with patch_file, or unset the option first.",
        )
    return chosen[0]


def _replace(document: Document, path: AttrPath, item: Definition, value: Value, count: int) -> Edited:
    data, layers = document.data, item.layers
    if layers is None or item.value is None:
        raise document.refuse(
            "inherited", f"{format_path(path)} is inherited.", item.node, "Unset it first, then set it."
        )
    notes = []
    if item.conditions:
        notes.append(f"{format_path(path)} is set only under the condition {' && '.join(item.conditions)}.")
    elif count > 1:
        notes.append(f"{format_path(path)} has conditional definitions too; they stay.")
    if item.container.shared:
        raise document.refuse("shared_name", "The set is a name that is used elsewhere too.", item.node)
    if same(document.value(item), canonical(value)):
        return Edited(data, notes=tuple(notes))
    target = layers.target
    style = style_at(data, target.start_byte)
    column = target.start_byte - line_start(data, target.start_byte)
    source = print_value(value, style, column=column)
    if layers.priority or layers.conditions:
        source = _argument(source)
    splices = [Splice(target.start_byte, target.end_byte, source.encode())]
    splices += require_arguments(document, arguments_for(document, target, expressions_in(value)))
    return prove(document, apply(data, splices, notes), [item.raw], lambda after: says_at(after, path, value, item))


def says_at(after: Document, path: AttrPath, value: Value, item: Definition) -> bool:
    """Tell whether the definition that was edited, among others of its path, has the value."""
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
        source = text(item.layers.target, document.data)
        return Expression(source[1:-1] if source.startswith("(") and source.endswith(")") else source)
    return value


def _argument(source: str) -> str:
    from devkeel.source.nix.literal import is_simple  # noqa: PLC0415

    return source if is_simple(source) else f"({source})"


def insert_value(document: Document, path: AttrPath, value: Value) -> Edited:
    """Write a new definition of an option path beside whatever defines it under a condition."""
    raw = document.raw_path(path)
    spot = find_spot(document, raw)
    if isinstance(spot, Spot):
        node, splice = spot.container.node, insert(document, spot, value)
    else:
        node, splice = spot.node, merge_element(document, spot, raw, value)
    splices = [splice, *require_arguments(document, arguments_for(document, node, expressions_in(value)))]
    return prove(document, apply(document.data, splices), [raw], lambda after: _has(after, path, value))


def _has(document: Document, path: AttrPath, value: Value) -> bool:
    """Tell whether the one unconditional definition of a path has a value, whatever the conditional ones have."""
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
        return Edited(document.data)
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
    splices: list[Splice] = []
    covered = -1
    for item in found:
        if item.node.start_byte < covered:
            continue
        if item.container.shared:
            raise document.refuse("shared_name", "The set is a name that is used elsewhere too.", item.node)
        splices += _remove(document, item)
        covered = item.node.end_byte
    notes = [] if found else [f"{format_path(path)} is not defined here."]
    edited = apply(document.data, _disjoint(splices), notes)
    return prove(
        document, edited, [raw], lambda after: not any(item.raw[:size] == raw for item in after.focus(raw).bindings)
    )


def _remove(document: Document, item: Definition) -> list[Splice]:
    if item.value is not None:
        return document.group(item.container.node).remove(item.node)
    attrs = item.node.parent
    statement = attrs.parent if attrs else None
    if attrs is None or statement is None:
        raise document.refuse("inherited", "The inherit cannot be edited.", item.node)
    if attrs.named_child_count == 1:
        return document.group(item.container.node).remove(statement)
    start = item.node.start_byte
    while document.data[start - 1 : start].isspace():
        start -= 1
    return [Splice(start, item.node.end_byte, b"")]


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
    if any(item.raw[: len(target)] == target for item in document.focus(target).bindings):
        raise document.refuse("already_defined", f"{format_path(new)} is defined already.", None)
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
        names = (*target[len(prefix) :], *item.raw[size:])
        splices.append(Splice(attrpath.start_byte, attrpath.end_byte, format_path(names).encode()))
    notes = [] if found else [f"{format_path(path)} is not defined here."]

    def moved(after: Document) -> bool:
        return not any(item.raw[:size] == raw for item in after.focus(raw).bindings) and _below(
            after, target
        ) == _below(document, raw)

    return prove(document, apply(document.data, splices, notes), [raw, target], moved)


def _below(document: Document, raw: AttrPath) -> list[tuple[AttrPath, str]]:
    return [
        (item.raw[len(raw) :], text(item.value or item.node, document.data))
        for item in document.focus(raw).definitions
        if item.raw[: len(raw)] == raw
    ]


def comment_out(document: Document, path: AttrPath) -> Edited:
    """Turn every definition at and below an option path into a comment."""
    raw = require_editable(document, path)
    size, data = len(raw), document.data
    splices: list[Splice] = []
    covered = -1
    for item in document.focus(raw).bindings:
        if item.raw[:size] != raw or item.node.start_byte < covered:
            continue
        node = item.node
        tail = data[node.end_byte : line_end(data, node.end_byte)].strip()
        if item.value is None or not is_first(data, node.start_byte) or (tail and not tail.startswith(b"#")):
            raise document.refuse("not_on_own_line", "The definition shares its line with something else.", node)
        indent = node.start_byte - line_start(data, node.start_byte)
        splices += _prefix_lines(data, node, indent)
        covered = node.end_byte
    notes = [] if splices else [f"{format_path(path)} is not defined here."]
    edited = apply(data, splices, notes)
    return prove(
        document, edited, [raw], lambda after: not any(item.raw[:size] == raw for item in after.focus(raw).bindings)
    )


def _prefix_lines(data: bytes, node: Node, indent: int) -> list[Splice]:
    """Put `# ` before each line of a node, at the node's own indent where the line has it."""
    result = []
    start = line_start(data, node.start_byte)
    while start < node.end_byte:
        line = data[start : line_end(data, start)]
        at = start + min(indent, len(line) - len(line.lstrip()))
        result.append(Splice(at, at, b"# " if line.strip() else b"#"))
        start = data.find(b"\n", start) + 1
        if start == 0:
            break
    return result


def uncomment(document: Document, path: AttrPath) -> Edited:
    """Turn the comment that holds a definition of an option path back into the definition."""
    raw, data = require_editable(document, path), document.data
    for container in document.focus(raw).containers:
        if container.conditions or raw[: len(container.path)] != container.path:
            continue
        rest = raw[len(container.path) :]
        for splices in _commented(document.group(container.node), rest, data):
            edited = apply(data, splices)
            after = document.after(edited)
            if not after.problems and any(item.raw == raw for item in after.focus(raw).bindings):
                return prove(
                    document, edited, [raw], lambda after: any(item.raw == raw for item in after.focus(raw).bindings)
                )
    raise document.refuse("not_found", f"No comment holds a definition of {format_path(path)}.", None)


_COMMENT = re.compile(rb"#\s?")


def _commented(group: Group, rest: AttrPath, data: bytes) -> list[list[Splice]]:
    """Return, for each comment that begins an assignment to a path, the splices for ever longer blocks."""
    own = [node for node in group.comments if is_first(data, node.start_byte)]
    name = re.compile(rb"#\s*" + re.escape(format_path(rest).encode()) + rb"\s*=")
    found = []
    for index, node in enumerate(own):
        if not name.match(data[node.start_byte : node.end_byte]):
            continue
        splices: list[Splice] = []
        for line in own[index:]:
            match = _COMMENT.match(data[line.start_byte : line.end_byte])
            if match is None or (
                splices and line_start(data, line.start_byte) != data.find(b"\n", splices[-1].end) + 1
            ):
                break
            splices = [*splices, Splice(line.start_byte, line.start_byte + len(match[0]), b"")]
            found.append(splices)
    return found
