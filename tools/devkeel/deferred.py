"""Modules that are imported by their first use: what a call does not need costs it nothing.

Type checkers and readers see the import, which stands under TYPE_CHECKING; at run time the name stands for the module:

    if TYPE_CHECKING:
        from devkeel.catalogue import lookup
    else:
        lookup = Deferred("devkeel.catalogue.lookup")
"""

from __future__ import annotations

from importlib import import_module

__all__ = ["Deferred"]


class Deferred:
    """Stands for a module. Nothing is kept, so that a test can put another thing in its place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self._name), name)

    def __repr__(self) -> str:
        return f"<deferred {self._name}>"
