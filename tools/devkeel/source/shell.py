"""What a line of shell would run: its commands with their words, read with tree-sitter's grammar of Bash.

    from devkeel.source import shell

    [command.words for command in shell.commands("cd web && sudo pip install 'httpx>=0.27'")]

Nothing is expanded or run. What only an expansion would show stands as `UNKNOWN` inside of its word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import tree_sitter_bash
from msgspec import Struct
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = ["UNKNOWN", "Command", "commands"]

# A character that no word of a shell has: execve(2) takes words that end with it.
UNKNOWN = "\0"

_PARSER = Parser(Language(tree_sitter_bash.language()))
# POSIX.1-2024, Shell Command Language, 2.2: a backslash keeps the next character, and with a line feed it is nothing.
_ESCAPED = re.compile(r"\\(\n?)(.?)", re.DOTALL)
# Within double quotes only before these (2.2.3).
_QUOTED = re.compile(r"\\(?:\n|([$`\"\\]))")
_ASSIGNMENT, _REDIRECT = "variable_assignment", "redirect"


class Command(Struct, frozen=True):
    """One command. words: its name and arguments. fed: the heredoc or here-string that it reads, None where none is."""

    words: tuple[str, ...]
    fed: str | None = None


def commands(text: str) -> list[Command]:
    """Return the commands of a text in their order, also those in subshells, substitutions, loops and functions.

    Comments, quoted text, and heredocs that something else reads are none. What the grammar does not read as a whole is
    left out.
    """
    return list(_commands(_PARSER.parse(text.encode("utf-8", "surrogatepass")).root_node))


def _commands(top: Node) -> Iterator[Command]:
    waiting = [(top, "")]
    while waiting:
        node, fed = waiting.pop()
        if node.type == "ERROR":
            continue
        if node.type == "command" and not node.has_error:
            beside = node.parent if node.parent is not None and node.parent.type == "redirected_statement" else None
            yield Command((*_words(node), *_behind(node), *_behind(beside)), _fed(node) or fed or None)
        inner = (_fed(node) or fed) if node.type == "redirected_statement" else ""
        waiting += reversed([(child, inner) for child in node.named_children])


def _words(command: Node) -> Iterator[str]:
    for index, child in enumerate(command.children):
        field = command.field_name_for_child(index)
        if child.is_named and child.type != _ASSIGNMENT and field != _REDIRECT:
            yield _word(child.named_children[0] if child.type == "command_name" else child)


def _behind(node: Node | None) -> Iterator[str]:
    """Yield the words behind redirections: the grammar has them among what is redirected to, `a >b c` for `a c >b`."""
    for child in node.named_children if node is not None else ():
        if child.type == "file_redirect":
            yield from (_word(item) for item in child.children_by_field_name("destination")[1:])


def _fed(node: Node) -> str:
    """Return what the redirections of a command or a statement give it to read."""
    found = ""
    for child in node.named_children:
        if child.type == "heredoc_redirect":
            found = "".join(_text(item) for item in child.named_children if item.type == "heredoc_body")
        elif child.type == "herestring_redirect" and child.named_children:
            found = _word(child.named_children[-1])
    return found


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _word(node: Node) -> str:
    """Return a word as the command gets it, with `UNKNOWN` for what is expanded."""
    text = _text(node)
    if node.type in ("word", "number", "special_character"):
        return _ESCAPED.sub(r"\2", text)
    if node.type == "raw_string":
        return text[1:-1]
    if node.type == "string":
        return _string(node, text)
    if node.type == "concatenation":
        return _concatenation(node)
    return UNKNOWN


def _concatenation(node: Node) -> str:
    """Return the parts in one. The grammar leaves out of the tree what stands between them, as `=` before a number."""
    found, at = "", node.start_byte
    source = node.text or b""
    for child in node.children:
        found += source[at - node.start_byte : child.start_byte - node.start_byte].decode("utf-8", "replace")
        found += _word(child) if child.is_named else _text(child)
        at = child.end_byte
    return found


def _string(node: Node, text: str) -> str:
    if any(child.type not in ("string_content", '"') for child in node.children):
        parts = [_text(child) if child.type == "string_content" else UNKNOWN for child in node.named_children]
        return _QUOTED.sub(r"\1", "".join(parts))
    return _QUOTED.sub(r"\1", text[1:-1])
