"""A YAML file as a tree of items with their places in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from devkeel.errors import Place, Refused
from devkeel.source.plain_data import decode, dotted, position
from devkeel.source.splice import Splice
from devkeel.source.yaml.scalars import resolve
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Document", "Entry", "Lookup", "Item", "MERGE"]  # noqa: RUF022  (a test sorts without case)

_MAX_DEPTH = 100
# Line breaks to some readers of YAML and text to others (YAML 1.2.2, 5.4); and a carriage return of its own.
_ODD_BREAKS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
_KEY_END = re.compile(r"[ \t]*:")
_COLLECTIONS: dict[str, Literal["map", "list"]] = {"MappingStartEvent": "map", "SequenceStartEvent": "list"}
# yaml.org/type/merge.html, of YAML 1.1; the schemas of YAML 1.2 do not have it.
MERGE = "<<"


class Item(Struct, eq=False):
    """A node: its kind and the offsets of its text, which end where its content does.

    style: the quote or block sign of a scalar, None for a plain one. flow: a collection between brackets, `opening`
    is then behind the first. target: what an alias stands for.
    """

    kind: Literal["scalar", "map", "list", "alias"]
    start: int
    end: int
    value: str = ""
    style: str | None = None
    flow: bool = False
    opening: int = 0
    anchor: str | None = None
    tag: str | None = None
    entries: list[Entry] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    target: Item | None = None

    @property
    def block(self) -> bool:
        """Whether it is a collection that stands on lines of its own."""
        return self.kind in {"map", "list"} and not self.flow

    @property
    def absent(self) -> bool:
        """Whether there is no text: `key:`."""
        return self.kind == "scalar" and self.start == self.end

    @property
    def vacant(self) -> bool:
        """Whether it holds nothing, so that it may become a set: null or `{}`."""
        if self.kind == "map":
            return not self.entries
        return self.kind == "scalar" and self.style is None and self.tag is None and resolve(self.value) is None


class Entry(Struct, eq=False):
    """A key of a mapping with its value. colon: the offset of its colon, -1 for `? key` and for a bare key."""

    owner: Item
    key: Item
    value: Item
    colon: int

    @property
    def end(self) -> int:
        """Where its text ends."""
        return max(self.value.end, self.colon + 1, self.key.end)


class Lookup(Struct, frozen=True):
    """How far a path leads: the entries on it, the item at their end, and the keys that nothing defines."""

    entries: tuple[Entry, ...]
    item: Item | None
    rest: tuple[str, ...]


@dataclass(eq=False)
class Document:
    """A parsed YAML file of one document. data: its bytes. name: what errors call it.

    Raises ProjectError `not_utf8`; Refused for what does not parse, has several documents, or directives.
    """

    data: bytes
    name: str = "devenv.yaml"

    def __post_init__(self) -> None:
        self.mark, self.text = decode(self.data, self.name)
        self.used: set[str] = set()
        self.root: Item | None = None
        self.limit = len(self.text)
        odd = _ODD_BREAKS.search(self.text)
        if odd:
            raise self.refuse("unsupported_style", "The file has a line break that readers disagree on.", odd.start())
        _Reader(self).read()

    def refuse(self, code: str, message: str, offset: int, remedy: str | None = None) -> Refused:
        """Return a refusal at an offset, with the line as what was seen."""
        start = self.text.rfind("\n", 0, offset) + 1
        line = self.text[start:].partition("\n")[0].strip()
        return Refused(
            code,
            message,
            place=Place(self.name, *position(self.text, offset)),
            seen=line[:120] or None,
            remedy=remedy or f"Write this change with {do('patch')}.",
        )

    def splice(self, start: int, end: int, text: str) -> Splice:
        """Return the splice for a range of the text."""
        ascii_only = len(self.text) + self.mark == len(self.data)
        first, last = (
            self.mark + (offset if ascii_only else len(self.text[:offset].encode())) for offset in (start, end)
        )
        return Splice(first, last, text.encode())

    @cached_property
    def newline(self) -> str:
        """The line ending of the file: that of its first line."""
        first = self.text.find("\n")
        return "\r\n" if first > 0 and self.text[first - 1] == "\r" else "\n"

    def walk(self) -> Iterator[Item]:
        """Yield every item, outer ones first, without the keys."""
        stack = [self.root] if self.root else []
        while stack:
            item = stack.pop()
            yield item
            stack.extend(reversed([*item.items, *(entry.value for entry in item.entries)]))

    def find(self, path: tuple[str, ...], *, reading: bool = False) -> Lookup:
        """Follow a path as far as it is defined here; through aliases for reading only.

        Raises Refused where it is not certain what the path means: below an alias or a tag, for a key that is
        there twice, or that a merge (`<<`) may bring.
        """
        if MERGE in path:
            raise self._refuse_merge(path, 0)
        entries, item = list[Entry](), self.root
        for depth in range(len(path)):
            if reading and item is not None:
                item = item.target or item
            if item is None or item.kind in {"scalar", "list"}:
                return Lookup(tuple(entries), item, path[depth:])
            if item.tag is not None:
                raise self.refuse_tag(item, path[:depth])
            if item.kind == "alias" or (item.anchor in self.used and not reading):
                raise self.refuse_shared(item, path[:depth])
            entry = self._entry(item, path[: depth + 1])
            if entry is None:
                return Lookup(tuple(entries), item, path[depth:])
            entries.append(entry)
            item = entry.value
        return Lookup(tuple(entries), item, ())

    def _entry(self, item: Item, path: tuple[str, ...]) -> Entry | None:
        matching = [entry for entry in item.entries if entry.key.kind == "scalar" and entry.key.value == path[-1]]
        # YAML 1.2.2, 3.2.1.1: keys are unique; readers that take two take one of them, and not all the same.
        if len(matching) > 1:
            raise self.refuse(
                "duplicate_attribute",
                f"{dotted(path)} is there {len(matching)} times.",
                matching[1].key.start,
                f"Remove one of them with {do('patch')}.",
            )
        if not matching and any(entry.key.value == MERGE for entry in item.entries):
            raise self._refuse_merge(path, item.start)
        return matching[0] if matching else None

    def _refuse_merge(self, path: tuple[str, ...], offset: int) -> Refused:
        return self.refuse(
            "inherited", f"{dotted(path)} may come from a merge (<<), which not every reader has.", offset
        )

    def refuse_shared(self, item: Item, path: tuple[str, ...]) -> Refused:
        """Return the refusal for an alias, or for a value that aliases refer to."""
        name = dotted(path) if path else "The document"
        return self.refuse("shared_name", f"{name} is a value that is used in more than one place.", item.start)

    def refuse_tag(self, item: Item, path: tuple[str, ...]) -> Refused:
        """Return the refusal for a value with a tag."""
        name = dotted(path) if path else "The document"
        return self.refuse("opaque_value", f"{name} has a tag ({item.tag}), whose meaning is not known.", item.start)


class _Reader:
    """Builds the items of a document from the events of the parser."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.anchors: dict[str, Item] = {}
        # An open collection, and the key that waits for its value.
        self.open: list[tuple[Item, list[Item]]] = []
        self.documents = 0

    def read(self) -> None:
        try:
            for event in _events(self.document.text):
                self._take(event, type(event).__name__)
        except Refused:
            raise
        except Exception as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            offset = min(mark.index, len(self.document.text)) if mark is not None else 0
            problem = getattr(error, "problem", None) or str(error).partition("\n")[0] or type(error).__name__
            raise self.document.refuse(
                "syntax_error",
                f"The file does not parse: {problem}.",
                offset,
                f"Repair the syntax with {do('patch')}, then repeat the edit.",
            ) from error

    def _take(self, event: Any, kind: str) -> None:  # noqa: ANN401  (of the parser)
        document, at, end = self.document, event.start_mark.index, event.end_mark.index
        if kind == "DocumentStartEvent":
            self._begin(event)
        elif kind == "DocumentEndEvent" and event.explicit:
            document.limit = min(at, document.limit)
        elif kind == "ScalarEvent":
            item = Item("scalar", at, end, event.value, event.style or None, tag=event.tag)
            item.end = _content_end(document.text, item) if item.style in {"|", ">"} else end
            self._add(item, event.anchor)
        elif kind == "AliasEvent":
            if event.anchor not in self.anchors:
                raise document.refuse("syntax_error", f"There is no anchor &{event.anchor} above it.", at)
            # YAML 1.2.2, 7.1: an alias is the node itself, so that what changes there changes here.
            document.used.add(event.anchor)
            self._add(Item("alias", at, end, target=self.anchors[event.anchor]), None)
        elif kind in _COLLECTIONS:
            item = Item(_COLLECTIONS[kind], at, at, flow=bool(event.flow_style), opening=end, tag=event.tag)
            self._add(item, event.anchor)
            self.open.append((item, []))
            if len(self.open) > _MAX_DEPTH:
                raise document.refuse("unsupported_style", f"The file is nested deeper than {_MAX_DEPTH}.", at)
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            item, _ = self.open.pop()
            inside = [entry.end for entry in item.entries] + [child.end for child in item.items]
            item.end = end if item.flow else max(inside, default=item.start)

    def _begin(self, event: Any) -> None:  # noqa: ANN401  (of the parser)
        self.documents += 1
        if self.documents > 1:
            raise self.document.refuse("ambiguous", "The file has more than one document.", event.start_mark.index)
        # YAML 1.2.2, 6.8: %YAML changes which plain text is which type, %TAG what a tag means.
        if event.version is not None or event.tags:
            raise self.document.refuse("unsupported_style", "The file has directives (%YAML, %TAG).", 0)

    def _add(self, item: Item, anchor: str | None) -> None:
        if anchor is not None:
            item.anchor = anchor
            self.anchors[anchor] = item
        if not self.open:
            self.document.root = item
            return
        owner, waiting = self.open[-1]
        if owner.kind == "list":
            owner.items.append(item)
        elif not waiting:
            waiting.append(item)
        else:
            key = waiting.pop()
            colon = _KEY_END.match(self.document.text, key.end)
            at = colon.end() - 1 if colon else -1
            if item.absent:
                item.start = item.end = at + 1 if colon else key.end
            owner.entries.append(Entry(owner, key, item, at))


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415  (15 ms that only a YAML edit needs)

    events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
    return events


def _content_end(text: str, item: Item) -> int:
    """Return where a block scalar ends, without the last line break, and without the blank lines that are not in it."""
    header, _, _ = text[item.start : item.end].partition("\n")
    end = min(item.end, len(text))
    # YAML 1.2.2, 8.1.1.2: a plus keeps the empty lines at the end, without one they are not part of the text.
    if "+" not in header.partition("#")[0]:
        while (start := text.rfind("\n", item.start, end)) > 0 and not text[start:end].strip():
            end = start
    elif text[end - 1 : end] == "\n":
        end -= 1
    return end - 1 if text[end - 1 : end] == "\r" else end
