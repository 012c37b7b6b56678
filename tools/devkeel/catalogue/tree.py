"""The options as a tree: what stands at a path, and where a path leaves what is declared."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.catalogue.types import Anything, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.catalogue.option import Option
    from devkeel.catalogue.types import OptionType
    from devkeel.source.path import AttrPath

__all__ = ["ELEMENT", "PathMatch", "Tree"]

ELEMENT = "*"
"""Stands for the elements of a list in a path."""
_NAME = "<name>"
# The type of an option that takes a whole module, such as the one of a profile.
_MODULE = "module"
_KEPT = 1  # deeper paths are many, and little is below them


class _Branch:
    """A name of the tree, with the options at it and below. What is below is sorted by name when it is asked for."""

    def __init__(self, depth: int, options: list[tuple[AttrPath, Option]]) -> None:
        self._depth, self._options = depth, options

    @cached_property
    def option(self) -> Option | None:
        return next((option for path, option in self._options if len(path) == self._depth), None)

    @cached_property
    def children(self) -> dict[str, _Branch]:
        return {name: branch for name, branch in self._below.items() if name not in {_NAME, ELEMENT}}

    @property
    def wild(self) -> _Branch | None:
        return self._below.get(_NAME)

    @property
    def element(self) -> _Branch | None:
        return self._below.get(ELEMENT)

    @property
    def below(self) -> Iterator[AttrPath]:
        """The paths of the options below."""
        return (path for path, _ in self._options if len(path) > self._depth)

    def step(self, name: str) -> Iterator[_Branch]:
        """Yield what a name leads to, also where it may be any."""
        return (branch for own, branch in self._below.items() if own in (name, _NAME, ELEMENT))

    @cached_property
    def _below(self) -> dict[str, _Branch]:
        found: dict[str, list[tuple[AttrPath, Option]]] = {}
        for item in self._options:
            if len(item[0]) > self._depth:
                found.setdefault(item[0][self._depth], []).append(item)
        return {name: _Branch(self._depth + 1, options) for name, options in found.items()}


class PathMatch(Struct, frozen=True):
    """What stands at a path.

    kind: `option`; `group`, a name that options stand below; `inside`, a part of an option's value; `beyond`, below
    an option whose values have no attributes; `unknown`. depth: how many names of the path are declared. option: the
    one at the path or round it. type: of the value at the path. names: what could have followed the declared part.
    module: how many names lead to the module that the path is judged in, a profile's for example.
    """

    kind: Literal["option", "group", "inside", "beyond", "unknown"]
    depth: int
    option: Option | None = None
    type: OptionType = Anything("anything")
    names: tuple[str, ...] = ()
    module: int = 0

    @property
    def within(self) -> OptionType:
        """The type of the option at the path or round it."""
        return parse_type(self.option.type) if self.option is not None else Anything("anything")


class Tree:
    """The options of one devenv."""

    def __init__(self, options: Mapping[AttrPath, Option]) -> None:
        self.options = options
        self._root = _Branch(0, list(self.options.items()))
        self._known: dict[AttrPath, dict[str, list[AttrPath]]] = {}

    def find(self, path: AttrPath) -> PathMatch:
        """Return what stands at an option path."""
        nodes, start = [self._root], 0
        around: list[tuple[int, Option]] = []
        for depth, name in enumerate(path):
            below = [child for node in nodes for child in _step(node, name)]
            if not below:
                return self._left(nodes, around, path, depth, start)
            nodes = below
            option = _option(nodes)
            if option is not None:
                around.append((depth + 1, option))
            if option is not None and option.type == _MODULE and depth + 1 < len(path):
                nodes, start = [self._root], depth + 1
        option = _option(nodes)
        kind: Literal["option", "group"] = "option" if option is not None else "group"
        kind_type = parse_type(option.type) if option is not None else Anything("anything")
        return PathMatch(kind, len(path), option, kind_type, _names(nodes), start)

    @staticmethod
    def _left(
        nodes: list[_Branch], around: list[tuple[int, Option]], path: AttrPath, depth: int, start: int
    ) -> PathMatch:
        """Return what a path is that goes on where no option is declared: `around` are the options on the way."""
        for size, enclosing in reversed(around):
            current: OptionType | None = parse_type(enclosing.type)
            for _ in path[size:]:
                current = current.below() if current is not None else None
            if current is not None and enclosing.type != _MODULE:
                return PathMatch("inside", depth, enclosing, current, module=start)
        option = _option(nodes)
        if option is None:
            return PathMatch("unknown", depth, names=_names(nodes), module=start)
        declared = any(node.children or node.wild or node.element for node in nodes)
        return PathMatch("unknown" if declared else "beyond", depth, option, names=_names(nodes), module=start)

    def below(self, path: AttrPath) -> dict[str, list[AttrPath]]:
        """Return the options below a path by the name that follows; a name of the user's own stands for any."""
        if path in self._known:
            return self._known[path]
        nodes = [self._root]
        for name in path:
            nodes = [child for node in nodes for child in node.step(name)]
        found: dict[str, list[AttrPath]] = {}
        for node in nodes:
            for option in node.below:
                found.setdefault(option[len(path)], []).append(option)
        if len(path) <= _KEPT:
            self._known[path] = found
        return found

    @cached_property
    def by_key(self) -> dict[str, AttrPath]:
        """The paths of the options by their names with dots between."""
        return {".".join(path): path for path in self.options}

    @cached_property
    def by_last(self) -> dict[str, list[AttrPath]]:
        """The paths of the options by their last name."""
        found: dict[str, list[AttrPath]] = {}
        for path in self.options:
            found.setdefault(path[-1], []).append(path)
        return found


def _step(node: _Branch, name: str) -> Iterator[_Branch]:
    if name in node.children:
        yield node.children[name]
    if name == ELEMENT and node.element is not None:
        yield node.element
    elif node.wild is not None:
        yield node.wild


def _option(nodes: list[_Branch]) -> Option | None:
    """Return the option of some nodes: that of an exact name before that of `<name>`."""
    return next((node.option for node in nodes if node.option is not None), None)


def _names(nodes: list[_Branch]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for node in nodes for name in node.children))
