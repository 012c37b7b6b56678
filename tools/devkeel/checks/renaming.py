"""Whether a definition could have another name: what is suggested is tried against what the module has already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.catalogue.inputs import needed_inputs

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from devkeel.source import nix

__all__ = ["OptionNames"]


class OptionNames:
    """The option paths that a module defines. inputs: those that the project has, by name, None for any."""

    def __init__(self, document: nix.Document, inputs: AbstractSet[str] | None) -> None:
        self._inputs = inputs
        self._leaves = {item.path for item in document.definitions}
        self._groups = {path[:size] for path in self._leaves for size in range(1, len(path))}

    def could_be(self, old: nix.AttrPath, new: nix.AttrPath, value: nix.Value) -> bool:
        """Return whether a definition may be renamed: nothing is in the way, and no input is asked for in vain."""
        if new in self._groups and any(path[: len(new)] == new and path[: len(old)] != old for path in self._leaves):
            return False
        around = (new[:size] for size in range(1, len(new) + 1))
        if any(path in self._leaves and path[: len(old)] != old for path in around):
            return False
        if self._inputs is None:
            return True
        return all(not self._inputs.isdisjoint({item.name, *item.also}) for item in needed_inputs(new, value))
