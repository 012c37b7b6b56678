"""What a call does not need costs it nothing: modules are imported by their first use.

Type checkers and readers see the import, which stands under TYPE_CHECKING; at run time the name stands for the module:

    if TYPE_CHECKING:
        from devkeel.catalogue import lookup
    else:
        lookup = Deferred("devkeel.catalogue.lookup")

A package whose names are those of one of its modules says `__getattr__ = front(__name__, "editor")` instead.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Deferred", "front"]


class Deferred:
    """Stands for a module. Nothing is kept, so that a test can put another thing in its place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self._name), name)

    def __repr__(self) -> str:
        return f"<deferred {self._name}>"


def front(package: str, module: str) -> Callable[[str], object]:
    """Return the `__getattr__` of a package that has what one of its modules exports, loaded by the first use."""

    def get(name: str) -> object:
        # Python and its tools ask a module for names such as `__wrapped__`; that is no use of it.
        if name == "__all__" or not name.startswith("__"):
            exporter = import_module(f"{package}.{module}")
            if name == "__all__" or name in exporter.__all__:
                found: object = getattr(exporter, name)
                setattr(sys.modules[package], name, found)
                return found
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get
