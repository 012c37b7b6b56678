"""A part of a Nix file that is edited as if it were a file's own: the arguments of a shell, a module in a flake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel.source.nix.read.document import Document
from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.syntax import reparse

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.layers import Layers
    from devkeel.source.splice import Edited

__all__ = ["DocumentPart", "part_of"]


@dataclass(eq=False)
class DocumentPart(Document):
    """A document whose set is that of one expression in it. Scopes and bytes stay those of the whole file.

    at: the expression.
    """

    at: Node | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.inner = True

    @property
    def expression(self) -> Node | None:
        """The expression whose set is edited."""
        return self.at

    def is_set(self, layers: Layers) -> bool:
        """Return whether a value is a set that the index looks into; arguments may be put together by `//`."""
        return super().is_set(layers) or operator(layers.core, self.data) == "//"

    def after(self, edited: Edited) -> Document:
        """Return the same part of what an edit makes of the file."""
        if self._next is None or self._next.data is not edited.data:
            tree = reparse(self.tree, self.data, edited.splices, edited.data)
            following = DocumentPart(edited.data, self.name, self.module, tree)
            following.at, following.what = _moved(self.at, edited, following), self.what
            self._next = following
        return self._next


def part_of(document: Document, node: Node, what: str, *, module: bool = False) -> DocumentPart:
    """Return the part of a file that an expression is."""
    found = DocumentPart(document.data, document.name, module, document.tree, node)
    found.what = what
    return found


def _moved(node: Node | None, edited: Edited, after: Document) -> Node | None:
    """Return the node of an edited file that is where one was; None where an edit took it apart."""
    if node is None:
        return None
    start, end = node.start_byte, node.end_byte
    for item in edited.splices:
        grown = len(item.text) - (item.end - item.start)
        if item.end <= node.start_byte:
            start += grown
        if item.start < node.end_byte:
            end += grown
    found = after.root.descendant_for_byte_range(start, end)
    while found is not None and (found.start_byte, found.end_byte) == (start, end):
        if found.type == node.type:
            return found
        found = found.parent
    return None
