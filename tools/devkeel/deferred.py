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
from importlib.util import find_spec
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
        # `from package import module` asks for the module as a name first, and may be a part of what would be loaded;
        # Python and its tools ask for names such as `__wrapped__`.
        if name != "__all__" and (name.startswith("__") or find_spec(f"{package}.{name}") is not None):
            raise AttributeError(f"module {package!r} has not loaded {name!r}")
        exporter = import_module(f"{package}.{module}")
        if name != "__all__" and name not in exporter.__all__:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(exporter, name)
        setattr(sys.modules[package], name, found)
        return found

    return get
