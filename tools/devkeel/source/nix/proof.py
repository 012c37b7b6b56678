"""Proof after every edit: the result parses, says what was wanted, and changed nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import Place, Refused
from devkeel.source.nix.document import Definition, Document
from devkeel.source.nix.syntax import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devkeel.source.nix.path import AttrPath
    from devkeel.source.nix.syntax import Problem
    from devkeel.source.splice import Edited

__all__ = ["prove"]


def prove(
    before: Document,
    edited: Edited,
    touched: Iterable[AttrPath],
    holds: Callable[[Document], bool],
) -> Edited:
    """Return the edit when it is proven, else raise Refused `unproven`.

    touched: the raw paths that the edit was about; definitions at, above or below them may differ. holds: whether
    the new document says what was wanted.
    """
    if not edited.changed:
        return edited
    after = Document(edited.data, before.name, before.module)
    known = {item.message for item in before.problems}
    added = [item for item in after.problems if item.message not in known]
    if added:
        raise _adds_problem(after, added[0])
    paths = tuple(touched)
    if _others(before, paths) != _others(after, paths):
        raise _unproven(before, "another definition would change")
    if not holds(after):
        raise _unproven(before, "the result would not say what was asked for")
    return edited


def _others(document: Document, touched: tuple[AttrPath, ...]) -> list[tuple[AttrPath, str, tuple[str, ...]]]:
    return [
        (item.raw, _source(document, item), item.conditions)
        for item in document.definitions
        if not any(_related(item.raw, path) for path in touched)
    ]


def _related(first: AttrPath, second: AttrPath) -> bool:
    size = min(len(first), len(second))
    return first[:size] == second[:size]


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
        remedy="Correct the value or the expression, or write this change with patch_file.",
    )


def _unproven(document: Document, why: str) -> Refused:
    return Refused(
        "unproven",
        f"This edit is not safe in this file: {why}. Nothing was changed.",
        place=Place(document.name),
        remedy="Write this change with patch_file.",
    )
