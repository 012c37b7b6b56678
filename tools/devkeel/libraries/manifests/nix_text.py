"""Libraries in the text of a devenv.nix: `languages.python.venv.requirements`, and the files that it is read from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.libraries.manifests.requirement import canonicalize_name, parse
from devkeel.libraries.manifests.requirements_file import edit_lines, requirements_in
from devkeel.libraries.modules import Statement, argument_of, path_in
from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.layers import peel
from devkeel.source.nix.read.literal import read_value
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.write.texts import TEXTS, computed_rows, edit_text
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from devkeel.libraries.request import LibraryPlan, Request

__all__ = ["RequirementsSource", "edit", "sources"]

_NAMED = re.compile(r"\s*(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:[\[;=<>!~@]|$)")


class RequirementsSource(Struct, frozen=True):
    """A place from which the requirements come: a file, or a text in a definition; neither, where it is computed."""

    said: Statement
    file: str | None = None
    node: Node | None = None

    def names(self, read: Callable[[str], bytes | None]) -> set[str]:
        """Return the normalised names of the libraries that it names."""
        if self.file is not None:
            return _names((read(self.file) or b"").decode("utf-8", "replace"))
        data = self.said.document.data
        value = read_value(self.node, data) if self.node is not None else ""
        lines = value if isinstance(value, str) else text(self.node, data).strip("'\"") if self.node else ""
        return _names(lines)


def _names(lines: str) -> set[str]:
    known = {canonicalize_name(parse(item).name) for item in requirements_in(lines.encode()) if _is_plain(item)}
    return known | {canonicalize_name(found["name"]) for line in lines.split("\n") if (found := _NAMED.match(line))}


def _is_plain(item: str) -> bool:
    return re.fullmatch(r"[\w.-]+", item) is not None


def sources(said: Statement) -> list[RequirementsSource]:
    """Return the places that a definition of requirements is made of, in its order."""
    return [*_within(said, said.core)] if said.core is not None else [RequirementsSource(said)]


def _within(said: Statement, node: Node) -> Iterator[RequirementsSource]:
    data = said.document.data
    node = peel(node, data).core
    argument = argument_of(node, data, "readFile", "fileContents")
    if argument is not None or node.type == "path_expression":
        yield RequirementsSource(said, path_in(said, argument if argument is not None else node))
    elif node.type in TEXTS:
        yield RequirementsSource(said, node=node)
        for child in node.named_children:
            inner = child.child_by_field_name("expression") if child.type == "interpolation" else None
            if inner is not None:
                yield from (item for item in _within(said, inner) if item.file is not None)
    elif operator(node, data) == "+":
        yield from _joined(said, node)
    else:
        yield RequirementsSource(said)


def _joined(said: Statement, node: Node) -> Iterator[RequirementsSource]:
    """Yield the places of texts that are joined; a line that goes on from one to the next is certain in neither."""
    data, waiting = said.document.data, [node]
    operands: list[Node] = []
    while waiting:
        item = peel(waiting.pop(), data).core
        sides = [item.child_by_field_name(name) for name in ("right", "left")] if operator(item, data) == "+" else []
        if sides:
            waiting += [side for side in sides if side is not None]
        else:
            operands.append(item)
    whole = True  # whether the line before has ended
    for number, item in enumerate(operands):
        value = read_value(item, data)
        found, begins = [*_within(said, item)], whole
        if item.type in TEXTS:
            whole = isinstance(value, str) and (value.endswith("\n") or not value)
            yield from found if begins and (whole or number == len(operands) - 1) else [RequirementsSource(said)]
        elif item.type == "path_expression":
            before = read_value(operands[number - 1], data) if number else ""
            included = isinstance(before, str) and before.rstrip().endswith(("-r", "--requirement"))
            yield from found if included else [RequirementsSource(said)]
            whole = False
        else:
            yield from found
            whole = True


def edit(plan: LibraryPlan, request: Request, source: RequirementsSource) -> None:
    """Add or remove requirements in a text."""
    said, node = source.said, source.node
    assert node is not None  # noqa: S101  (a place that is a text has one)
    document = said.document
    wanted = {canonicalize_name(parse(name, remove=request.remove).name) for name in request.names}
    for row in computed_rows(node, document.data):
        found = _NAMED.match(row)
        if found and canonicalize_name(found["name"]) in wanted:
            raise document.refuse(
                "opaque_value",
                f"The line of {found['name']} is computed.",
                node,
                f"Change this line with {do('patch')}.",
            )
    label = f"{document.name} ({'.'.join(said.item.path[-4:])})"
    plan.take(document.name, edit_text(document, said.item, node, lambda data: edit_lines(data, label, request)))
