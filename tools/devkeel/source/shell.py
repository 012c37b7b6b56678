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
    """One command. words: its name and arguments. fed: the heredoc or here-string that it reads, None where none is.

    plain: whether the shell changes nothing in that. into: the file that its output goes to. appends: at its end.
    reader: the words of the command that its output goes to, by a pipe or as a substitution in them; () for none.
    assigned: the variables that it is given, and where it is `export` those that all behind it have. line: where it
    begins, from 0.
    """

    words: tuple[str, ...]
    fed: str | None = None
    plain: bool = False
    into: str | None = None
    appends: bool = False
    reader: tuple[str, ...] = ()
    assigned: tuple[tuple[str, str], ...] = ()
    line: int = 0


def commands(text: str) -> list[Command]:
    """Return the commands of a text in their order, also those in subshells, substitutions, loops and functions.

    Comments, quoted text, and heredocs that something else reads are none. What the grammar does not read as a whole is
    left out.
    """
    return list(_commands(_PARSER.parse(text.encode("utf-8", "surrogatepass")).root_node))


def _commands(top: Node) -> Iterator[Command]:
    waiting: list[tuple[Node, Node | None]] = [(top, None)]
    around: dict[int, Node] = {}
    while waiting:
        node, reader = waiting.pop()
        if node.type == "ERROR":
            continue
        if node.type == "redirected_statement":
            around[_redirected(node).id] = node
        elif node.type in ("command", "declaration_command") and not node.has_error:
            yield _command(node, around.get(node.id), reader)
        waiting += reversed([*_with_readers(node, reader)])


def _with_readers(node: Node, reader: Node | None) -> Iterator[tuple[Node, Node | None]]:
    """Yield what is in a node, each part with the command that its output goes to. reader: that of the node itself."""
    children = node.named_children
    if node.type in ("command", "function_definition", _ASSIGNMENT):
        reader = node if node.type == "command" else None
    # `cat <<EOF | sh`: the grammar has the pipe in the redirection.
    inner = [item for child in children if child.type == "heredoc_redirect" for item in child.named_children]
    piped = next((_first(item) for item in inner if item.type == "pipeline"), reader)
    for at, child in enumerate(children):
        is_piped = node.type == "pipeline" and at + 1 < len(children)
        yield child, _first(children[at + 1]) if is_piped else (reader if child.type == "heredoc_redirect" else piped)


def _first(node: Node) -> Node | None:
    """Return the command that reads what is piped into a node, None where that is not one."""
    while node.type != "command" and node.named_children:
        node = node.child_by_field_name("body") or node.named_children[0]
    return node if node.type == "command" else None


def _redirected(statement: Node) -> Node:
    """Return what a statement redirects: of `a && b >c` it is `b`, and the grammar has both in it."""
    body = statement.child_by_field_name("body") or statement
    while body.type in ("list", "pipeline", "negated_command"):
        body = body.named_children[-1]
    return body


def _command(node: Node, around: Node | None, reader: Node | None) -> Command:
    """Return a command with its redirections, which are its own or those of the statement around it."""
    places = [node] if around is None else [node, around]
    fed, plain = next((found for place in places if (found := _fed(place))[0] is not None), (None, False))
    into, appends = next((found for place in places if (found := _into(place))[0] is not None), (None, False))
    words = (*_words(node), *(word for place in places for word in _behind(place)))
    read_by = () if reader is None else tuple(_words(reader))
    line = node.start_point[0]
    return Command(words, fed, plain, into, appends, read_by, tuple(_assigned(node)), line)


def _assigned(command: Node) -> Iterator[tuple[str, str]]:
    for child in command.named_children:
        name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        if child.type == _ASSIGNMENT and name is not None:
            yield _text(name), "" if value is None else _word(value)


def _words(command: Node) -> Iterator[str]:
    if command.type == "declaration_command":
        yield _text(command.children[0])
        return
    for index, child in enumerate(command.children):
        field = command.field_name_for_child(index)
        if child.is_named and child.type != _ASSIGNMENT and field != _REDIRECT:
            yield _word(child.named_children[0] if child.type == "command_name" else child)


def _behind(node: Node) -> Iterator[str]:
    """Yield the words behind redirections: the grammar has them among what is redirected to, `a >b c` for `a c >b`."""
    for child in node.named_children:
        if child.type == "file_redirect":
            yield from (_word(item) for item in child.children_by_field_name("destination")[1:])


def _fed(node: Node) -> tuple[str | None, bool]:
    """Return what the redirections of a command or a statement give it to read, and whether to the letter."""
    for child in reversed(node.named_children):
        if child.type == "heredoc_redirect":
            parts = [item for item in child.named_children if item.type == "heredoc_body"]
            text = "".join(_text(item) for item in parts)
            start = next((_text(item) for item in child.named_children if item.type == "heredoc_start"), "")
            # POSIX.1-2024, 2.7.4: with a quote in its delimiter nothing of it is expanded; `<<-` takes tabs away.
            quoted = re.search(r"['\"\\]", start) is not None
            kept = _text(child).startswith("<<-") is False
            return text, kept and (quoted or re.search(r"[$`\\]", text) is None)
        if child.type == "herestring_redirect" and child.named_children:
            text = _word(child.named_children[-1])
            return f"{text}\n", UNKNOWN not in text  # bash(1), Here Strings: with a line feed behind it
    return None, False


def _into(node: Node) -> tuple[str | None, bool]:
    """Return the file that a command's output goes to, and whether it goes behind what is there."""
    found: tuple[str | None, bool] = None, False
    inner = [item for child in node.named_children if child.type == "heredoc_redirect" for item in child.named_children]
    for child in (*node.named_children, *inner):
        if child.type == "file_redirect" and not any(item.type == "file_descriptor" for item in child.children):
            operator, destinations = child.children[0].type, child.children_by_field_name("destination")
            if operator in (">", ">|", ">>") and destinations:
                found = _word(destinations[0]), operator == ">>"
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
