"""Ways to break a declaration, one small slip each, at every place where it can be made."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel.catalogue.options import option_tree
from devkeel.catalogue.packages import known
from devkeel.catalogue.types import Boolean, Enum, Integer, ListOf, Text
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.catalogue.types import OptionType

SEED = 20


@dataclass(frozen=True)
class Mistake:
    """One broken file: the kind of mistake, what was done, the file's name and new bytes."""

    kind: str
    what: str
    file: str
    data: bytes


def mistakes(files: dict[str, bytes], seed: int = SEED) -> Iterator[Mistake]:
    """Yield every mistake that can be made in some declaration files, the same ones in every run with a seed."""
    for name, data in sorted(files.items()):
        chance = random.Random(seed)
        seen: set[bytes] = set()
        for kind, what, start, end, text in _all(name, data, chance):
            broken = data[:start] + text + data[end:]
            if broken != data and broken not in seen:
                seen.add(broken)
                yield Mistake(kind, what, name, broken)


# kind, what was done, the range that is replaced, by what
_Change = tuple[str, str, int, int, bytes]


def _all(name: str, data: bytes, chance: random.Random) -> Iterator[_Change]:
    if name.endswith(".nix"):
        document = nix.Document(data, name)
        for make in (_names, _values, _duplicates, _tokens, _variables, _packages, _nesting):
            yield from make(document, chance)
    else:
        yield from _inputs(data, chance)


def _typo(word: str, chance: random.Random) -> str:
    """Return a word with one slip of the fingers: two letters swapped, one lost, doubled or hit beside."""
    while True:
        at = chance.randrange(1, len(word)) if len(word) > 1 else 0
        slip = chance.randrange(4)
        made = {
            0: word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at else word,
            1: word[:at] + word[at + 1 :],
            2: word[:at] + word[at] + word[at:],
            3: word[:at] + chance.choice("aeiounrst") + word[at + 1 :],
        }[slip]
        if made not in (word, ""):
            return made


def _attributes(document: nix.Document) -> Iterator[tuple[nix.Definition, list[Node], int]]:
    """Yield definitions with the nodes of their own attribute path, and how many names stand before it."""
    for item in document.focus(()).bindings:
        attrpath = item.node.child_by_field_name("attrpath") if item.value is not None else None
        if attrpath is not None and item.raw[0] not in {"imports", "_module"}:
            yield item, attrpath.named_children, len(item.container.path)


def _declared(path: nix.AttrPath) -> bool:
    """Tell whether the last name of a path is devenv's, not the user's own."""
    found = option_tree().find(path[:-1]) if len(path) > 1 else None
    return path[-1] in (found.names if found else {option[0] for option in option_tree().options})


def _names(document: nix.Document, chance: random.Random) -> Iterator[_Change]:
    for item, nodes, before in _attributes(document):
        for index, node in enumerate(nodes):
            path = item.path[: before + index + 1]
            if node.type != "identifier" or not _declared(path):
                continue
            kind = "misspelt option"
            if len(path) == 2 and path[0] in {"services", "languages"}:
                kind = "misspelt service"
            for _ in range(2):
                word = _typo(path[-1], chance)
                if not _declared((*path[:-1], word)):
                    yield kind, f"{'.'.join(path)} -> {word}", node.start_byte, node.end_byte, word.encode()


def _literals(document: nix.Document) -> Iterator[tuple[nix.Definition, OptionType, nix.Value, Node]]:
    for item in document.definitions:
        found = option_tree().find(item.path)
        value = document.value(item)
        if found.kind == "option" and item.layers is not None and not isinstance(value, nix.Expression):
            yield item, found.type, value, item.layers.target


def _values(document: nix.Document, chance: random.Random) -> Iterator[_Change]:
    for item, kind, value, node in _literals(document):
        for label, text in _wrong(kind, value, chance):
            yield label, f"{'.'.join(item.path)} = {text}", node.start_byte, node.end_byte, text.encode()


def _wrong(kind: OptionType, value: nix.Value, chance: random.Random) -> Iterator[tuple[str, str]]:
    names: dict[type[OptionType], OptionType] = {type(item): item for item in kind.alternatives}
    text = nix.print_value(value)
    if Boolean in names and isinstance(value, bool):
        yield "boolean as text", f'"{text}"'
        yield "boolean as a word", '"yes"' if value else '"no"'
        yield "boolean as a number", "1" if value else "0"
    if Integer in names and Text not in names and isinstance(value, int):
        yield "number as text", f'"{text}"'
        bounded = names[Integer]
        most = bounded.most if isinstance(bounded, Integer) else None
        if most is not None:
            yield "out of range", str(most + 1 + chance.randrange(5000))
    if Text in names and Integer not in names and isinstance(value, str):
        if value.isdigit():
            yield "text as a number", value
        if ListOf not in names and "\n" not in value:
            yield "text as a list", f"[ {text} ]"
    if ListOf in names and isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        yield "list as text", nix.print_value(value[0])
    if Enum in names and isinstance(value, str):
        yield "misspelt value", f'"{_typo(value, chance)}"'


def _duplicates(document: nix.Document, _: random.Random) -> Iterator[_Change]:
    data = document.data
    for item, nodes, _before in _attributes(document):
        if item.entered or item.layers is None or not nodes:
            continue
        end = item.node.end_byte
        start = data.rfind(b"\n", 0, item.node.start_byte) + 1
        indent = data[start : item.node.start_byte]
        if indent.strip():
            continue
        again = data[item.node.start_byte : end]
        yield "defined twice", ".".join(item.path), end, end, b"\n" + indent + again


def _tokens(document: nix.Document, _: random.Random) -> Iterator[_Change]:
    stack = [document.root]
    while stack:
        node = stack.pop()
        where = f"at {node.start_point[0] + 1}:{node.start_point[1] + 1}"
        if node.type == ";":
            yield "missing semicolon", where, node.start_byte, node.end_byte, b""
        elif node.type in {"[", "]", "{", "}", "(", ")"} and node.parent is not None:
            if node.parent.type != "formals":
                yield "unbalanced bracket", f"{node.type} {where}", node.start_byte, node.end_byte, b""
        elif node.type == '"' or (node.type == "''" and node.parent is not None and node == node.parent.children[-1]):
            yield "open text", where, node.start_byte, node.end_byte, b""
        elif node.type == "=":
            yield "colon for equals", where, node.start_byte - 1, node.end_byte, b":"
        stack.extend(node.children)


def _variables(document: nix.Document, chance: random.Random) -> Iterator[_Change]:
    stack = [document.root]
    while stack:
        node = stack.pop()
        if node.type == "variable_expression":
            name = document.data[node.start_byte : node.end_byte].decode()
            if name in {"pkgs", "lib", "config", "port"}:
                word = _typo(name, chance)
                yield "undefined variable", f"{name} -> {word}", node.start_byte, node.end_byte, word.encode()
        stack.extend(node.named_children)


def _packages(document: nix.Document, chance: random.Random) -> Iterator[_Change]:
    for item in document.definitions:
        if item.path != ("packages",) or item.value is None:
            continue
        source = document.data[item.value.start_byte : item.value.end_byte]
        for match in re.finditer(rb"(?<=pkgs\.)[a-z][\w-]+|(?<=^    )[a-z][\w-]+", source, re.MULTILINE):
            name = match[0].decode()
            if name == "stdenv":
                continue
            start = item.value.start_byte + match.start()
            for _ in range(2):
                word = _typo(name, chance)
                if known(word).known:
                    continue  # `gti` is a package, too
                yield "unknown package", f"{name} -> {word}", start, start + len(match[0]), word.encode()


def _nesting(document: nix.Document, _: random.Random) -> Iterator[_Change]:
    for item, nodes, before in _attributes(document):
        path = item.path
        if before == 0 and len(nodes) > 1 and path[0] in {"services", "languages", "git-hooks"}:
            start, end = nodes[0].start_byte, nodes[1].start_byte
            yield "group left out", ".".join(path), start, end, b""
            other = {"services": b"languages", "languages": b"services"}.get(path[0])
            if other is not None:
                yield "wrong group", ".".join(path), start, nodes[0].end_byte, other
        if path[-1] == "enable" and len(nodes) > 1 and nodes[-1].type == "identifier":
            yield "enable left out", ".".join(path), nodes[-2].end_byte, nodes[-1].end_byte, b""


def _inputs(data: bytes, chance: random.Random) -> Iterator[_Change]:
    for match in re.finditer(rb"(?m)^  ([\w-]+):\n(?:    .*\n?)+", data):
        if match[1] != b"nixpkgs":
            yield "missing input", match[1].decode(), match.start(), match.end(), b""
    for match in re.finditer(rb"(?m)^ *(inputs|url|follows):", data):
        word = _typo(match[1].decode(), chance)
        yield "misspelt key", f"{match[1].decode()} -> {word}", match.start(1), match.end(1), word.encode()
    for match in re.finditer(rb"url: (github):", data):
        yield "misspelt reference", "github -> githb", match.start(1), match.end(1), b"githb"
