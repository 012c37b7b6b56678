"""Attribute paths: `services.redis.port`, `tasks."app:setup".exec`."""

from __future__ import annotations

import re
from typing import TypeAlias

from devkeel.errors import UsageError

__all__ = ["KEYWORDS", "AttrPath", "format_path", "is_identifier", "parse_path", "quote"]

AttrPath: TypeAlias = tuple[str, ...]

# The lexer's ID token and its keywords (Nix manual, "Identifiers").
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_'-]*")
# nix, src/libexpr/lexer.l. `or` may stand unquoted, and is quoted so that no reader takes it for the operator.
KEYWORDS = frozenset({"if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"})
_PART = re.compile(r"""([A-Za-z_][A-Za-z0-9_'-]*)|"((?:[^"\\$]|\\.|\$(?!\{))*)\"""", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_identifier(name: str) -> bool:
    """Return whether an attribute name needs no quotes."""
    return _IDENTIFIER.fullmatch(name) is not None and name not in KEYWORDS


def quote(text: str) -> str:
    """Return a Nix string literal in double quotes. The escapes are those of the Nix manual, "String"."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def unescape(text: str) -> str:
    r"""Return the value of the text between double quotes: `\n`, `\r`, `\t`, any other `\x` is `x`."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)


def format_path(path: AttrPath) -> str:
    """Return the source of an attribute path, names quoted where they must be."""
    return ".".join(name if is_identifier(name) else quote(name) for name in path)


def parse_path(text: str) -> AttrPath:
    """Return the names of an attribute path.

    Raises UsageError `bad_option_path` for anything else: empty names, interpolation, white space, control
    characters, or a name that needs quotes and has none (the error then offers the quoted path).
    """
    names: list[str] = []
    position = 0
    while match := _PART.match(text, position):
        names.append(match[1] if match[1] is not None else unescape(match[2]))
        position = match.end()
        if position == len(text):
            break
        if text[position] != ".":
            raise _bad(text)
        position += 1
    else:
        raise _bad(text)
    if any(_CONTROL.search(name) or _SURROGATE.search(name) for name in names):
        raise _bad(text)
    return tuple(names)


def _bad(text: str) -> UsageError:
    names = text.split(".")
    plain = all(names) and not re.search(r'["\\$\s]', text) and not _CONTROL.search(text)
    return UsageError(
        "bad_option_path",
        "This is not an attribute path.",
        seen=repr(text[:200]),
        remedy='Separate names by dots; put a name that is no identifier in quotes: tasks."app:setup".exec',
        alternatives=(format_path(tuple(names)),) if plain else (),
    )
