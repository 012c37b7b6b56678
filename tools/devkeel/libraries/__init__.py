"""Libraries of a language: which edits of the project's own files ask for one, and whether they resolve."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.libraries.declared import PYTHON, declared_libraries
    from devkeel.libraries.languages.registry import LANGUAGES
    from devkeel.libraries.planning import plan
    from devkeel.libraries.request import Plan, Request

__all__ = ["LANGUAGES", "PYTHON", "Plan", "Request", "declared_libraries", "plan"]

_PLACES = {
    "LANGUAGES": "languages.registry",
    "PYTHON": "declared",
    "Plan": "request",
    "Request": "request",
    "declared_libraries": "declared",
    "plan": "planning",
}


def __getattr__(name: str) -> object:
    # Each part is loaded by the first use: every edit knows the room, and few are of libraries.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    return found
