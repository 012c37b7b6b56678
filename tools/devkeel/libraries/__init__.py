"""Libraries of a language: which edits of the project's own files ask for one, and whether they resolve."""

from __future__ import annotations

from devkeel.libraries.declared import PYTHON, declared_libraries
from devkeel.libraries.languages.registry import LANGUAGES
from devkeel.libraries.planning import plan
from devkeel.libraries.request import Plan, Request

__all__ = ["LANGUAGES", "PYTHON", "Plan", "Request", "declared_libraries", "plan"]
