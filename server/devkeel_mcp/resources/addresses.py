"""The addresses of resources."""

from __future__ import annotations

from urllib.parse import quote

__all__ = [
    "ENVIRONMENT",
    "EVENTS",
    "FILES",
    "HISTORY",
    "JOBS",
    "OPERATIONS",
    "OPTIONS",
    "PACKAGES",
    "file_uri",
    "log_uri",
]

_SCHEME = "devkeel://"
ENVIRONMENT = f"{_SCHEME}environment"
HISTORY = f"{_SCHEME}history"
EVENTS = f"{_SCHEME}events"
FILES = f"{_SCHEME}files/"
OPERATIONS = f"{_SCHEME}operations/"
OPTIONS = f"{_SCHEME}options/"
PACKAGES = f"{_SCHEME}packages/"
JOBS = f"{_SCHEME}jobs/"


def log_uri(job: str) -> str:
    """Return the address of a job's log."""
    return f"{JOBS}{job}/log"


def file_uri(name: str) -> str:
    """Return the address of an environment file."""
    # A slash too: RFC 6570, 3.2.2, has `{name}` stand for text without one.
    return f"{FILES}{quote(name, safe='')}"
