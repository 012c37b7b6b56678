"""Repairs: the small changes after which a file that Nix rejects would parse, the likeliest first.

They are suggestions; nothing applies them by itself. A forgotten or superfluous bracket, quote or semicolon is found
by trying: each candidate is parsed, and of those that help, one that leaves the bindings of each set in one column
comes first, then the one nearest to the error.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.source.nix.read.document import Document
from devkeel.source.nix.read.globals import GLOBALS
from devkeel.source.nix.read.scope import SETS, bindings, visible_names
from devkeel.source.nix.read.syntax import is_broken
from devkeel.source.nix.write.head import require_arguments
from devkeel.source.splice import Splice, apply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.syntax import Problem

__all__ = ["repairs"]

_WINDOW = 14  # lines before the error that are looked at; an unclosed bracket may be farther up
_AFTER = 3
_FAR = 400  # lines behind a bracket that is not closed
_INSERT = (b";", b"]", b"];", b"}", b"};", b")", b");", b'"', b'";', b"''", b"'';", b" =", b" [", b" {", b" (")
_CLOSE = (b"]", b"];", b"}", b"};", b")", b");", b"'';")
_REMOVE = (b"]", b"}", b")", b"[", b"{", b"(", b";", b",", b'"')
_REPLACE = {b":": b" =", b",": b";", b"==": b"="}
_ARGUMENTS = frozenset({"pkgs", "lib", "config", "inputs"})
_ALIKE = 0.6
# What hardly stands for a text: functions and sets alone, a path, what is said to be inside a text, lines.
_UNTEXTUAL = re.compile(rb"\s*((toString|config|pkgs|lib(\.\w+)?)\s*$|[\w.-]*(/|\.system\.)|.*\n)")
_TEXTS = ("string_expression", "indented_string_expression")
_CONDITIONAL = frozenset({b"optional", b"optionals", b"optionalString", b"optionalAttrs", b"mkIf"})
_TRIES, _FEWEST, _BYTES = 6_000, 40, 8_000_000  # how many candidates are parsed: in a long file fewer
_SMALL = 200_000


def repairs(document: Document, limit: int = 12) -> list[Splice]:
    """Return up to `limit` changes that each remove the first problem of a file, the likeliest first."""
    first = next(iter(document.problems), None)
    if first is None or len(document.data) > _SMALL:
        return []
    find = {
        "undefined_variable": _names,
        "duplicate_attribute": _duplicates,
        "syntax_error": _tokens,
        "byte_order_mark": _mark,
    }.get(first.code)
    return list(dict.fromkeys(find(document, first)))[:limit] if find is not None else []


def _mark(_: Document, problem: Problem) -> Iterable[Splice]:
    return [Splice(problem.offset, problem.offset + len(BOM_UTF8), b"")]


def _after(document: Document, splice: Splice) -> Document:
    return Document(apply(document.data, [splice]).data, document.name, document.module)


def _tokens(document: Document, problem: Problem) -> Iterable[Splice]:
    """Return the insertions and removals of one token that make a file parse."""
    ranked: list[tuple[tuple[int, ...], Splice]] = []
    tried: set[tuple[int, int, bytes]] = set()
    most = min(_TRIES, max(_FEWEST, _BYTES // max(1, len(document.data))))
    for splice in _candidates(document.data, problem.offset):
        key = splice.start, splice.end, splice.text
        if key in tried:
            continue
        if len(tried) >= most:
            break
        tried.add(key)
        after = _after(document, splice)
        if _is_sound(after):
            removes = int(splice.end > splice.start and not splice.text)
            far = abs(splice.start - problem.offset)
            ugly = _ugly(after, splice.start) + _cuts(document.data, splice)
            ranked.append(((_odd(after), _ragged(after), ugly, removes, _calls(after), far), splice))
    return [splice for _, splice in sorted(ranked, key=lambda item: item[0])]


def _candidates(data: bytes, offset: int) -> Iterator[Splice]:
    lines = _lines(data)
    at = next((index for index, (_, end) in enumerate(lines) if end >= offset), len(lines) - 1)
    near = range(max(0, at - _WINDOW), min(len(lines), at + _AFTER))
    for index in sorted(near, key=lambda index: abs(index - at)):
        yield from _on_line(data, *lines[index])
    for index in range(max(0, at - _WINDOW), min(at + _FAR, len(lines) - 1)):
        yield from _behind_block(data, lines, index)
    for start, end in lines:
        yield from _anywhere(data, start, end)
    for start, end in _half_quoted(data, lines):
        yield from (Splice(place, place, b'"') for place in _word_ends(data, start, end))
        for match in re.finditer(rb'"', data[start:end]):
            yield Splice(start + match.start(), start + match.end(), b"")


def _anywhere(data: bytes, start: int, end: int) -> Iterator[Splice]:
    """Yield what may be wrong with a line far from where it shows: a mark of another language, half a pair."""
    code = _code(data[start:end])
    for match in re.finditer(rb"==|:(?=\s)|,", code):
        yield Splice(start + match.start(), start + match.end(), _REPLACE[match[0]])
    if code.strip() and not code.endswith((b";", b"{", b"[", b"(", b",", b"''", b"=", b":")):
        yield Splice(start + len(code), start + len(code), b";")
    if code.lstrip().startswith((b";", b")", b"]")):
        begin = start + _indent(code)  # what closes a text of several lines mostly begins its last one
        yield Splice(begin, begin, b"''")
    for opening, closing in (b"[]", b"{}", b"()"):
        more = code.count(opening) - code.count(closing)
        if more > 0 and not code.endswith(bytes([opening])):
            yield from (Splice(place, place, bytes([closing])) for place in _word_ends(data, start, end))
        if more < 0 and not code.lstrip().startswith(bytes([closing])):
            yield from (Splice(place, place, bytes([opening]) + b" ") for place in _word_ends(data, start, end))


def _word_ends(data: bytes, start: int, end: int) -> Iterator[int]:
    """Yield the offsets before and behind the words of a line."""
    for match in re.finditer(rb"(?<=[ =(\[{.])(?=[^ ])|(?=[ ;\])}.\"/:])|$", _code(data[start:end])):
        yield start + match.start()


def _half_quoted(data: bytes, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the lines with an odd number of quotes: a text between quotes hardly ever spans lines."""
    indented = False
    for start, end in lines:
        code = _code(data[start:end])
        inside, marks = indented, len(re.findall(rb"''(?![$'\\])", code))
        indented ^= bool(marks % 2)
        code = code.partition(b"''")[0]
        if not inside and len(re.findall(rb'(?<!\\)"', code)) % 2:
            yield start, end


def _behind_block(data: bytes, lines: list[tuple[int, int]], index: int) -> Iterator[Splice]:
    """Yield what closes a block behind a line, where the lines below stand farther out or a blank one follows."""
    (start, end), (below, stop) = lines[index], lines[index + 1]
    line, following = data[start:end], data[below:stop]
    if not line.strip() or (following.strip() and _indent(following) >= _indent(line)):
        return
    outer = next(
        (data[a:b] for a, b in reversed(lines[:index]) if data[a:b].strip() and _indent(data[a:b]) < _indent(line)), b""
    )
    indent = outer[: _indent(outer)]
    for token in _CLOSE:
        yield Splice(end, end, b"\n" + indent + token)


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip())


def _on_line(data: bytes, start: int, end: int) -> Iterator[Splice]:
    """Yield the insertions, removals and replacements of one token on a line."""
    code = _code(data[start:end])
    if not code.strip():
        return
    stop, begin = start + len(code), start + _indent(code)
    for token in _INSERT:
        # A text that began on a line above ends on a line of its own.
        if not token.startswith(b"''") or b"''" in code:
            yield Splice(stop, stop, token)
    for match in re.finditer(rb"[\]\[{}();,\"]", code):
        first = start + match.start()
        if match[0] in _REMOVE:
            yield Splice(first, first + 1, b"")
        if match[0] in b";}])":
            yield from (Splice(first, first, token) for token in (b"]", b"}", b")", b'"', b"''", b";"))
    ends = (place for place in _word_ends(data, start, end) if not data[place - 1 : place].isspace())
    yield from (Splice(place, place, b";") for place in ends)
    yield from (Splice(begin, begin, token) for token in (b"[ ", b"{ ", b"(", b'"', b"''", b"];", b"};"))
    for match in re.finditer(rb"=[ ]*", code):
        value = start + match.end()
        yield from (Splice(value, value, token) for token in (b"[ ", b"{ ", b"(", b'"', b"''"))
    for match in re.finditer(rb"(?<=[\w\"}]) +(?=[\w\"\[{])", code):
        # Between two words: what stands between a name and its value.
        yield Splice(start + match.start(), start + match.end(), b" = ")


def _lines(data: bytes) -> list[tuple[int, int]]:
    found, start = [], 0
    for line in data.split(b"\n"):
        found.append((start, start + len(line)))
        start += len(line) + 1
    return found


def _code(line: bytes) -> bytes:
    """Return a line without the comment behind it, as far as a line alone shows it."""
    comment = re.search(rb"(?:^|\s)#", line)
    return (line[: comment.start()] if comment else line).rstrip()


def _ragged(document: Document) -> int:
    """Count the bindings that begin their line in another column than the first one of their set, and odd texts."""
    count, stack = 0, [document.root]
    while stack:
        node = stack.pop()
        if node.type == "indented_string_expression":
            count += _protrudes(node, document.data)
        elif node.type in SETS:
            columns = [item.start_point[1] for item in bindings(node) if _begins_line(item, document.data)]
            count += sum(column != columns[0] for column in columns)
            closing = node.children[-1]
            if columns and _begins_line(closing, document.data):
                count += closing.start_point[1] >= columns[0]
        stack.extend(node.named_children)
    return count


def _protrudes(node: Node, data: bytes) -> int:
    """Count how a text of several lines leaves its block: lines that stand no deeper than where it begins."""
    begin = data.rfind(b"\n", 0, node.start_byte) + 1
    least = _indent(data[begin : node.start_byte] + b"''")
    lines = data[node.start_byte : node.end_byte].split(b"\n")[1:]
    if not lines:
        return 0
    closes = lines[-1].strip() == b"''" and _indent(lines[-1]) != least
    return closes + any(line.strip() not in (b"", b"''") and _indent(line) <= least for line in lines)


def _ugly(document: Document, offset: int) -> int:
    """Count what is unusual on the line of a change: a text that ends in a semicolon or touches a word."""
    data = document.data
    start, end = data.rfind(b"\n", 0, offset) + 1, data.find(b"\n", offset)
    count, stack = 0, [document.root]
    while stack:
        node = stack.pop()
        if node.end_byte < start or (end >= 0 and node.start_byte > end):
            continue
        if node.type == "string_expression":
            content = data[node.start_byte + 1 : node.end_byte - 1]
            count += content != content.strip() or content.endswith(b";") or b"\n" in content
            name = node.parent is not None and node.parent.type == "attrpath"
            count += (
                name and re.match(rb"\w+\.\w+:", content) is not None
            )  # the name before it is no part of an address
            count += data[node.start_byte - 1 : node.start_byte] not in (b" ([{.\n" if name else b" ([{\n")
            count += data[node.end_byte : node.end_byte + 1] not in (b" ;)]}.\n" if name else b" ;)]}\n")
        elif node.type == "interpolation":
            inside = data[node.start_byte + 2 : node.end_byte - 1]
            count += _UNTEXTUAL.match(inside) is not None or inside.endswith(b" ") > inside.startswith(b" ")
        stack.extend(node.named_children)
    return count


def _cuts(data: bytes, splice: Splice) -> bool:
    """Return whether an insertion cuts a word in two, `${config.env}.PORT`, `127."0.0.1"`, or makes `${` an escape."""
    inserts = splice.start == splice.end and bool(splice.text)
    if data[: splice.start].endswith(b".system") or re.match(rb"\w+:", data[splice.start :]):
        return False  # `${pkgs.system}` is a text, nothing is inside it; a name with a colon wants quotes of its own
    if splice.text == b"''" and data.startswith(b"${", splice.start):
        return True
    return inserts and re.match(rb"[\w.][\w.]", data[max(0, splice.start - 1) : splice.start + 1]) is not None


def _calls(document: Document) -> int:
    """Count the calls: the elements of a list whose bracket is in the wrong place become calls of one another."""
    count, stack = 0, [document.root]
    while stack:
        node = stack.pop()
        count += node.type == "apply_expression"
        stack.extend(node.named_children)
    return count


def _odd(document: Document) -> int:
    """Count the calls that a bracket in the wrong place makes of two neighbours: of no function, or over two lines.

    As odd are parentheses around a single name or literal, a function of `lib` among the elements of a list, and a
    literal where `lib.optionals` and its like have their condition.
    """
    data = document.data
    literal = {"list_expression", "integer_expression", "path_expression", *_TEXTS, *SETS}
    names = {"variable_expression", "select_expression"}
    count, stack = 0, [document.root]
    while stack:
        node = stack.pop()
        if node.type == "select_expression":
            base = node.child_by_field_name("expression")
            count += base is not None and base.type in literal - set(SETS)
        elif node.type == "parenthesized_expression":
            inner = node.child_by_field_name("expression")
            count += inner is not None and inner.type in {*literal, *names, node.type}
        elif node.type == "list_expression":
            elements = (data[item.start_byte : item.end_byte] for item in node.named_children)
            count += sum(element.startswith(b"lib.") for element in elements)
        elif node.type == "apply_expression":
            function, argument = (node.child_by_field_name(name) for name in ("function", "argument"))
            if function is not None and argument is not None:
                apart = function.end_point[0] != argument.start_point[0] and argument.type in names
                empty = argument.type == "list_expression" and argument.named_child_count == 0
                head = data[function.start_byte : function.end_byte]
                decided = argument.type in literal and head.removeprefix(b"lib.") in _CONDITIONAL
                constant = head in (b"true", b"false", b"null")
                count += function.type in literal or apart or empty or decided or constant
        stack.extend(node.named_children)
    return count


def _begins_line(node: Node, data: bytes) -> bool:
    return not data[data.rfind(b"\n", 0, node.start_byte) + 1 : node.start_byte].strip()


def _names(document: Document, problem: Problem) -> Iterable[Splice]:
    """Yield another name for an undefined variable, the argument that is missing, or the package of that name."""
    data, start = document.data, problem.offset
    end = start + len(re.match(rb"[\w'-]*", data[start:])[0])  # type: ignore[index]
    name = data[start:end].decode()
    node = document.root.descendant_for_byte_range(start, end)
    if node is None:
        return
    visible = visible_names(node, data)
    if name in _ARGUMENTS:
        yield from _argument(document, name)
    known = visible | {other for other in GLOBALS if not other.startswith("__")}
    ratios = sorted(
        ((SequenceMatcher(None, name, other).ratio(), other) for other in known if other != name), reverse=True
    )
    near = [other for ratio, other in ratios if ratio >= _ALIKE]
    yield from (Splice(start, end, other.encode()) for other in near if other in visible)
    for other in sorted(_ARGUMENTS):
        if other not in visible | {name} and SequenceMatcher(None, name, other).ratio() >= _ALIKE:
            yield Splice(start, end, other.encode())
    if "pkgs" in visible:
        yield Splice(start, start, b"pkgs.")
    yield from (Splice(start, end, other.encode()) for other in near if other not in visible)


def _argument(document: Document, name: str) -> Iterator[Splice]:
    try:
        yield from require_arguments(document, [name])
    except DevkeelError:
        return


def _duplicates(document: Document, problem: Problem) -> Iterable[Splice]:
    """Yield `.enable` behind a name that is given true beside attributes of its own; the removal of either of two."""
    node = document.root.descendant_for_byte_range(problem.offset, problem.offset)
    while node is not None and node.type not in {"binding", "inherit", "inherit_from"}:
        node = node.parent
    if node is None or node.type != "binding":
        return
    seen = [item for item in document.focus(()).bindings if not item.computed and item.value is not None]
    own = next((item for item in seen if item.node == node), None)
    if own is None:
        return
    related = [item for item in seen if item.node != node and _clash(item.raw, own.raw)]
    for item in (own, *related):
        attrpath = item.node.child_by_field_name("attrpath")
        if attrpath is not None and isinstance(document.value(item), bool) and not item.entered:
            yield from _sound(document, Splice(attrpath.end_byte, attrpath.end_byte, b".enable"))
    for item in (own, *related):
        if item.raw == own.raw:
            yield from _sound(document, _removal(document.data, item.node))


def _clash(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    size = min(len(first), len(second))
    return first[:size] == second[:size]


def _removal(data: bytes, node: Node) -> Splice:
    """Return the removal of a binding, with its line where nothing else is on it."""
    start, end = node.start_byte, node.end_byte
    if _begins_line(node, data):
        start = data.rfind(b"\n", 0, start) + 1
        end += data[end : end + 1] == b"\n"
    return Splice(start, end, b"")


def _sound(document: Document, splice: Splice) -> Iterator[Splice]:
    if _is_sound(_after(document, splice)):
        yield splice


def _is_sound(document: Document) -> bool:
    """Return whether a file has no problem; most candidates do not even parse, and then none is described."""
    return not is_broken(document.root) and not document.problems
