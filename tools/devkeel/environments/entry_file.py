"""One file per project that a shell sources to be in its environment, replaced whenever that is another one.

It is in the user's state directory, beside the key, and never in the repository: what is in a clone is the code of
whoever made that. A line that was written once, into a host's settings or a start file, goes on being right.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from devkeel.errors import StateError
from devkeel.state.user_files import place_of, read_user_file, replace_user_file

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.project.root import Project

__all__ = ["path_of", "read_entry", "replace_entry"]

_FOLDER = "entries"
_DIGITS = 16
_MOST_BYTES = 4 * 1024 * 1024


def path_of(project: Project) -> Path | None:
    """Return where the file of a project is, whether or not it is there; None where this user has no such place."""
    return place_of(_FOLDER, _name(project))


def read_entry(project: Project) -> str | None:
    """Return the text of a project's file, None where there is none. Raises StateError `state_unusable`."""
    found = read_user_file(project.root, _FOLDER, _name(project), _MOST_BYTES)
    return None if found is None else found.decode("utf-8", "surrogateescape")


def _name(project: Project) -> str:
    # By the whole path: two worktrees of a repository have two environments. The name is for people.
    mark = hashlib.sha256(os.fsencode(project.root)).hexdigest()[:_DIGITS]
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in project.root.name)
    return f"{plain[:40]}-{mark}.sh"


def replace_entry(project: Project, text: str) -> tuple[str, ...]:
    """Put a text in place of the file in one step; return a note where that cannot be done.

    A command enters the environment without it, so that what was applied does not fail for it.
    """
    try:
        replace_user_file(project.root, _FOLDER, _name(project), text.encode("utf-8", "surrogateescape"))
    except StateError as error:
        return (f"The file that shells enter the environment by was not replaced. {error.message} {error.remedy}",)
    return ()
