"""The file that says what devkeel may do is not written by devkeel, whatever it is called and however it is reached.

Its caches are an exception: they are named for a person, by operations of that kind and what takes one back. The policy
is another: it changes by the same kinds, where a person has agreed to that very change.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from devkeel.errors import Place, PolicyRefused
from devkeel.project.distribution import CACHES
from devkeel.project.policy import POLICY, same_apart_from
from devkeel.project.root import SETTINGS, folded
from devkeel.text.actions import do

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.transaction.operation import FileChange, Kind

__all__ = ["changes_caches_alone", "changes_policy_alone", "refuse_change", "refuse_settings"]

_NAMING: tuple[Kind, ...] = ("configure", "undo", "redo")


def refuse_change(root: Path, change: FileChange, kind: Kind, *, agreed: bool = False) -> None:
    """Raise PolicyRefused `settings_file` for a change of the settings, unless all that it changes is their caches.

    change: of a file by its resolved path. agreed: a person has agreed to it, so that it may change the policy.
    """
    allows = changes_policy_alone if agreed else changes_caches_alone
    if kind not in _NAMING or not allows(change.path, change.before, change.after):
        refuse_settings(root / change.path)


def refuse_settings(path: Path) -> None:
    """Raise PolicyRefused `settings_file` for devkeel.toml, of this project or of one around it or below it.

    path: absolute, links resolved; the file need not exist. What a link called devkeel.toml leads to counts too, there
    or not.
    """
    if folded(path.name) == SETTINGS or any(_is_led_to(folder / SETTINGS, path) for folder in path.parents):
        raise PolicyRefused(
            "settings_file",
            f"{SETTINGS} says what devkeel may do, and devkeel writes nothing of it but what a person asks for.",
            place=Place(path.name),
            seen=path.name,
            remedy=f"Ask a person: {do('policy_set')}, or an editor of theirs.",
        )


def changes_caches_alone(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Return whether a change is one of the settings of this project, and of nothing in them but their caches."""
    return path == SETTINGS and same_apart_from((CACHES,), before, after)


def changes_policy_alone(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Return whether a change is one of the settings, and of nothing in them but the policy and the caches."""
    return path == SETTINGS and same_apart_from((CACHES, *POLICY), before, after)


def _is_led_to(settings: Path, path: Path) -> bool:
    try:
        return settings.samefile(path)
    except OSError:
        return settings.is_symlink() and os.path.realpath(settings) == str(path)
