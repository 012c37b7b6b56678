"""The options that a path which does not exist may have meant, nearest first.

Paths are compared name by name: a misspelt name costs as much as it differs, a name too many or too few a fixed
amount; what cannot hold the value costs extra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from devkeel.catalogue.aliases import group_names
from devkeel.catalogue.renames import renamed_to
from devkeel.catalogue.tree import ELEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.catalogue.tree import Tree
    from devkeel.source.nix.read.literal import Value
    from devkeel.source.path import AttrPath

__all__ = ["CLOSE", "nearest"]

_LIMIT = 0.95  # farther is no suggestion
CLOSE = 0.3
"""How far a path may be from one that it is clearly a misspelling of."""

_INSERT = 0.4  # a name that was left out, such as `services`
_DELETE = 0.6
_ALIAS = 0.05
_SWAP = 0.2  # one kind of thing for another, such as `services` for `languages`
_MISFIT = 0.6
_BEHIND = 0.5  # nor is what is so much farther than the best
_SHORT = 3
_RELATED = 60.0
_ALIKE = 0.5
_KINDS = frozenset({"services", "languages", "processes", "scripts", "tasks"})
_WILD = ("<name>", "*")


def nearest(tree: Tree, path: AttrPath, value: Value, *, within: float = _LIMIT, limit: int = 3) -> list[AttrPath]:
    """Return up to `limit` existing option paths for a path that does not exist; the value decides between equals.

    within: the greatest distance; 1 is a name that has nothing in common.
    """
    found = tree.find(path)
    prefix, rest = path[: found.module], path[found.module :]
    costs: dict[AttrPath, float] = {}
    for candidate in _candidates(tree, rest, found.depth - found.module):
        cost = _distance(rest, candidate)
        if cost <= within:
            concrete = _concrete(rest, candidate)
            wrong = tree.find(concrete).type.accepts(value) is False
            costs[concrete] = cost + (_MISFIT if wrong else 0.0)
    ordered = sorted(costs, key=lambda item: (costs[item], len(item), item))
    return [(*prefix, *item) for item in ordered[:limit] if costs[item] <= costs[ordered[0]] + _BEHIND]


def _candidates(tree: Tree, path: AttrPath, depth: int) -> Iterable[AttrPath]:
    """Return the option paths that are worth a closer look; `depth` names of the path are declared."""
    found: dict[AttrPath, None] = {}
    declared = path[:depth]
    for option in tree.options:
        # Beside what is declared, or the same last name somewhere else.
        if _begins(option, declared) and len(option) <= len(path) + 1 and depth:
            found[option] = None
    for option in tree.by_last.get(path[-1], ()):
        if abs(len(option) - len(path)) <= 1:
            found[option] = None
    keys = {".".join(option): option for option in tree.options}
    for text in {".".join(path), ".".join(path[:-1])}:
        for key, _, _ in process.extract(text, list(keys), scorer=fuzz.ratio, limit=25, score_cutoff=60):
            found |= dict.fromkeys(_with_inside(tree, keys[key], path))
    names = tree.find(path).names
    for index, name in enumerate(path):
        alike = [other for other in names if _differ(name, other) < _ALIKE] if index == depth else ()
        for other in (*group_names(name), *alike):
            renamed = (*path[:index], other, *path[index + 1 :])
            if tree.find(renamed).kind in ("option", "inside"):
                found[renamed] = None
    return [option for option in found if renamed_to(option) is None and _anchored(path, option)]


def _anchored(path: AttrPath, option: AttrPath) -> bool:
    """Return whether a name of the user's own in an option stands behind a name that the path has too."""
    if ELEMENT in option:
        return False
    at = next((index for index, name in enumerate(option) if name in _WILD), None)
    return at is None or any(_same_kind(name, option[at - 1]) for name in path[:at])


def _same_kind(name: str, other: str) -> bool:
    return fuzz.ratio(name, other) >= _RELATED or other in group_names(name)


def _with_inside(tree: Tree, option: AttrPath, path: AttrPath) -> Iterable[AttrPath]:
    """Yield an option, and where its values take any name the path below it."""
    yield option
    inside = (*option, *path[len(option) :])
    if len(inside) > len(option) and tree.find(inside).kind == "inside":
        yield inside


def _begins(option: AttrPath, prefix: AttrPath) -> bool:
    return len(option) > len(prefix) and all(a == b or a in _WILD for a, b in zip(option, prefix, strict=False))


def _distance(path: AttrPath, option: AttrPath) -> float:
    """Return the cost of turning a path into an option's path, name by name."""
    row = [index * _INSERT for index in range(len(option) + 1)]
    for name in path:
        new = [row[0] + _DELETE]
        for index, other in enumerate(option):
            new.append(min(row[index] + _differ(name, other), row[index + 1] + _DELETE, new[index] + _INSERT))
        row = new
    return row[-1]


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
    if not any(name in _WILD for name in option):
        return option
    return tuple(path[index] if name in _WILD and index < len(path) else name for index, name in enumerate(option))
