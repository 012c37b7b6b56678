"""The options that a path which does not exist may have meant, nearest first.

Paths are compared name by name: a misspelt name costs as much as it differs, a name too many or too few a fixed
amount; what cannot hold the value is none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from devkeel.catalogue.aliases import group_names
from devkeel.catalogue.renames import renamed_to
from devkeel.catalogue.tree import ELEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.catalogue.tree import Tree
    from devkeel.catalogue.types import OptionType
    from devkeel.source.nix.read.literal import Value
    from devkeel.source.path import AttrPath

__all__ = ["CLOSE", "forget", "nearest"]

_LIMIT = 0.95  # farther is no suggestion
CLOSE = 0.3
"""How far a path may be from one that it is clearly a misspelling of."""

_INSERT = 0.4  # a name that was left out, such as `services`
_DELETE = 0.6
_ALIAS = 0.05
_SWAP = 0.2  # one kind of thing for another, such as `services` for `languages`
_BEHIND = 0.5  # nor is what is so much farther than the best
_SHORT = 3
_RELATED = 60.0
_FAINT = 50.0
_MANY = 12
_ALIKE = 0.5
_KINDS = frozenset({"services", "languages", "processes", "scripts", "tasks"})
_SWAPPED = {"services": ("languages",), "languages": ("services",)}
_WILD = ("<name>", "*")


def nearest(tree: Tree, path: AttrPath, value: Value, *, within: float = _LIMIT, limit: int = 3) -> list[AttrPath]:
    """Return up to `limit` existing option paths for a path that does not exist, of those that take the value.

    within: the greatest distance; 1 is a name that has nothing in common.
    """
    found = tree.find(path)
    prefix, rest = path[: found.module], path[found.module :]
    alike = _alike(tree, rest, found.depth - found.module)
    costs = {item: cost for item, cost, kind in alike if cost <= within and kind.accepts(value) is not False}
    ordered = sorted(costs, key=lambda item: (costs[item], len(item), item))
    return [(*prefix, *item) for item in ordered[:limit] if costs[item] <= costs[ordered[0]] + _BEHIND]


@lru_cache(maxsize=2048)
def _alike(tree: Tree, path: AttrPath, depth: int) -> tuple[tuple[AttrPath, float, OptionType], ...]:
    """Return the options that a path may have meant, how far they are from it, and what they take.

    A change judges the files of before and of after it, which have most of their mistakes in common.
    """
    found: dict[AttrPath, float] = {}
    for candidate in _candidates(tree, path, depth):
        cost = _distance(path, candidate)
        if cost <= _LIMIT and renamed_to(candidate) is None and _anchored(path, candidate):
            found[_concrete(path, candidate)] = cost
    return tuple((item, cost, tree.find(item).type) for item, cost in found.items())


def forget() -> None:
    """Forget what was compared, for measurements."""
    _alike.cache_clear()
    _differ.cache_clear()


def _candidates(tree: Tree, path: AttrPath, depth: int) -> Iterable[AttrPath]:
    """Return the option paths that are worth a closer look; `depth` names of the path are declared."""
    found: dict[AttrPath, None] = {}
    if depth:
        found |= dict.fromkeys(_beside(tree, path, depth))
    # The same last name somewhere else, and what looks much the same as a whole.
    others = {
        ".".join(option): option for option in tree.by_last.get(path[-1], ()) if abs(len(option) - len(path)) <= 1
    }
    texts = [(".".join(path), others), (".".join(path), tree.by_key), (".".join(path[:-1]), tree.by_key)]
    texts += [(".".join((kind, *path[1:])), others) for kind in _SWAPPED.get(path[0], ())]
    for text, keys in texts:
        for key, _, _ in process.extract(text, keys.keys(), scorer=fuzz.ratio, limit=25, score_cutoff=_RELATED):
            found |= dict.fromkeys(_with_inside(tree, keys[key], path))
    names = tree.find(path).names
    for index, name in enumerate(path):
        alike = [other for other in names if _differ(name, other) < _ALIKE] if index == depth else ()
        swapped = _KINDS - {name} if name in _KINDS else ()
        for other in (*group_names(name), *alike, *swapped):
            renamed = (*path[:index], other, *path[index + 1 :])
            if tree.find(renamed).kind in ("option", "inside"):
                found[renamed] = None
    return found


def _beside(tree: Tree, path: AttrPath, depth: int) -> Iterator[AttrPath]:
    """Yield the options beside the first name that is not declared, below names that are like it or the one behind."""
    names = tree.below(path[:depth])
    bare = {name: _bare(name) for name in names}
    wanted = set(_WILD)
    for name in path[depth : depth + 2]:
        least = 0 if len(name) <= _SHORT else _FAINT
        wanted |= {
            found
            for _, _, found in process.extract(_bare(name), bare, scorer=fuzz.ratio, limit=_MANY, score_cutoff=least)
        }
        wanted.update(group_names(name))
    for name in names.keys() & wanted:
        yield from (option for option in names[name] if len(option) <= len(path) + 1)


def _anchored(path: AttrPath, option: AttrPath) -> bool:
    """Return whether a name of the user's own in an option stands behind a name that the path has too."""
    if ELEMENT in option:
        return False
    at = next((index for index, name in enumerate(option) if name in _WILD), None)
    return at is None or any(_same_kind(name, option[at - 1]) for name in path[: at + 1])


def _same_kind(name: str, other: str) -> bool:
    return fuzz.ratio(name, other) >= _RELATED or other in group_names(name)


def _with_inside(tree: Tree, option: AttrPath, path: AttrPath) -> Iterable[AttrPath]:
    """Yield an option, and where its values take any name the path below it."""
    yield option
    inside = (*option, *path[len(option) :])
    if len(inside) > len(option) and tree.find(inside).kind == "inside":
        yield inside


def _distance(path: AttrPath, option: AttrPath) -> float:
    """Return the cost of turning a path into an option's path, name by name."""
    # Names that agree at either end cost nothing, and most do.
    start, shorter = 0, min(len(path), len(option))
    while start < shorter and path[start] == option[start]:
        start += 1
    end = 0
    while end < shorter - start and path[-1 - end] == option[-1 - end]:
        end += 1
    path, option = path[start : len(path) - end], option[start : len(option) - end]
    if len(path) == len(option) == 1:
        return _differ(path[0], option[0])
    if not path or not option:
        return len(path) * _DELETE + len(option) * _INSERT
    row = [index * _INSERT for index in range(len(option) + 1)]
    for name in path:
        new = [row[0] + _DELETE]
        for index, other in enumerate(option):
            new.append(min(row[index] + _differ(name, other), row[index + 1] + _DELETE, new[index] + _INSERT))
        row = new
    return row[-1]


@lru_cache(maxsize=65536)
def _differ(name: str, other: str) -> float:
    if name == other:
        return 0.0
    if other in _WILD:
        return 0.02
    if other in group_names(name):
        return _ALIAS
    ratio = max(fuzz.ratio(name.lower(), other.lower()), fuzz.ratio(_bare(name), _bare(other)) - 1) / 100
    if len(name) <= _SHORT and OSA.distance(name, other) == 1:
        ratio = max(ratio, 0.7)  # one slip in a short name is a large part of it
    if name in _KINDS and other in _KINDS:
        return _SWAP
    # A name that has little in common is another name, not a misspelt one.
    return 1.2 * (1 - ratio) if ratio >= 0.6 else 1.0  # noqa: PLR2004


def _bare(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _concrete(path: AttrPath, option: AttrPath) -> AttrPath:
    """Put the names that the path has into an option's `<name>` places."""
    found = list[str]()
    for index, name in enumerate(option):
        if name in _WILD:
            # Behind the name that it stands behind in the path too, else at the same place.
            before = option[index - 1] if index else ""
            places = [at for at, other in enumerate(path[:-1]) if other == before]
            places = places or [at for at, other in enumerate(path[:-1]) if _same_kind(other, before)]
            at = min(places, key=lambda at: abs(at + 1 - index), default=index - 1) + 1
            found.append(path[at] if at < len(path) else name)
        else:
            found.append(name)
    return tuple(found)
