"""The file that says what devkeel may do is not written by devkeel, whatever it is called and however it is reached."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from devkeel.errors import Place, PolicyRefused
from devkeel.project.root import SETTINGS, folded

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["refuse_settings"]


def refuse_settings(path: Path) -> None:
    """Raise PolicyRefused `settings_file` for devkeel.toml, of this project or of one around it or below it.

    path: absolute, links resolved; the file need not exist. What a link called devkeel.toml leads to counts too, there
    or not.
    """
    if folded(path.name) == SETTINGS or any(_is_led_to(folder / SETTINGS, path) for folder in path.parents):
        raise PolicyRefused(
            "settings_file",
            f"{SETTINGS} says what devkeel may do, and devkeel does not write it.",
            place=Place(path.name),
            seen=path.name,
            remedy="Ask a person to edit it with an editor of theirs.",
        )


def _is_led_to(settings: Path, path: Path) -> bool:
    try:
        return settings.samefile(path)
    except OSError:
        return settings.is_symlink() and os.path.realpath(settings) == str(path)
