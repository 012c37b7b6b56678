"""Where a file of a template may be, in the template and in a project: beneath, and in nothing that is a tool's."""

from __future__ import annotations

import posixpath

from devkeel.project.environment_files import is_lock
from devkeel.project.root import DECLARATION_FILES, PRIVATE, SETTINGS, folded

__all__ = ["why_not_beneath", "why_not_there"]

_LONGEST = 200


def why_not_beneath(path: str) -> str | None:
    """Return why a path is none beneath the directory that it is in, None where it is one."""
    parts = path.split("/")
    if not path or not path.isprintable() or "\\" in path or len(path) > _LONGEST:
        return f"{path[:80]!r} is no path of a file"
    if path.startswith(("/", "~")) or posixpath.normpath(path) != path or ".." in parts or path == ".":
        return f"{path} is not a plain path beneath the directory"
    return None


def why_not_there(path: str) -> str | None:
    """Return why a template may bring no file of a path into a project, None where it may."""
    why = why_not_beneath(path)
    if why is not None:
        return why
    parts = path.split("/")
    if any(folded(part) in PRIVATE for part in parts):
        return f"{path} is inside a directory that belongs to a tool"
    if folded(parts[-1]) == SETTINGS:
        return f"{SETTINGS} says what devkeel may do, so that no template brings it"
    if path in DECLARATION_FILES:
        return f"{path} declares the environment, which a template changes by edits"
    if is_lock(path):
        return f"{path} is a lock, which the tool that resolves it makes"
    return None
