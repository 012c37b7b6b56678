"""The inputs of a devenv.yaml as far as its text certainly says them: what readers may take otherwise is unread.

What edits need is certain as a whole, so that `source.yaml` refuses a value for one tag in it. A rule on references
looks at each input: one that cannot be read hides no other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.source import yaml
from devkeel.source.yaml.document import MERGE
from devkeel.source.yaml.scalars import resolve

if TYPE_CHECKING:
    from devkeel.source.yaml.document import Item

__all__ = ["UnreadInput", "inputs_of_yaml"]

# YAML 1.2.2, 10.1: what these say is what an untagged value of the kind is, but for text, which stays text.
_TAG = "tag:yaml.org,2002:"
_KINDS = {"map": ("map", "!!map", f"{_TAG}map"), "list": ("seq", "!!seq", f"{_TAG}seq")}
_TEXT = ("!", "!!str", f"{_TAG}str")
_SURROGATE = re.compile("[\ud800-\udfff]")
_INPUTS = "inputs"
_NOT_ITS_PLACE = frozenset({"flake", "follows"})
_MOST = 20_000


class UnreadInput(Struct, frozen=True):
    """A value that the text does not certainly say."""


def inputs_of_yaml(data: bytes, name: str) -> tuple[dict[str, Any], int | None]:
    """Return the inputs by their names, `UnreadInput` in them for what is not certain.

    The second value is the line of inputs that are unread as a whole.

    Raises ProjectError or Refused for a file of which nothing can be read.
    """
    document = yaml.Document(data, name)
    if document.root is None:
        return {}, None
    reader = _WrittenTables()
    top = reader.table(document.root, frozenset())
    found = UnreadInput() if isinstance(top, UnreadInput) else _inputs_in(top, reader)
    if found is None or isinstance(found, dict):
        return found or {}, None
    # No map: devenv takes none of it today, and the text does not say what another does.
    return {}, document.text.count("\n", 0, document.root.start) + 1


def _inputs_in(top: dict[str, Item | UnreadInput] | None, reader: _WrittenTables) -> Any:  # noqa: ANN401  (data)
    if top is None:
        return {}
    if _INPUTS in top:
        return reader.value(top[_INPUTS], frozenset())
    # A merge, or a key that is not certainly another one, may bring them.
    return UnreadInput() if any(isinstance(item, UnreadInput) for item in top.values()) else {}


class _WrittenTables:
    def __init__(self) -> None:
        self.count = 0

    def value(self, item: Item | UnreadInput, above: frozenset[int]) -> Any:  # noqa: ANN401  (data)
        """Return what an item says. above: the items on the way to it, by which one that holds itself is known."""
        self.count += 1
        if isinstance(item, UnreadInput) or self.count > _MOST or id(item) in above:
            return UnreadInput()
        above |= {id(item)}
        if item.target is not None:
            return self.value(item.target, above)
        if item.kind == "scalar":
            return _scalar(item)
        if item.kind == "list":
            return [self.value(child, above) for child in item.items] if _plain(item) else UnreadInput()
        table = self.table(item, above)
        if not isinstance(table, dict):
            return UnreadInput()
        return {key: self.value(inner, above) for key, inner in table.items()}

    def table(self, item: Item, above: frozenset[int]) -> dict[str, Item | UnreadInput] | UnreadInput | None:
        """Return the items of a mapping by their keys; None for what is none."""
        item = item.target or item
        if item.kind != "map":
            return None if item.kind != "scalar" or item.tag is None else UnreadInput()
        if not _plain(item):
            return UnreadInput()
        found: dict[str, Item | UnreadInput] = {}
        merged: list[Item] = []
        for entry in item.entries:
            key = _scalar(entry.key.target or entry.key, text=True)
            if key == MERGE:
                merged.append(entry.value)
            elif isinstance(key, str):
                # YAML 1.2.2, 3.2.1.1: keys are unique; which of two is taken differs between readers.
                found[key] = UnreadInput() if key in found else entry.value
            else:
                found["?"] = UnreadInput()
        if merged and not self._brings_nothing(merged, found.keys() | _NOT_ITS_PLACE, above):
            found[MERGE] = UnreadInput()
        return found

    def _brings_nothing(self, merged: list[Item], known: frozenset[str] | set[str], above: frozenset[int]) -> bool:
        """Return whether what is merged has no key but those that are there or say nothing of a place."""
        for item in merged:
            held = item.target or item
            for one in held.items if held.kind == "list" else [held]:
                self.count += 1
                bare = one.target or one
                if id(bare) in above or self.count > _MOST:
                    return False
                table = self.table(bare, above | {id(bare)})
                if not isinstance(table, dict) or not table.keys() <= known:
                    return False
        return True


def _plain(item: Item) -> bool:
    return item.tag is None or str(item.tag) in _KINDS[item.kind]


def _scalar(item: Item, *, text: bool = False) -> Any:  # noqa: ANN401  (data)
    """Return what a scalar says. text: as a key, whose kind does not matter."""
    if item.kind != "scalar" or _SURROGATE.search(item.value) or (item.tag is not None and str(item.tag) not in _TEXT):
        return UnreadInput()
    return item.value if text or item.style or item.tag is not None else resolve(item.value)
