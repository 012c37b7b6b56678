r"""What a Dockerfile says, instruction by instruction, read with tree-sitter's grammar of it.

    from devkeel.source import dockerfile

    [(item.kind, item.words) for item in dockerfile.instructions("ARG V=3.12\nFROM python:${V}-slim\n")]

Nothing is run. Variables are those that the file itself gives: what only a build would is `UNKNOWN` inside of its word.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import tree_sitter_containerfile
from msgspec import Struct
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

__all__ = ["UNKNOWN", "DockerInstruction", "DockerVariable", "instructions"]

UNKNOWN = "\0"

_PARSER = Parser(Language(tree_sitter_containerfile.language()))
_SHELLS = frozenset({"", "sh", "bash", "dash", "ash", "/bin/sh", "/bin/bash", "/bin/ash"})
# `ENV A=$A$A`, again and again, doubles a value each time: longer ones are not known, and none where all that is filled
# in is much.
_LONGEST, _MOST_FILLED = 1024, 1024 * 1024
# What a shell fills in is left to it.
_OF_SHELL = ("run", "cmd", "entrypoint", "shell", "healthcheck")
_INSTRUCTION, _EXPANSION = "_instruction", "expansion"
_STRINGS = frozenset({"unquoted_string", "double_quoted_string", "single_quoted_string"})


class DockerVariable(Struct, frozen=True):
    """A variable with its value, None for an ARG without a default. line: from 1."""

    name: str
    value: str | None
    line: int


class DockerInstruction(Struct, frozen=True):
    """An instruction. kind: its keyword in capitals. line: where it begins, from 1.

    words: the image of FROM, the ports of EXPOSE, the image that COPY takes from, the words of an exec form. alias: the
    name of a stage. variables: of ENV and ARG. shell: the text that a shell runs; first: the line that it begins on.
    """

    kind: str
    line: int
    words: tuple[str, ...] = ()
    alias: str = ""
    variables: tuple[DockerVariable, ...] = ()
    shell: str | None = None
    first: int = 0


def instructions(text: str) -> list[DockerInstruction]:
    """Return the instructions of a Dockerfile in their order; what the grammar does not read is left out."""
    # BuildKit, frontend/dockerfile/parser: a line may end as on Windows.
    source = text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")
    return list(_instructions(_PARSER.parse(source).root_node))


def _instructions(root: Node) -> Iterator[DockerInstruction]:
    # Dockerfile reference, "Understand how ARG and FROM interact": what stands before the first FROM is for FROM alone,
    # and a stage that names it again gets it.
    before, known, begun, longest, filled = dict[str, str](), dict[str, str](), False, 0, 0
    for node in root.named_children:
        if not node.type.endswith(_INSTRUCTION):
            continue
        given = known if begun and not node.type.startswith("from") else before
        if filled < _MOST_FILLED and not node.type.startswith(_OF_SHELL):
            filled += (node.text or b"").count(b"$") * longest
        item = _instruction(node, given if filled < _MOST_FILLED else {})
        if item.kind == "FROM":
            begun, known = True, {}
        for variable in item.variables:
            value = before.get(variable.name) if variable.value is None else variable.value
            if value is not None:
                (known if begun else before)[variable.name] = value if len(value) <= _LONGEST else UNKNOWN
                longest = max(longest, min(len(value), _LONGEST))
        yield item


def _instruction(node: Node, known: Mapping[str, str]) -> DockerInstruction:
    kind, line = node.type.removesuffix(_INSTRUCTION).upper(), node.start_point[0] + 1
    parts = node.named_children
    if kind == "FROM":
        alias = next((_text(item) for item in parts if item.type == "image_alias"), "")
        return DockerInstruction(kind, line, _of_type(parts, "image_spec", known), alias)
    if kind in ("COPY", "ADD"):
        flags = _of_type(parts, "param", known)
        return DockerInstruction(kind, line, tuple(flag[7:] for flag in flags if flag.startswith("--from=")))
    if kind in ("ENV", "ARG"):
        pairs = [item for item in parts if item.type.endswith("_pair")]
        return DockerInstruction(kind, line, variables=tuple(_variable(item, known) for item in pairs))
    if kind == "EXPOSE":
        return DockerInstruction(kind, line, _of_type(parts, "expose_port", known))
    array = next((item for item in parts if item.type == "json_string_array"), None)
    if array is not None:
        return DockerInstruction(kind, line, tuple(_json(item) for item in array.named_children))
    shell, first = _shell(node)
    return DockerInstruction(kind, line, shell=shell, first=first)


def _of_type(parts: list[Node], kind: str, known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_expanded(item, known) for item in parts if item.type == kind)


def _variable(pair: Node, known: Mapping[str, str]) -> DockerVariable:
    strings = [item for item in pair.named_children if item.type in _STRINGS]
    value = _expanded(strings[1], known) if len(strings) > 1 else None
    if value is not None and strings[1].type != "unquoted_string":
        value = value[1:-1]
    return DockerVariable(_text(strings[0]) if strings else "", value, pair.start_point[0] + 1)


def _expanded(node: Node, known: Mapping[str, str]) -> str:
    """Return a text with the variables that are known, `UNKNOWN` for each other."""
    if node.type == _EXPANSION:
        name = next((_text(item) for item in node.named_children if item.type == "variable"), "")
        return _modified(node, known.get(name))
    if node.type == "single_quoted_string" or not node.named_children:
        return _text(node)
    found, at, source = "", node.start_byte, node.text or b""
    for child in node.named_children:
        found += source[at - node.start_byte : child.start_byte - node.start_byte].decode("utf-8", "replace")
        found += "" if child.type == "line_continuation" else _expanded(child, known)
        at = child.end_byte
    return found + source[at - node.start_byte :].decode("utf-8", "replace")


def _modified(expansion: Node, value: str | None) -> str:
    """Return what an expansion of a variable is."""
    # Dockerfile reference, "Environment replacement": `:-` and `:+`.
    modifier = next((_text(item) for item in expansion.named_children if item.type == "expansion_modifier"), "")
    if modifier.startswith((":-", "-")) and not value:
        return modifier.removeprefix(":")[1:]
    if modifier.startswith((":+", "+")):
        return modifier.removeprefix(":")[1:] if value else ""
    return UNKNOWN if value is None or (modifier and not modifier.startswith((":-", "-"))) else value


def _json(node: Node) -> str:
    try:
        return str(json.loads(node.text or b""))
    except ValueError:
        return UNKNOWN


def _shell(node: Node) -> tuple[str | None, int]:
    """Return the text that a shell runs with the line that it begins on, from 1; None where something else runs it."""
    command = next((item for item in node.named_children if item.type == "shell_command"), None)
    if command is None:
        return None, 0
    block = next((item for item in node.named_children if item.type == "heredoc_block"), None)
    plain = _without_comments(command)
    if block is None:
        return plain, command.start_point[0] + 1
    contents = [item for item in block.named_children if item.type == "heredoc_content"]
    # Dockerfile reference, "Here-documents": without a command, or for a shell, it is a script of its own.
    if contents and re.sub(r"<<-?\s*(['\"]?)\w+\1", "", plain).strip() in _SHELLS:
        script = _text(contents[0])
        other = script.startswith("#!") and not script.partition("\n")[0].endswith("sh")
        return (None, 0) if other else (script, contents[0].start_point[0] + 1)
    return None, 0


def _without_comments(command: Node) -> str:
    """Return the text of a command whose lines of comments, which Docker drops, are empty ones that go on."""
    found, at, source = "", command.start_byte, command.text or b""
    for child in command.named_children:
        if child.type == "comment":
            found += source[at - command.start_byte : child.start_byte - command.start_byte].decode("utf-8", "replace")
            found += "\\\n" * _text(child).count("\n")
            at = child.end_byte
    return found + source[at - command.start_byte :].decode("utf-8", "replace")


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
