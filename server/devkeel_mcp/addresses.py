"""The addresses of resources."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["ENVIRONMENT", "FILES", "HISTORY", "OPERATIONS", "OPTIONS", "PACKAGES", "file_uri"]

_SCHEME = "devkeel://"
ENVIRONMENT = f"{_SCHEME}environment"
HISTORY = f"{_SCHEME}history"
FILES = f"{_SCHEME}files/"
OPERATIONS = f"{_SCHEME}operations/"
OPTIONS = f"{_SCHEME}options/"
PACKAGES = f"{_SCHEME}packages/"


def file_uri(name: str) -> str:
    """Return the address of an environment file."""
    return f"{FILES}{quote(name, safe='')}"
