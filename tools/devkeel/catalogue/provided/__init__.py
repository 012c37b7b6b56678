"""Who provides what: which package has a program, a header, a library, a .pc file, a CMake package or an import name.

The tables are built from a database of nix-index by a maintainer's command, `python -m devkeel.catalogue.provided`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.deferred import front

if TYPE_CHECKING:
    from devkeel.catalogue.provided.lookup import *  # noqa: F403  (its own `__all__` says what)

__getattr__ = front(__name__, "lookup")
