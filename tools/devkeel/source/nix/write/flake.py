"""Editing the inputs of a flake.nix, and with them the arguments by which its outputs take them.

A function without `...` that lacks the argument of an input, and one with an argument that no input has, fail in Nix.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.errors import Refused
from devkeel.source.nix.read.flake import INPUTS, Outputs, flake_inputs, outputs_of, require_written_out
from devkeel.source.nix.read.layout import is_blank_line, is_first, line_end, line_start, newline, next_line
from devkeel.source.nix.read.literal import print_value
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.write.bindings import rename, set_value, unset
from devkeel.source.nix.write.proof import prove
from devkeel.source.path import format_path
from devkeel.source.splice import Edited, Splice, apply, compose
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.literal import Style, Value
    from devkeel.source.path import AttrPath

__all__ = ["drop_argument", "drop_input", "put_argument", "put_input", "rename_input"]

# nix, src/libexpr/lexer.l: words that are no names; `or` is one only where a name cannot be mistaken for it.
_WORDS = frozenset({"if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"})


def put_input(document: Document, path: AttrPath, value: Value) -> Edited:
    """Set something of an input; one that is new becomes an argument of outputs that take no others.

    path: from the name of the input on. Raises Refused where the inputs are computed, or an argument would take the
    place of another name.
    """
    whole = (INPUTS, *path)
    require_written_out(document, whole)
    known = flake_inputs(document)
    if not known and not document.focus((INPUTS,)).bindings:
        steps = [_begin(document, whole, value)]
    else:
        steps = [set_value(document, whole, value)]
    if path[0] not in known:
        steps.append(_with_argument(document.after(steps[0]), path[0]))
    return compose(document.data, steps)


def drop_input(document: Document, path: AttrPath) -> Edited:
    """Remove what an input has at a path; the input itself goes with its argument of outputs.

    Raises Refused `in_use` where the outputs use it.
    """
    whole = (INPUTS, *path)
    require_written_out(document, whole)
    outputs = outputs_of(document) if len(path) == 1 else None
    if outputs is not None and (used := outputs.uses(path[0])):
        raise _used(document, path[0], used)
    steps = [unset(document, whole)]
    after = document.after(steps[0])
    outputs = outputs_of(after) if len(path) == 1 else None
    if outputs is not None and outputs.formals is not None and path[0] in outputs.arguments:
        splice = _without(outputs, outputs.formals, outputs.arguments[path[0]])
        steps.append(prove(after, apply(after.data, [splice]), [("outputs",)], _lacks(path[0])))
    return compose(document.data, [step for step in steps if step.changed] or steps)


def rename_input(document: Document, path: AttrPath, new: AttrPath) -> Edited:
    """Give an attribute of an input another name, in its place."""
    require_written_out(document, (INPUTS, *path))
    return rename(document, (INPUTS, *path), (INPUTS, *new))


def put_argument(document: Document, name: str) -> Edited:
    """Let outputs take an input by its name, whether or not they take others; nothing where they do already."""
    return _with_argument(document, name, always=True)


def drop_argument(document: Document, name: str) -> Edited:
    """Take an argument out of outputs, whatever uses it; nothing where they have none of that name."""
    outputs = outputs_of(document)
    if outputs is None or outputs.formals is None or name not in outputs.arguments:
        return Edited(document.data)
    return apply(document.data, [_without(outputs, outputs.formals, outputs.arguments[name])])


def _begin(document: Document, whole: AttrPath, value: Value) -> Edited:
    """Write the first input of a flake, above its outputs: where a reader looks for it."""
    core = document.body.core
    group = document.group(core)
    above = next((entry.node for entry in document.entries(core) if entry.names == ("outputs",)), None)
    if above is None or group.one_line or not is_first(document.data, above.start_byte):
        return set_value(document, whole, value)

    def render(style: Style) -> str:
        left = f"{format_path(whole)} = "
        return f"{left}{print_value(value, style, column=len(style.indent) + len(left))};"

    first = (group.leading(above) or [above])[0].start_byte
    begins = line_start(document.data, first)
    blank = begins > 0 and (
        is_blank_line(document.data, line_start(document.data, begins - 1)) or above == group.items[0]
    )
    splice = group.insert(render, after=None, before=above, blank=blank)
    return prove(document, apply(document.data, [splice]), [whole], lambda after: after.get(whole) == value)


def _with_argument(document: Document, name: str, *, always: bool = False) -> Edited:
    """Let outputs take an input by its name, where they would refuse it otherwise, or always."""
    outputs = outputs_of(document)
    if outputs is None:
        raise Refused(
            "unsupported_head",
            f"{document.name} has no outputs that are written as a function, as Nix wants them.",
            place=document.place(document.body.core.start_byte),
            remedy=f"Write the outputs as a function of the inputs first, with {do('patch')}.",
        )
    if not (outputs.closed or always) or name in outputs.arguments or outputs.formals is None:
        return Edited(document.data)
    if (hidden := outputs.borrowed(name)) is not None or name in _WORDS:
        raise document.refuse(
            "captured_name",
            f"outputs name each argument that they take, and {name} cannot be one: "
            + ("it is a word of Nix." if hidden is None else "it comes from a `with` there, and would mean the input."),
            hidden or outputs.formals,
            f"Let outputs take further arguments, with `...` behind the last one, by {do('patch')}.",
        )
    splices = _added(outputs, outputs.formals, name)

    def takes(after: Document) -> bool:
        found = outputs_of(after)
        said = found is not None and [*found.arguments] == [*outputs.arguments, name]
        return said and found is not None and found.closed is outputs.closed

    return prove(document, apply(document.data, splices), [("outputs",)], takes)


def _added(outputs: Outputs, formals: Node, name: str) -> list[Splice]:
    """Put an argument behind the last one, with the white space and the comma that stand before that."""
    data, named = outputs.data, [*outputs.arguments.values()]
    if not named:
        return [Splice(formals.start_byte, formals.end_byte, f"{{ {name} }}".encode())]
    last = named[-1]
    before = data[named[-2].end_byte if len(named) > 1 else formals.start_byte + 1 : last.start_byte]
    own_line = re.fullmatch(rb"[ \t]*,?[ \t]*", data[line_start(data, last.start_byte) : last.start_byte])
    end = newline(data, formals.start_byte).encode() + (own_line[0] if own_line else b"")
    leads = own_line is not None and b"," in own_line[0]
    remark = re.match(rb"[ \t]*(,?)[ \t]*#", data[last.end_byte : line_end(data, last.end_byte)])
    if own_line and remark:  # which is about the last one, and stays with it
        at = line_end(data, last.end_byte)
        comma = [] if leads or remark[1] else [Splice(last.end_byte, last.end_byte, b",")]
        return [*comma, Splice(at, at, end + name.encode() + remark[1])]
    if not re.fullmatch(rb"\s*,\s*", before):
        before = (end if leads else b"," + end) if own_line else b", "
    return [Splice(last.end_byte, last.end_byte, before + name.encode())]


def _without(outputs: Outputs, formals: Node, formal: Node) -> Splice:
    """Take an argument out with one of the commas beside it, and the remark behind it on its line."""
    data, named = outputs.data, [*outputs.arguments.values()]
    index = named.index(formal)
    opening, closing = formals.start_byte + 1, formals.end_byte - 1
    before = named[index - 1].end_byte if index else opening
    behind = named[index + 1].start_byte if index + 1 < len(named) else closing
    head, tail = data[before : formal.start_byte], data[formal.end_byte : behind]
    own_line = is_first(data, formal.start_byte) and re.match(rb"[ \t]*,?[ \t]*(#[^\n]*)?\r?\n", tail)
    if own_line and (b"," in data[formal.end_byte : line_end(data, formal.end_byte)].partition(b"#")[0]):
        return Splice(line_start(data, formal.start_byte), next_line(data, formal.end_byte), b"")
    if index and re.fullmatch(rb"\s*,\s*", head):
        return Splice(before, formal.end_byte, b"")
    rest = re.match(rb"\s*,\s*", tail)
    if rest is not None:
        return Splice(formal.start_byte, formal.end_byte + rest.end(), b"")
    if len(named) == 1 and not head.strip() and not tail.strip():
        return Splice(opening, closing, b" ")
    kept = head.replace(b",", b"", 1)
    # A remark goes to the end of its line, which what follows must not be on.
    swallows = b"#" in kept and not re.match(rb"[ \t]*\r?\n", tail)
    return Splice(before, formal.end_byte, kept if swallows else kept.rstrip())


def _lacks(name: str) -> Callable[[Document], bool]:
    def lacks(after: Document) -> bool:
        found = outputs_of(after)
        return found is not None and name not in found.arguments

    return lacks


def _used(document: Document, name: str, used: list[Node]) -> Refused:
    lines = [str(document.place(node.start_byte).line) for node in used]
    shown = ", ".join(dict.fromkeys(lines))
    return Refused(
        "in_use",
        f"The outputs of {document.name} use the input {name} (line {shown}).",
        place=document.place(used[0].start_byte),
        seen=text(used[0].parent or used[0], document.data)[:120],
        remedy=f"Take out what uses it first, with {do('patch')}.",
    )
