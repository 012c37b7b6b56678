"""Literal data: typed values to Nix source and back.

The printer is the only way in which a value becomes Nix. Strings, numbers, booleans, null, lists and attribute
sets are Python's own; Nix source goes in and out as `Expression` only.
"""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from devkeel.errors import UsageError
from devkeel.source.nix.read.strings import said
from devkeel.source.path import format_path, quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

__all__ = ["Expression", "Style", "Value", "is_literal", "print_value", "read_value"]

INT_MAX = 2**63 - 1
_MAX_DEPTH = 64


class Expression(Struct, frozen=True):
    """Nix source that is not literal data, or that the caller gave as source."""

    source: str


Value: TypeAlias = None | bool | int | float | str | list["Value"] | dict[str, "Value"] | Expression


class Style(Struct, frozen=True):
    """How the lines around look: their indent, one step of it, the line ending, the width to stay within."""

    indent: str = ""
    unit: str = "  "
    newline: str = "\n"
    width: int = 100

    def deeper(self) -> Style:
        """Return the style one step further in."""
        return Style(self.indent + self.unit, self.unit, self.newline, self.width)


def print_value(value: Value, style: Style | None = None, *, column: int = 0) -> str:
    """Return the Nix source of a value; `column` is where it will start on its line.

    Raises UsageError `bad_value` for what Nix cannot hold: NUL or lone surrogates in text, integers beyond 64
    bits, infinities, NaN, nesting deeper than 64.
    """
    return _print(value, style or Style(), column, 0)


def _print(value: Value, style: Style, column: int, depth: int) -> str:
    if depth > _MAX_DEPTH:
        raise _bad(value, f"it is nested deeper than {_MAX_DEPTH}")
    if isinstance(value, Expression):
        return value.source
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return _print_number(value)
    if isinstance(value, str):
        return _print_string(value, style)
    if isinstance(value, list):
        return _print_list(value, style, column, depth)
    if isinstance(value, dict):
        return _print_set(value, style, depth)
    raise _bad(value, f"a {type(value).__name__} is no Nix value")


def _bad(value: object, why: str) -> UsageError:
    return UsageError(
        "bad_value",
        f"The value cannot be written in Nix: {why}.",
        seen=_seen(value),
        remedy="Give a string, number, boolean, null, list or attribute set, or an expression as such.",
    )


def _seen(value: object) -> str:
    try:
        return repr(value)[:200]
    except (RecursionError, ValueError):  # nested too deep; an integer of more than 4,300 digits
        return f"a {type(value).__name__}"


def _print_number(value: float) -> str:
    if isinstance(value, int):
        if abs(value) > INT_MAX:
            raise _bad(value, "it does not fit into 64 bits")
        return str(value)
    if not is_float(value):
        raise _bad(value, "it is not a finite number, or too small for one")
    digits = repr(value)
    mantissa, _, exponent = digits.partition("e")
    # Nix's FLOAT token needs a dot: 1e16 would be a call of 1 with e16.
    mantissa = mantissa if "." in mantissa else mantissa + ".0"
    return f"{mantissa}e{exponent}" if exponent else mantissa


def is_float(value: float) -> bool:
    """Return whether Nix reads a number as it is: strtod reports what is too large, and what is denormal."""
    return value == 0 or (math.isfinite(value) and abs(value) >= sys.float_info.min)


def _print_string(value: str, style: Style) -> str:
    if "\0" in value:
        raise _bad(value, "text with NUL")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _bad(value, "text that is not Unicode") from error
    if "\n" in value.rstrip("\n") or (value.endswith("\n") and value.strip()):
        return _print_indented(value, style) or quote(value)
    return quote(value)


# Between '' and '' these have no escape that survives next to them, so such text goes between double quotes.
_NOT_INDENTABLE = re.compile(r"'''|'\$|\$'|\r|'\Z|\$\Z")


def _print_indented(value: str, style: Style) -> str | None:
    """Return text as an indented string, or None where its value would change.

    Nix strips the smallest indent of all lines that are not blank, and counts spaces only (Nix manual, "Indented
    string"); so the lines need an indent of spaces, a line feed as ending, and one line without its own indent.
    """
    lines = value.split("\n")
    solid = [line for line in lines if line.strip(" ")]
    if (
        style.newline != "\n"
        or "\t" in style.indent + style.unit
        or _NOT_INDENTABLE.search(value)
        or all(line.startswith(" ") for line in solid)
        or (lines[-1] and not lines[-1].strip(" "))
    ):
        return None
    inner = style.indent + style.unit
    body = [(inner + line.replace("''", "'''").replace("${", "''${")) if line else line for line in lines[:-1]]
    last = lines[-1].replace("''", "'''").replace("${", "''${")
    closing = inner + last if last else style.indent
    return "''\n" + "\n".join([*body, closing]) + "''"


def _print_list(items: list[Value], style: Style, column: int, depth: int) -> str:
    line = _one_line(items, depth)
    if line is not None and column + len(line) <= style.width:
        return line
    inner = style.deeper()
    rows = [inner.indent + print_element(item, inner, depth + 1) for item in items]
    return style.newline.join(["[", *rows, style.indent + "]"])


def _one_line(value: Value, depth: int) -> str | None:
    """Return the source of a value on one line, None where it needs several: a long list, a set in a set."""
    if depth > _MAX_DEPTH:
        raise _bad(value, f"it is nested deeper than {_MAX_DEPTH}")
    if isinstance(value, dict) and value:
        pairs = [
            (name, None if isinstance(item, dict) and item else _one_line(item, depth + 1))
            for name, item in value.items()
        ]
        found = [f"{format_path((_text_name(name),))} = {item};" for name, item in pairs if item is not None]
        return f"{{ {' '.join(found)} }}" if len(found) == len(pairs) else None
    if isinstance(value, list) and value:
        items = [_one_line(item, depth + 1) for item in value]
        rows = [_bracketed(item, source) for item, source in zip(value, items, strict=True) if source is not None]
        line = f"[ {' '.join(rows)} ]"
        return line if len(rows) == len(items) and len(line) <= Style().width else None
    line = "[ ]" if isinstance(value, list) else _print(value, Style(), 0, depth)
    return None if "\n" in line else line


def _bracketed(value: Value, source: str) -> str:
    """Return a list element in parentheses where it and the next would otherwise be read as a call."""
    simple = is_simple(source) if isinstance(value, Expression) else not source.startswith("-")
    return source if simple else f"({source})"


def print_element(value: Value, style: Style, depth: int = 1) -> str:
    """Return the source of a list element: parentheses where two elements would otherwise be read as a call."""
    if isinstance(value, dict):
        line = _one_line(value, depth)
        if line is not None and len(style.indent) + len(line) <= style.width:
            return line
    return _bracketed(value, _print(value, style, len(style.indent), depth))


def is_simple(source: str) -> bool:
    """Return whether Nix source can stand as a list element without parentheses."""
    from devkeel.source.nix.read.syntax import parse  # noqa: PLC0415  (8 ms with tree-sitter, which the printer itself does without)

    tree = parse(source.encode())
    node = tree.root_node.named_children[0] if tree.root_node.named_child_count == 1 else None
    return node is not None and node.type in _SIMPLE


_SIMPLE = frozenset(
    {
        "variable_expression",
        "select_expression",
        "string_expression",
        "indented_string_expression",
        "integer_expression",
        "float_expression",
        "path_expression",
        "hpath_expression",
        "spath_expression",
        "uri_expression",
        "list_expression",
        "attrset_expression",
        "rec_attrset_expression",
        "parenthesized_expression",
    }
)


def _print_set(value: dict[str, Value], style: Style, depth: int) -> str:
    if not value:
        return "{ }"
    inner = style.deeper()
    rows = []
    for name, item in value.items():
        left = f"{inner.indent}{format_path((_text_name(name),))} = "
        rows.append(f"{left}{_print(item, inner, len(left), depth + 1)};")
    return style.newline.join(["{", *rows, style.indent + "}"])


def _text_name(name: str) -> str:
    if not isinstance(name, str):
        raise _bad(name, "a name that is no text")
    _print_string(name, Style())
    return name


def read_value(node: Node, data: bytes, depth: int = 0) -> Value:
    """Return a node as typed data, with an `Expression` wherever it is not literal or nested deeper than 64."""
    reader = _READERS.get(node.type) if depth <= _MAX_DEPTH else None
    value = reader(node, data, depth) if reader else _NOT_LITERAL
    if isinstance(value, _NotLiteral):
        return Expression(data[node.start_byte : node.end_byte].decode("utf-8", "replace"))
    return value


def is_literal(value: Value) -> bool:
    """Return whether a value has no expression inside."""
    if isinstance(value, list):
        return all(map(is_literal, value))
    if isinstance(value, dict):
        return all(map(is_literal, value.values()))
    return not isinstance(value, Expression)


class _NotLiteral:
    pass


_NOT_LITERAL = _NotLiteral()
_CONSTANTS: dict[bytes, Value] = {b"true": True, b"false": False, b"null": None}


def _read_constant(node: Node, data: bytes, _: int) -> Value | _NotLiteral:
    return _CONSTANTS.get(data[node.start_byte : node.end_byte], _NOT_LITERAL)


def read_integer(node: Node, data: bytes) -> int | None:
    """Return the value of an integer node, None when it does not fit into 64 bits."""
    digits = data[node.start_byte : node.end_byte].lstrip(b"0") or b"0"
    value = int(digits) if len(digits) <= len(str(INT_MAX)) else INT_MAX + 1
    return value if value <= INT_MAX else None


def _read_integer(node: Node, data: bytes, _: int) -> Value | _NotLiteral:
    value = read_integer(node, data)
    return _NOT_LITERAL if value is None else value


def read_float(node: Node, data: bytes) -> float | None:
    """Return the value of a float node, None for what strtod has an error for."""
    source = data[node.start_byte : node.end_byte]
    # lexer.l, FLOAT: whatever strtod(3) sets errno for is rejected, overflow and underflow alike (ERANGE).
    value = float(source)
    zero = not source.lower().partition(b"e")[0].strip(b"0.")
    return value if zero or (value and is_float(value)) else None


def _read_float(node: Node, data: bytes, _: int) -> Value | _NotLiteral:
    value = read_float(node, data)
    return _NOT_LITERAL if value is None else value


def _read_string(node: Node, data: bytes, _: int) -> str | _NotLiteral:
    if any(child.type == "interpolation" for child in node.named_children):
        return _NOT_LITERAL
    return "".join(piece for piece in said(node, data) if isinstance(piece, str))


def _read_minus(node: Node, data: bytes, depth: int) -> Value | _NotLiteral:
    inner = read_value(node.named_children[-1], data, depth + 1)
    minus = data[node.start_byte : node.start_byte + 1] == b"-"
    return -inner if minus and isinstance(inner, (int, float)) and not isinstance(inner, bool) else _NOT_LITERAL


def _read_parenthesized(node: Node, data: bytes, depth: int) -> Value | _NotLiteral:
    inner = node.child_by_field_name("expression")
    return _NOT_LITERAL if inner is None else read_value(inner, data, depth + 1)


def _read_list(node: Node, data: bytes, depth: int) -> Value:
    # An element needs parentheses that the same expression elsewhere has not: they are not part of it.
    return [read_value(child, data, depth + 1) for child in node.children_by_field_name("element")]


def _read_set(node: Node, data: bytes, depth: int) -> dict[str, Value] | _NotLiteral:
    result: dict[str, Value] = {}
    group = next((child for child in node.named_children if child.type == "binding_set"), None)
    for binding in group.named_children if group else ():
        if binding.type == "comment":
            continue
        attrpath = binding.child_by_field_name("attrpath")
        expression = binding.child_by_field_name("expression")
        if attrpath is None or expression is None:
            return _NOT_LITERAL
        names = [name for name in static_names(attrpath, data) if name is not None]
        if len(names) < len(static_names(attrpath, data)):
            return _NOT_LITERAL
        if not _merge(result, names, read_value(expression, data, depth + 1)):
            return _NOT_LITERAL
    return result


def _merge(target: dict[str, Value], names: list[str], value: Value) -> bool:
    for name in names[:-1]:
        inner = target.setdefault(name, {})
        if not isinstance(inner, dict):
            return False
        target = inner
    last = names[-1]
    if isinstance(value, dict) and isinstance(target.get(last), dict):
        return all(_merge(target[last], [key], item) for key, item in value.items())  # type: ignore[arg-type]
    if last in target:
        return False
    target[last] = value
    return True


# Identifiers, and quoted names without escapes and interpolations.
_PLAIN_NAME = rb"""[A-Za-z_][A-Za-z0-9_'-]*|"[^"\\$\r]*\""""
_PLAIN_PATH = re.compile(rb"(?:%b)(?:\.(?:%b))*" % (_PLAIN_NAME, _PLAIN_NAME))
_PLAIN_HEAD = re.compile(rb"((?:%b)(?:\.(?:%b))*)[ \t\r\n]*=" % (_PLAIN_NAME, _PLAIN_NAME))
_NAMES = re.compile(_PLAIN_NAME)


def bound_path(binding: Node, data: bytes) -> tuple[str | None, ...]:
    """Return the names that a binding node defines, None for a computed one."""
    # Most bindings say it in the plainest way, and to read that from the bytes is cheaper than to ask the tree.
    match = _PLAIN_HEAD.match(data, binding.start_byte)
    if match is not None:
        return _plain_names(match[1])
    attrpath = binding.child_by_field_name("attrpath")
    return static_names(attrpath, data) if attrpath is not None else (None,)


def static_names(attrpath: Node, data: bytes) -> tuple[str | None, ...]:
    """Return the names of an attribute path node, None for a computed one."""
    source = data[attrpath.start_byte : attrpath.end_byte]
    if _PLAIN_PATH.fullmatch(source):
        return _plain_names(source)
    return tuple(attribute_name(child, data) for child in attrpath.named_children if child.type != "comment")


def _plain_names(source: bytes) -> tuple[str, ...]:
    if b'"' not in source:
        return tuple(source.decode().split("."))
    return tuple(name.decode("utf-8", "replace").strip('"') for name in _NAMES.findall(source))


def attribute_name(node: Node, data: bytes) -> str | None:
    """Return the name that an attribute node stands for, or None when it is computed."""
    if node.type == "identifier":
        return data[node.start_byte : node.end_byte].decode()
    if node.type == "interpolation":
        inner = node.child_by_field_name("expression")
        # `${"name"}` is the same as "name" to the parser.
        node = inner if inner is not None and inner.type == "string_expression" else node
    if node.type == "string_expression":
        value = read_value(node, data)
        return value if isinstance(value, str) else None
    return None


_READERS: dict[str, Callable[[Node, bytes, int], Value | _NotLiteral]] = {
    "variable_expression": _read_constant,
    "integer_expression": _read_integer,
    "float_expression": _read_float,
    "string_expression": _read_string,
    "indented_string_expression": _read_string,
    "unary_expression": _read_minus,
    "parenthesized_expression": _read_parenthesized,
    "list_expression": _read_list,
    "attrset_expression": _read_set,
}
