"""Proof after every edit: the result parses, says what was wanted, and changed nothing else.

It costs little in a long file: what is not related to the edited paths is compared by its bytes and not looked into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from devkeel.errors import Place, Refused
from devkeel.source.nix.read.duplicates import duplicates_at
from devkeel.source.nix.read.index import related
from devkeel.source.nix.read.scope import undefined_in
from devkeel.source.nix.read.syntax import text
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Definition
    from devkeel.source.nix.read.syntax import Problem
    from devkeel.source.path import AttrPath
    from devkeel.source.splice import Edited

__all__ = ["prove"]

# A path that no definition has, for edits that are about no option.
_NOWHERE = ("\0",)


def prove(
    before: Document,
    edited: Edited,
    touched: Sequence[AttrPath],
    holds: Callable[[Document], bool],
) -> Edited:
    """Return the edit when it is proven, else raise Refused.

    touched: the raw paths that the edit was about; definitions at, above or below them may differ. holds: whether
    the new document says what was wanted.
    """
    if not edited.changed:
        return edited
    after = before.after(edited)
    added = _added_problem(before, after, edited, touched)
    if added is not None:
        raise _adds_problem(after, added)
    if not _same(_others(before, touched), _others(after, touched)):
        raise _unproven(before, "another definition would change")
    if not holds(after):
        raise _unproven(before, "the result would not say what was asked for")
    return edited


def _added_problem(before: Document, after: Document, edited: Edited, touched: Sequence[AttrPath]) -> Problem | None:
    """Return a problem that Nix would find while parsing and that was not there."""
    if after.syntax_problems:
        return after.syntax_problems[0]
    recursive = any(item.recursive for path in touched for item in after.focus(path).containers)
    if recursive:
        # What goes from a rec set may have been used anywhere in it.
        known = {item.message for item in before.problems}
        return next((item for item in after.problems if item.message not in known), None)
    found = [item for span in edited.spans for item in undefined_in(after.root, after.data, span)]
    for path in touched:
        twice = {item.message for item in duplicates_at(before, path)}
        found += [item for item in duplicates_at(after, path) if item.message not in twice]
    return next(iter(found), None)


# A path, its source, its conditions.
_Other: TypeAlias = tuple["AttrPath", bytes, tuple[str, ...]]


def _same(before: list[_Other], after: list[_Other]) -> bool:
    """Return whether these are the same in any order."""
    return before == after or sorted(before) == sorted(after)


def _others(document: Document, touched: Sequence[AttrPath]) -> list[_Other]:
    """Return everything that is not related to the touched paths: path, source, conditions."""
    index = document.focus(_common(touched))
    found = [(path, document.data[start:end], conditions) for path, start, end, conditions in index.others]
    found += [
        (item.raw, _source(document, item).encode(), item.conditions)
        for item in index.definitions
        if not any(related(item.raw, path) for path in touched)
    ]
    return found


def _common(paths: Iterable[AttrPath]) -> AttrPath:
    """Return the longest path that all of these begin with."""
    found: AttrPath | None = None
    for path in paths:
        if found is None:
            found = path
        while path[: len(found)] != found:
            found = found[:-1]
    return _NOWHERE if found is None else found


def _source(document: Document, item: Definition) -> str:
    if item.value is None:
        return text(item.node, document.data)
    named = item.layers is not None and item.layers.name is not None
    core = text(item.layers.core, document.data) if named and item.layers else ""
    return text(item.value, document.data) + core


def _adds_problem(after: Document, problem: Problem) -> Refused:
    return Refused(
        problem.code,
        f"The result would have an error that is not there now: {problem.message}. Nothing was changed.",
        place=after.place(problem.offset),
        remedy=f"Correct the value or the expression, or write this change with {do('patch')}.",
    )


def _unproven(document: Document, why: str) -> Refused:
    return Refused(
        "unproven",
        f"This edit is not safe in this file: {why}. Nothing was changed.",
        place=Place(document.name),
        remedy=f"Write this change with {do('patch')}.",
    )
