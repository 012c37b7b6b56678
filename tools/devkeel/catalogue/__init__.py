"""The catalogue: which options and packages there are, built in or read from the project's own lock.

`live` and `packages` are imported where they are needed: most verbs need neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.catalogue.option import Option
    from devkeel.catalogue.options import (
        Catalogue,
        built_in,
        enable_path,
        find_option,
        is_text,
        option_paths,
        option_type,
    )

__all__ = [
    "Catalogue",
    "Option",
    "built_in",
    "enable_path",
    "find_option",
    "is_text",
    "option_paths",
    "option_type",
]


def __getattr__(name: str) -> object:
    # The first use loads the tree of options: what only names the catalogue does without it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.options"), name)
    return found
