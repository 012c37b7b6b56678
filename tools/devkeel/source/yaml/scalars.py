"""Scalars: what plain text means, and text that means a value.

Plain scalars are read by the core schema of YAML 1.2. What is written means the same to readers of YAML 1.1, where
`yes`, `1:30` and dates are no text.
"""

from __future__ import annotations

import json
import re

__all__ = ["is_plain", "print_key", "print_number", "print_string", "resolve"]

# YAML 1.2.2, 10.3.2, "Tag Resolution": these expressions, tried on plain scalars alone.
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_MAX_DIGITS = 4000

# YAML 1.1 reads yes, no, on, off, y and n as booleans (https://yaml.org/type/bool.html), so that a country code NO is
# false to some readers and text to those of YAML 1.2: such words get quotes.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<", ".inf", ".nan"})
_LIKE_A_NUMBER = re.compile(r"[-+.0-9][-+.,:_0-9a-fox]*|\d{4}-\d\d?-\d\d?.*|\.{3}.*", re.IGNORECASE | re.DOTALL)
# YAML 1.2.2, 7.3.3: most signs of punctuation begin something else than plain text.
_FIRST = re.compile(r"[\w./]")
# YAML 1.2.2, 7.3.3: `: ` ends a key and ` #` begins a comment, also within text that is not in quotes.
_IN_BLOCK = re.compile(r": |:$| #|^ | $")
# YAML 1.2.2, 7.4: between brackets these end plain text as well.
_IN_FLOW = re.compile(r"[,\[\]{}:#]")


def resolve(text: str) -> None | bool | int | float | str:
    """Return what a plain scalar means."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) <= _MAX_DIGITS:
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    infinite = _INFINITE.fullmatch(text)
    return float(f"{infinite[1]}inf") if infinite else text


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Return whether text is text without quotes to every reader."""
    return (
        _FIRST.match(text) is not None
        and text.isprintable()
        and text.lower() not in _WORDS
        and not _LIKE_A_NUMBER.fullmatch(text)
        and not _IN_BLOCK.search(text)
        and not (flow and _IN_FLOW.search(text))
    )


def print_number(value: float) -> str:
    """Return the text of a number."""
    if isinstance(value, int):
        return str(value)
    mantissa, _, exponent = repr(value).partition("e")
    # YAML 1.1 wants a dot and a signed exponent.
    mantissa = mantissa if "." in mantissa else mantissa + ".0"
    sign = "" if exponent.startswith("-") else "+"
    return f"{mantissa}e{sign}{exponent.lstrip('+')}" if exponent else mantissa


def print_string(text: str, style: str | None, *, flow: bool = False, quote: str = '"') -> str:
    """Return text as a scalar on one line: in the given style where that holds it, else quoted."""
    if style is None and is_plain(text, flow=flow):
        return text
    wanted = style if style in {"'", '"'} else quote
    if wanted == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return _double(text)


def print_key(text: str, style: str | None, *, flow: bool = False) -> str:
    """Return a key."""
    return print_string(text, style, flow=flow)


def _double(text: str) -> str:
    return "".join(item if item.isprintable() else _escape(item) for item in json.dumps(text, ensure_ascii=False))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
