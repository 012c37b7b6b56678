"""YAML and JSON as the readers of evidence see them: values with the lines that they stand on."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.detection.repository import RepositoryFile
    from devkeel.source import jsonc
    from devkeel.source.yaml import document as yaml_document
    from devkeel.source.yaml.document import Item
else:
    jsonc = Deferred("devkeel.source.jsonc")
    yaml_document = Deferred("devkeel.source.yaml.document")

__all__ = ["Written", "read_json", "read_yaml"]

# What aliases make of a file, with 16 for each value beside its text: readers walk all of that. A pipeline that uses
# them a lot is at 100 kB.
_MOST_MADE, _VALUE = 4 * 1024 * 1024, 16
# A parser in Python reads some 100 kB a second; a workflow or a compose file has a few.
_MOST_YAML = 256 * 1024


class Written(Struct, frozen=True):
    """A value. text: of a scalar, as it is written without its quotes, None for a collection and for null.

    line: where it begins. exact: whether each line of its text is one of the file, from `first` on. size: of all that
    is in it, what an alias stands for each time.
    """

    line: int
    text: str | None = None
    first: int = 0
    exact: bool = False
    members: dict[str, Written] = {}
    items: tuple[Written, ...] = ()
    size: int = 0

    def get(self, *names: str) -> Written:
        """Return what is at a path of keys; nothing, at the line of the last that is there, where it is not."""
        found = self
        for name in names:
            found = found.members.get(name, Written(found.line))
        return found

    def each(self) -> Iterator[Written]:
        """Yield the items of a list, or the one that stands in its place."""
        if self.items:
            yield from self.items
        elif self.text is not None:
            yield self

    def texts(self) -> list[str]:
        """Return the texts in a list, or the one that stands in its place."""
        return [item.text for item in self.each() if item.text is not None]

    def __bool__(self) -> bool:
        """Return whether anything is there."""
        return self.text is not None or bool(self.members) or bool(self.items)


def read_yaml(file: RepositoryFile) -> Written:
    """Return a YAML file of one document, aliases and merges followed. Raises ValueError with why it is none.

    Aliases that make very much of it are left out, and the file keeps that in mind.
    """
    name, data = file.name, file.data
    if len(data) > _MOST_YAML:
        raise ValueError(f"it has {len(data)} bytes, more than {_MOST_YAML}")
    try:
        document = yaml_document.Document(data, name)
    except DevkeelError as error:
        raise ValueError(error.message) from error
    lines = _line_numbers(document.text)
    reading = _YamlReading(lines)
    root = reading.of(document.root) if document.root is not None else Written(1)
    if reading.cut:
        file.leave()
    return root


# GitLab, "Customization", `!reference`: the names of what stands elsewhere. Compose, "Merge", `!reset`: nothing.
_ELSEWHERE = frozenset({"!reference", "!reset"})


def _line_numbers(text: str) -> Callable[[int], int]:
    starts = [0, *(at + 1 for at, sign in enumerate(text) if sign == "\n")]
    return lambda offset: bisect_right(starts, offset)


class _YamlReading:
    """Makes values of nodes, each once however often it is named. cut: whether an alias is left out."""

    def __init__(self, line: Callable[[int], int]) -> None:
        self._line, self._known, self._left = line, dict[int, Written](), _MOST_MADE
        self.cut = False

    def of(self, item: Item) -> Written:
        """Return the value of a node; nothing for an alias that makes too much of the file."""
        alias, item = item, item.target or item
        if id(item) not in self._known:
            self._known[id(item)] = Written(self._line(item.start))  # what holds itself ends here
            self._known[id(item)] = self._made(item)
        found = self._known[id(item)]
        return found if item is alias or self._take(found.size) else Written(self._line(item.start))

    def _take(self, size: int) -> bool:
        """Return whether the file may make that much more of itself."""
        if size > self._left:
            self.cut = True
            return False
        self._left -= size
        return True

    def _made(self, item: Item) -> Written:
        at = self._line(item.start)
        if item.tag in _ELSEWHERE:
            return Written(at)
        if item.kind == "scalar":
            first = at + (1 if item.style in ("|", ">") else 0)
            return Written(at, _text(item), first, item.style == "|", size=_VALUE + len(item.value))
        members = dict[str, Written]()
        for entry in item.entries:
            inner = self.of(entry.value)
            if entry.key.value == yaml_document.MERGE:
                for base in inner.items or (inner,):
                    if self._take(_VALUE * (len(base.members) + len(members))):
                        members = {**base.members, **members}
            else:
                members[entry.key.value] = _below(inner, self._line(entry.key.start))
        items = tuple(map(self.of, item.items))
        size = _VALUE + sum(each.size for each in (*members.values(), *items)) + sum(map(len, members))
        return Written(at, members=members, items=items, size=size)


def _below(value: Written, line: int) -> Written:
    """Return the value of a key: what is no text is where its key stands."""
    return value if value.text is not None else replace(value, line=line)


def _text(item: Item) -> str | None:
    null = item.style is None and item.value in ("", "~", "null", "Null", "NULL")
    return None if null else item.value


def read_json(name: str, data: bytes) -> Written:
    """Return a JSON file, also one with comments. Raises ValueError with why it is none."""
    try:
        document = jsonc.Document(data, name)
        root = document.root
    except DevkeelError as error:
        raise ValueError(error.message) from error
    lines = _line_numbers(document.text)
    return _of_node(root, lines)


def _of_node(node: Any, line: Callable[[int], int]) -> Written:  # noqa: ANN401  (the reader's own)
    at = line(node.start)
    if node.members or node.items:
        members = {name: _of_node(inner, line) for name, inner in node.members.items()}
        return Written(at, members=members, items=tuple(_of_node(item, line) for item in node.items))
    value = node.value
    if value is None or isinstance(value, (dict, list)):
        return Written(at)
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return Written(at, text, at)
