"""A file that declares inputs as an edit changes it, step by step.

The edit is proven: the file is read again, and what it declares is compared with what was asked for.
"""

from __future__ import annotations

import posixpath
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from devkeel.errors import Place, Refused
from devkeel.project.root import LOCK
from devkeel.source import Edited, compose
from devkeel.source.inputs import format_of, is_flake
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.edits.files import File

__all__ = ["InputFile", "declared_in", "lock_of", "place_in"]


def declared_in(name: str, data: bytes) -> dict[str, Any]:
    """Return the inputs that a file declares; raises Refused and its like for one that cannot be read."""
    return format_of(name).read(name, data)


def place_in(name: str, data: bytes, path: Sequence[str]) -> Place:
    """Return the place of what a file has at a path, which begins at the top of the file."""
    return Place(name, format_of(name).line(name, data, path))


def lock_of(name: str) -> str:
    """Return the lock that the inputs of a file are in."""
    return posixpath.join(posixpath.dirname(name), "flake.lock") if is_flake(name) else LOCK


class InputFile:
    """One file as an edit changes it, step by step. declared: what it declared before."""

    def __init__(self, file: File) -> None:
        """Read it; a file of another format is refused as `not_yaml`."""
        if not is_flake(file.name):
            file.yaml()
        self.file, self._format = file, format_of(file.name)
        self.declared = self._format.read(file.name, file.data)
        self._wanted, self._steps, self._now = deepcopy(self.declared), list[Edited](), file

    def fields(self, path: Sequence[str]) -> dict[str, Any] | None:
        """Return what an input has, None where the file does not declare it."""
        found: object = self._wanted
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else None

    @property
    def names(self) -> set[str]:
        """The inputs that are declared, or taken without that."""
        return {*self._wanted, *self._format.taken(self._now.name, self._now.data)}

    def put(self, path: Sequence[str], value: Any) -> None:  # noqa: ANN401  (data of any kind)
        """Set what stands at a path."""
        self._step(self._format.put(self._now.name, self._now.data, path, value))
        _holder(self._wanted, path)[path[-1]] = value

    def drop(self, path: Sequence[str]) -> None:
        """Remove what stands at a path."""
        self._step(self._format.drop(self._now.name, self._now.data, path))
        _holder(self._wanted, path).pop(path[-1], None)

    def exchange(self, path: Sequence[str], new: str, value: str) -> None:
        """Put another attribute at the place of one, with its own value."""
        self._step(self._format.rename(self._now.name, self._now.data, path, new))
        _holder(self._wanted, path).pop(path[-1], None)
        self.put([*path[:-1], new], value)

    def edited(self) -> Edited:
        """Return all steps as one edit; Refused `unproven` where the file does not declare what was asked for."""
        after = self._format.read(self._now.name, self._now.data)
        if _without_empty(after) != _without_empty(self._wanted):
            raise Refused(
                "unproven",
                f"This edit is not safe in {self.file.name}: it would not declare what was asked for. "
                "Nothing was changed.",
                place=Place(self.file.name),
                remedy=f"Write this change with {do('patch')}.",
            )
        return compose(self.file.data, self._steps)

    def _step(self, edited: Edited) -> None:
        self._steps.append(edited)
        self._now = replace(self._now, data=edited.data)


def _holder(tree: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    for name in path[:-1]:
        inner = tree.get(name)
        if not isinstance(inner, dict):
            inner = tree[name] = {}
        tree = inner
    return tree


def _without_empty(tree: object) -> object:
    if not isinstance(tree, dict):
        return tree
    found = {name: _without_empty(value) for name, value in tree.items()}
    return {name: value for name, value in found.items() if value not in ({}, None)}
