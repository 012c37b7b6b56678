"""The catalogue: which options and packages there are, built in or read from the project's own lock.

`live` and `packages` are imported where they are needed: most verbs need neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.deferred import front

if TYPE_CHECKING:
    from devkeel.catalogue.options import *  # noqa: F403  (its own `__all__` says what)

# What only names the catalogue does without the tree of options.
__getattr__ = front(__name__, "options")
