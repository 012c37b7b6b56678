"""The options as a tree: what stands at a path, and where a path leaves what is declared."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from devkeel.catalogue.types import Anything, parse_type
from devkeel.deferred import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.catalogue.option import Option
    from devkeel.catalogue.types import OptionType
    from devkeel.source.path import AttrPath

__all__ = ["ELEMENT", "PathMatch", "Tree"]

ELEMENT = "*"
"""Stands for the elements of a list in a path."""
_NAME = "<name>"
# The type of an option that takes a whole module, such as the one of a profile.
_MODULE = "module"


@dataclass(slots=True)
class _Branch:
    option: Option | None = None
    children: dict[str, _Branch] = field(default_factory=dict)
    wild: _Branch | None = None
    element: _Branch | None = None


@dataclass(frozen=True, slots=True)
class PathMatch:
    """What stands at a path.

    kind: `option`; `group`, a name that options stand below; `inside`, a part of an option's value; `beyond`, below
    an option whose values have no attributes; `unknown`. depth: how many names of the path are declared. option: the
    one at the path or round it. type: of the value at the path. names: what could have followed the declared part.
    module: how many names lead to the module that the path is judged in, a profile's for example.
    """

    kind: Literal["option", "group", "inside", "beyond", "unknown"]
    depth: int
    option: Option | None = None
    type: OptionType = field(default=Anything("anything"))
    names: tuple[str, ...] = ()
    module: int = 0

    @property
    def within(self) -> OptionType:
        """The type of the option at the path or round it."""
        return parse_type(self.option.type) if self.option is not None else Anything("anything")


class Tree:
    """The options of one devenv."""

    def __init__(self, options: Iterable[Option]) -> None:
        self._root = _Branch()
        self.options = {option.names: option for option in options}
        for path, option in self.options.items():
            node = self._root
            for name in path:
                if name == ELEMENT:
                    node.element = node.element or _Branch()
                    node = node.element
                elif name == _NAME:
                    node.wild = node.wild or _Branch()
                    node = node.wild
                else:
                    node = node.children.setdefault(name, _Branch())
            node.option = option

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
