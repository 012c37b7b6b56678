"""Gems of a Gemfile: the calls of `gem` with literal names, and what else may name one. A Gemfile is a Ruby program."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GemCall", "GemText", "Gemfile", "read"]

# What a Gemfile is made of as far as calls of `gem` go: `#{` in double quotes is code, and is left to `other`.
_TOKEN = re.compile(
    r"(?P<blank>[ \t]+|\\\r?\n)|(?P<comment>#[^\r\n]*)|(?P<newline>\r?\n)|(?P<comma>,)"
    r"|(?P<text>'(?:[^'\\\r\n]|\\.)*'|\"(?:[^\"\\#\r\n]|\\.|#(?!\{))*\")"
    r"|(?P<open>[\[({])|(?P<close>[\])}])|(?P<other>[\w?!]+:?|.)"
)
_CALL = re.compile(r"^(?P<indent>[ \t]*)gem\b(?!\s*=)[ \t]*", re.MULTILINE)
# What is no program: comments between lines `=begin` and `=end`, and what follows `__END__` (Ruby's own syntax).
_DEAD = re.compile(r"^=begin\b.*?^=end\b[^\n]*|^__END__\r?$.*", re.MULTILINE | re.DOTALL)
_OPENS = re.compile(
    r"(?P<group>group\b(?P<names>[^\n]*?))?\bdo\b[^\n]*$|(?:if|unless|case|begin|while|until|def|for)\b"
)
_NAMES = re.compile(r":(?P<symbol>\w+)|['\"](?P<text>\w+)['\"]")
_GROUP = re.compile(r"(?::groups?\s*=>|\bgroups?:)\s*(?P<names>\[[^\]]*\]|:\w+|['\"]\w+['\"])")
_SOURCE = re.compile(r"(?::(?P<old>git|github|path|gist|bitbucket)\s*=>|\b(?P<new>git|github|path|gist|bitbucket):)")
# What brings gems along that no call of this file names.
_HIDDEN = re.compile(r"^[ \t]*(?P<what>gemspec|eval_gemfile|instance_eval|eval)\b", re.MULTILINE)
# A call behind something else on its line, with a literal name or without.
_INLINE = re.compile(r"(?<=[;{ \t|(])gem[ \t(]+(?:['\"](?P<name>[^'\"#]+)['\"]|[a-z_\"'])")
_LINES = re.compile(r"^[ \t]*(?:#[^\n]*|gem\b)", re.MULTILINE)


class GemText(Struct, frozen=True):
    """A literal text with its quotes, by offsets."""

    start: int
    end: int
    value: str
    quote: str


class GemCall(Struct):
    """A call of `gem`. start, end: its lines. versions: its literal requirements, opaque: why no other can be given.

    alone: whether its lines hold nothing else. groups: that it names, or that are round it.
    """

    start: int
    end: int
    name: GemText
    versions: list[GemText] = field(default_factory=list)
    opaque: str = ""
    alone: bool = True
    groups: tuple[str, ...] = ()
    source: str = ""


class Gemfile(Struct, frozen=True):
    """What was read. inline: names that stand behind something else on a line. hidden: what brings others along.

    limit: where the program ends.
    """

    calls: tuple[GemCall, ...]
    inline: frozenset[str]
    hidden: tuple[str, ...]
    limit: int


def read(text: str) -> Gemfile:
    """Return the gems of a Gemfile."""
    live, limit = text, len(text)
    for found in _DEAD.finditer(text):
        start, end = found.span()
        limit = start if found[0].startswith("__END__") else limit
        live = live[:start] + re.sub(r"[^\n]", " ", live[start:end]) + live[end:]
    made = [_call(live, found) for found in _CALL.finditer(live)]
    calls = [call for call in made if call is not None]
    _group(live, calls)
    rest = _LINES.sub("", live)
    inline = [found["name"] for found in _INLINE.finditer(rest)]
    hidden = [f"`{found['what']}`" for found in _HIDDEN.finditer(rest)]
    hidden += ["a computed name"] * (None in made or None in inline)
    return Gemfile(tuple(calls), frozenset(filter(None, inline)), tuple(dict.fromkeys(hidden)), limit)


class _Arguments(Struct):
    """The arguments of a call: each the tokens between two commas, as kinds with offsets."""

    found: list[list[re.Match[str]]]
    end: int
    rest: bool


def _call(text: str, found: re.Match[str]) -> GemCall | None:
    arguments = _arguments(text, found.end())
    first = arguments.found[0] if arguments.found else []
    if not first or first[0].lastgroup != "text":
        return None
    call = GemCall(found.start(), arguments.end, _text(first[0]), alone=not arguments.rest)
    if len(first) > 1:
        # A modifier such as `if RUBY_VERSION > "3"` may follow the last argument.
        call.opaque = "" if len(arguments.found) == 1 and _is_modifier(first[1]) else "its name is an expression"
    for argument in arguments.found[1:]:
        _take(text, call, argument, last=argument is arguments.found[-1])
    return call


def _take(text: str, call: GemCall, argument: list[re.Match[str]], *, last: bool) -> None:
    """Take one argument behind the name: a version, an array of versions, or an option."""
    if not argument:
        return
    source = text[argument[0].start() : argument[-1].end()]
    if _is_option(argument):
        named = _GROUP.match(source)
        call.groups += _names(named["names"]) if named else ()
        call.source = call.source or (source if _SOURCE.match(source) else "")
        return
    modifier = next((at for at, item in enumerate(argument) if last and _is_modifier(item)), len(argument))
    plain = argument[:modifier]
    listed = len(plain) > 1 and plain[0][0] == "[" and plain[-1][0] == "]"
    texts = plain[1:-1:2] if listed else plain
    if plain and all(item.lastgroup == "text" for item in texts) and (listed or len(plain) == 1):
        call.versions += map(_text, texts)
    else:
        call.opaque = f"{source} is an expression"


def _is_option(argument: list[re.Match[str]]) -> bool:
    """Return whether an argument is `key: value`, `:key => value` or `**options`."""
    first = argument[0][0]
    arrow = any((one[0], two[0]) == ("=", ">") for one, two in itertools.pairwise(argument))
    return (first.endswith(":") and len(first) > 1) or arrow or [item[0] for item in argument[:2]] == ["*", "*"]


def _is_modifier(token: re.Match[str]) -> bool:
    return token[0] in ("if", "unless")


def _arguments(text: str, at: int) -> _Arguments:
    """Return the arguments from behind `gem` to the end of the statement."""
    found: list[list[re.Match[str]]] = [[]]
    depth, own, waits, rest = 0, text[at : at + 1] == "(", True, False
    at += own
    while at < len(text) and (token := _TOKEN.match(text, at)):
        at, kind = token.end(), token.lastgroup
        if kind == "newline":
            if not waits and not depth and not own:
                break
            continue
        if kind in ("blank", "comment"):
            continue
        if kind == "close" and own and not depth:
            own, waits = False, False
            continue
        rest = rest or token[0] == ";"
        depth += (kind == "open") - (kind == "close")
        waits = kind == "comma"
        if waits and not depth:
            found.append([])
        else:
            found[-1].append(token)
    return _Arguments(found, at, rest)


def _text(token: re.Match[str]) -> GemText:
    return GemText(token.start(), token.end(), token[0][1:-1], token[0][0])


def _names(source: str) -> tuple[str, ...]:
    return tuple(found["symbol"] or found["text"] for found in _NAMES.finditer(source))


def _group(text: str, calls: list[GemCall]) -> None:
    """Give each call the groups of the blocks that are round it."""
    stack, rest = list[tuple[str, ...]](), iter(calls)
    following = next(rest, None)
    for start, line in _lines(text):
        code = line.partition("#")[0].strip()
        while following is not None and following.start <= start:
            if following.start == start:
                following.groups += tuple(name for names in stack for name in names)
            following = next(rest, None)
        opened = _OPENS.match(code) or re.search(r"\bdo\b(?:\s*\|[^|]*\|)?\s*$", code)
        if re.match(r"end\b", code):
            del stack[-1:]
        elif opened and not re.search(r"\bend\b", code):
            group = opened.re is _OPENS and opened["group"]
            stack.append(_names(opened["names"]) if group else ())


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line
        start += len(line)
