"""The file that says what devkeel may do is not written by devkeel, whatever it is called and however it is reached.

Its caches are the exception: they are named for a person, by operations of that kind and what takes one back.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any

from devkeel.errors import Place, PolicyRefused
from devkeel.project.distribution import CACHES
from devkeel.project.root import SETTINGS, folded

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.transaction.operation import FileChange, Kind

__all__ = ["changes_caches_alone", "refuse_change", "refuse_settings"]

_NAMING: tuple[Kind, ...] = ("configure", "undo", "redo")


def refuse_change(root: Path, change: FileChange, kind: Kind) -> None:
    """Raise PolicyRefused `settings_file` for a change of the settings, unless all that it changes is their caches.

    change: of a file by its resolved path.
    """
    if kind not in _NAMING or not changes_caches_alone(change.path, change.before, change.after):
        refuse_settings(root / change.path)


def refuse_settings(path: Path) -> None:
    """Raise PolicyRefused `settings_file` for devkeel.toml, of this project or of one around it or below it.

    path: absolute, links resolved; the file need not exist. What a link called devkeel.toml leads to counts too, there
    or not.
    """
    if folded(path.name) == SETTINGS or any(_is_led_to(folder / SETTINGS, path) for folder in path.parents):
        raise PolicyRefused(
            "settings_file",
            f"{SETTINGS} says what devkeel may do, and devkeel writes nothing of it but its caches.",
            place=Place(path.name),
            seen=path.name,
            remedy="Ask a person to edit it with an editor of theirs.",
        )


def changes_caches_alone(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Return whether a change is one of the settings of this project, and of nothing in them but their caches."""
    if path != SETTINGS:
        return False
    try:
        kept, found = _others(before), _others(after)
    except (ValueError, RecursionError):
        return False
    # Equal numbers may be of two types, and a text of them is not.
    return repr(sorted(kept.items())) == repr(sorted(found.items()))


def _others(data: bytes | None) -> dict[str, Any]:
    return {name: value for name, value in tomllib.loads((data or b"").decode()).items() if name != CACHES}


def _is_led_to(settings: Path, path: Path) -> bool:
    try:
        return settings.samefile(path)
    except OSError:
        return settings.is_symlink() and os.path.realpath(settings) == str(path)
