"""Taking functions out of the arguments of a flake's outputs: to a `let` with their place under `lib`.

What calls them stays as it is, to the byte. Three ways, by what the text has:

- an argument with a default becomes a name of a `let` round the outputs, and is shown under `lib`;
- one without is taken from `lib` of an input, where that is named;
- else the outputs become a function themselves, under `lib`, which whoever has the functions calls with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.source.nix.read.flake import flake_inputs, outputs_of
from devkeel.source.nix.read.layout import indent_at, is_first, line_end, newline, unit_of
from devkeel.source.nix.read.passed_arguments import (
    default_of,
    inner_function,
    passed_arguments,
    undeclared_arguments,
    unwrapped,
    used_whole,
)
from devkeel.source.nix.read.scope import SETS, bindings, bound_names, free_names
from devkeel.source.nix.read.values import bare
from devkeel.source.nix.write.flake import drop_argument, put_argument, put_input
from devkeel.source.nix.write.proof import prove
from devkeel.source.splice import Edited, Splice, apply, compose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document

__all__ = ["OUTPUTS_WITH", "Lifted", "lift_arguments"]

OUTPUTS_WITH = "outputsWith"
"""The function under `lib` that outputs become which want functions that the flake itself does not have."""
_OUTPUTS = ("outputs",)
_INPUTS = ("inputs",)


class Lifted(Struct, frozen=True):
    """What came of it. defined: names of a let now. taken: from the input. wanted: by `lib.outputsWith`.

    shown: those that are defined and to be seen under `lib`. left: arguments that no input declares and that
    were left, since nothing shows what they are.
    """

    edited: Edited
    defined: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def lift_arguments(
    document: Document, names: Sequence[str] = (), source: str | None = None, url: str | None = None
) -> Lifted:
    """Take the functions that outputs have for arguments to where Nix lets them be.

    names: the arguments that are meant beside those that are certainly functions. source: the input that has those
    without a default under its `lib`, and its `url` where the flake does not declare it. Raises Refused where all
    arguments are used as one set, or a name would mean something else.
    """
    outputs = outputs_of(document)
    if outputs is None:
        return Lifted(Edited(document.data))
    undeclared = undeclared_arguments(document)
    certain = {item.name: item for item in passed_arguments(document)}
    meant = {
        name: default_of(formal, document.data)[1]
        for name, formal in undeclared.items()
        if name in certain or name in names
    }
    left = tuple(name for name in undeclared if name not in meant and name != source)
    if not meant:
        inner = inner_function(outputs)
        if inner is None:
            return Lifted(Edited(document.data), left=left)
        edited = _prove(document, [_under_lib(document, inner, None)], [])
        return Lifted(edited, wanted=tuple(sorted(bound_names(unwrapped(inner), document.data))), left=left)
    if (whole := used_whole(outputs, set(meant))) is not None:
        raise document.refuse(
            "captured_name",
            f"The outputs use all of their arguments as one set, {outputs.universal}, and the functions "
            f"({', '.join(meant)}) are in it: what it is used for cannot be seen.",
            whole,
        )
    functions = [name for name in meant if name not in certain or certain[name].function]
    lifted = _lift(document, meant, functions, source, url)
    return replace(lifted, left=left)


def _lift(
    document: Document, meant: dict[str, str | None], functions: list[str], source: str | None, url: str | None
) -> Lifted:
    defined = {name: value for name, value in meant.items() if value is not None}
    rest = [name for name in meant if name not in defined]
    taken, wanted = (rest, list[str]()) if source is not None else (list[str](), rest)
    steps, now = list[Edited](), document

    def step(edited: Edited) -> None:
        nonlocal now
        if edited.changed:
            steps.append(edited)
            now = now.after(edited)

    for name in meant:
        step(drop_argument(now, name))
    if taken and source is not None:
        if source not in flake_inputs(now) and url is not None:
            step(put_input(now, (source, "url"), url))
        step(put_argument(now, source))
    shown = [name for name in defined if name in functions and not wanted and _can_show(now)]
    if shown:
        step(_show(now, shown))
    lines = [f"inherit ({source}.lib) {' '.join(taken)};"] if taken else []
    lines += [f"{name} ={value if value[0].isspace() else f' {value}'};" for name, value in defined.items()]
    if lines:
        step(_let(now, lines, {*defined, *taken, *([source] if source else [])}))
    if wanted:
        step(_under_lib(now, _body(now), wanted))
    edited = _prove(document, steps, [*meant])
    return Lifted(edited, tuple(defined), tuple(taken), tuple(wanted), tuple(shown))


def _prove(document: Document, steps: list[Edited], gone: list[str]) -> Edited:
    edited = compose(document.data, steps)

    def holds(after: Document) -> bool:
        return not set(gone) & set(undeclared_arguments(after)) and outputs_of(after) is not None

    return prove(document, edited, [_OUTPUTS, _INPUTS], holds)


def _body(document: Document) -> Node:
    outputs = outputs_of(document)
    body = outputs.node.child_by_field_name("body") if outputs is not None else None
    if body is None:
        raise document.refuse("unsupported_head", f"{document.name} has no outputs that are a function.", None)
    return body


def _let(document: Document, lines: list[str], names: set[str]) -> Edited:
    """Put bindings into the let that the outputs begin with, or into one of their own round them."""
    data, body = document.data, _body(document)
    first = next(iter(bindings(body)), None) if body.type == "let_expression" else None
    used = names.union(*(_names(document, line) for line in lines))
    if first is not None and not used & bound_names(body, data):
        return apply(data, [_into(data, body, first, lines)])
    if not is_first(data, body.start_byte):
        return apply(data, [Splice(body.start_byte, body.start_byte, f"let {' '.join(lines)} in ".encode())])
    end, indent = newline(data, body.start_byte), indent_at(data, body.start_byte).decode()
    inner = "".join(f"{end}{indent}{unit_of(data)}{line}" for line in lines)
    return apply(data, [Splice(body.start_byte, body.start_byte, f"let{inner}{end}{indent}in{end}{indent}".encode())])


def _into(data: bytes, body: Node, first: Node, lines: list[str]) -> Splice:
    """Put bindings before all others of a let, and before the remarks about the first of them."""
    if not is_first(data, first.start_byte):
        return Splice(first.start_byte, first.start_byte, "".join(f"{line} " for line in lines).encode())
    at = line_end(data, body.start_byte + len("let"))
    gap = newline(data, at) + indent_at(data, first.start_byte).decode()
    return Splice(at, at, "".join(gap + line for line in lines).encode())


def _names(document: Document, binding: str) -> set[str]:
    """Return the names that the value of a binding takes from around it."""
    other = type(document)(f"{{ {binding} }}".encode(), module=False)
    return set(free_names(other.root, other.data))


def _can_show(document: Document) -> bool:
    """Return whether the outputs are a set that is written out, with nothing at `lib` that is not one itself."""
    core = bare(_body(document))
    return core.type in SETS and not any(
        entry.names[:1] in (("lib",), (None,)) and (len(entry.names) == 1) for entry in document.entries(core)
    )


def _show(document: Document, names: list[str]) -> Edited:
    """Show functions under `lib` of the outputs, before all else."""
    core = bare(_body(document))
    group = document.group(core)
    line = f"lib = {{ inherit {' '.join(names)}; }};"
    inner = any(entry.names[:1] == ("lib",) for entry in document.entries(core))
    if inner:
        line = " ".join(f"lib.{name} = {name};" for name in names)
    before = group.items[0] if group.items else None
    if before is not None and group.one_line:
        return apply(document.data, [Splice(before.start_byte, before.start_byte, f"{line} ".encode())])
    return apply(document.data, [group.insert(lambda _: line, after=None, before=before)])


def _under_lib(document: Document, body: Node, wanted: list[str] | None) -> Edited:
    """Make the outputs a function under `lib`. wanted: what it takes, None where it is written as a function."""
    data = document.data
    head = "" if wanted is None else f"{{ {', '.join(wanted)} }}:"
    if not is_first(data, body.start_byte):
        splices = [
            Splice(body.start_byte, body.start_byte, f"{{ lib.{OUTPUTS_WITH} = {head}{' ' if head else ''}".encode()),
            Splice(body.end_byte, body.end_byte, b"; }"),
        ]
        return apply(data, splices)
    end, indent, unit = newline(data, body.start_byte), indent_at(data, body.start_byte).decode(), unit_of(data)
    opening = f"{{{end}{indent}{unit}lib.{OUTPUTS_WITH} ={f' {head}' if head else ''}{end}{indent}"
    return apply(
        data,
        [
            Splice(body.start_byte, body.start_byte, opening.encode()),
            Splice(body.end_byte, body.end_byte, f";{end}{indent}}}".encode()),
        ],
    )
